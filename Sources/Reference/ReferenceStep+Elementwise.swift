import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceStep {
    func arithmetic(_ kind: OperationFamily.Arithmetic) throws(Fault) -> [[Double]] {
        let (first, second) = try pair()
        guard let elementType = optionalOperand(0)?.type.elementType, elementType.isInteger else {
            return [zip(first, second).map { Self.floating(kind, $0, $1) }]
        }
        var results: [Double] = []
        for (a, b) in zip(first, second) {
            results.append(
                try IntegerArithmetic.wrapped(IntegerArithmetic.result(kind, Int(a), Int(b)), elementType))
        }
        return [results]
    }

    func comparison(_ kind: OperationFamily.Comparison) throws(Fault) -> [[Double]] {
        let (first, second) = try pair()
        return [zip(first, second).map { Self.holds(kind, $0, $1) ? 1 : 0 }]
    }

    func logic(_ kind: OperationFamily.Logic) throws(Fault) -> [[Double]] {
        if kind == .logicalNot { return [try operand(0).elements.map { $0 == 0 ? 1 : 0 }] }
        let (first, second) = try pair()
        return [zip(first, second).map { kind == .logicalAnd ? $0 * $1 : max($0, $1) }]
    }

    func function(_ kind: OperationFamily.Function) throws(Fault) -> [[Double]] {
        let input = try operand(0)
        guard input.type.elementType.isInteger else { return [input.elements.map { Self.value(kind, $0) }] }
        var wrapped: [Double] = []
        for element in input.elements {
            let result =
                kind == .square
                ? try IntegerArithmetic.result(.multiply, Int(element), Int(element)) : Int(Self.value(kind, element))
            wrapped.append(IntegerArithmetic.wrapped(result, input.type.elementType))
        }
        return [wrapped]
    }

    func pointwise(_ kind: OperationFamily.Pointwise) throws(Fault) -> [[Double]] {
        switch kind {
        case .activation:
            let function = try attributes.activation("function")
            let parameters = try ActivationParameters(attributes)
            return [try operand(0).elements.map { function($0, parameters) }]
        case .rescaling:
            let (scale, offset) = (try attributes.number("scale"), try attributes.number("offset"))
            return [try operand(0).elements.map { $0 * scale + offset }]
        case .prelu:
            let (input, alpha) = (try operand(0), try operand(1))
            let places = try Offsets.broadcasting(alpha.shape, to: input.shape)
            return [zip(input.elements, places).map { $0 < 0 ? $0 * alpha.elements[$1] : $0 }]
        case .select:
            let target = try outputShape()
            let (condition, first, second) = (try operand(0), try operand(1), try operand(2))
            let conditions = try Offsets.broadcasting(condition.shape, to: target)
            let firsts = try Offsets.broadcasting(first.shape, to: target)
            let seconds = try Offsets.broadcasting(second.shape, to: target)
            return [
                conditions.indices.map {
                    condition.elements[conditions[$0]] != 0 ? first.elements[firsts[$0]] : second.elements[seconds[$0]]
                }
            ]
        case .clip:
            let minimum = try attributes.optionalNumber("minimum") ?? -.infinity
            let maximum = try attributes.optionalNumber("maximum") ?? .infinity
            return [try operand(0).elements.map { Swift.min(Swift.max($0, minimum), maximum) }]
        }
    }

    /// The elements of both operands, broadcast to the output's shape.
    private func pair() throws(Fault) -> ([Double], [Double]) {
        let (first, second) = (try operand(0), try operand(1))
        let target = try Shape.broadcast(first.shape, second.shape)
        return (
            try Offsets.broadcasting(first.shape, to: target).map { first.elements[$0] },
            try Offsets.broadcasting(second.shape, to: target).map { second.elements[$0] }
        )
    }

    private static func floating(_ kind: OperationFamily.Arithmetic, _ a: Double, _ b: Double) -> Double {
        switch kind {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .floorDivide: (a / b).rounded(.down)
        case .floorModulo: floorModulo(a, b)
        case .power: Mathematics.power(a, b)
        case .maximum: a.isNaN || a > b ? a : b
        case .minimum: a.isNaN || a < b ? a : b
        case .squaredDifference: (a - b) * (a - b)
        }
    }

    private static func floorModulo(_ a: Double, _ b: Double) -> Double {
        let remainder = a.truncatingRemainder(dividingBy: b)
        return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
    }

    private static func holds(_ kind: OperationFamily.Comparison, _ a: Double, _ b: Double) -> Bool {
        switch kind {
        case .equal: a == b
        case .notEqual: a != b
        case .less: a < b
        case .lessEqual: a <= b
        case .greater: a > b
        case .greaterEqual: a >= b
        }
    }

    private static func value(_ kind: OperationFamily.Function, _ x: Double) -> Double {
        switch kind {
        case .negate: -x
        case .absolute: Swift.abs(x)
        case .square: x * x
        case .sign: x > 0 ? 1 : x < 0 ? -1 : x
        case .squareRoot: x.squareRoot()
        case .reciprocalSquareRoot: 1 / x.squareRoot()
        case .exponential: Mathematics.exponential(x)
        case .logarithm: Mathematics.logarithm(x)
        case .sine: Mathematics.sine(x)
        case .cosine: Mathematics.cosine(x)
        case .floor: x.rounded(.down)
        case .ceiling: x.rounded(.up)
        case .round: x.rounded(.toNearestOrEven)
        case .errorFunction: Mathematics.errorFunction(x)
        }
    }
}

/// Integers of 32 and 64 bits, in two's complement.
enum IntegerArithmetic {
    /// - Throws: `invalidValue` for a division by zero or a negative exponent.
    static func result(_ kind: OperationFamily.Arithmetic, _ a: Int, _ b: Int) throws(Fault) -> Int {
        switch kind {
        case .add: return a &+ b
        case .subtract: return a &- b
        case .multiply: return a &* b
        case .maximum: return max(a, b)
        case .minimum: return min(a, b)
        case .squaredDifference: return (a &- b) &* (a &- b)
        case .power: return try power(a, b)
        case .divide: return try divided(a, b).quotient
        case .floorDivide: return try floored(a, b).quotient
        case .floorModulo: return try floored(a, b).remainder
        }
    }

    private static func divided(_ a: Int, _ b: Int) throws(Fault) -> (quotient: Int, remainder: Int) {
        guard b != 0 else { throw Fault(.invalidValue, at: "operand 'second'", "a division by zero") }
        return a.quotientAndRemainder(dividingBy: b)
    }

    private static func floored(_ a: Int, _ b: Int) throws(Fault) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = try divided(a, b)
        let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
        return isBelow ? (quotient - 1, remainder + b) : (quotient, remainder)
    }

    private static func power(_ base: Int, _ exponent: Int) throws(Fault) -> Int {
        guard exponent >= 0 else {
            throw Fault(.invalidValue, at: "operand 'second'", "a negative power of an integer", found: "\(exponent)")
        }
        var (result, factor, rest) = (1, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result &* factor }
            factor = factor &* factor
            rest >>= 1
        }
        return result
    }

    /// A result wrapped to the bits of its type. An int64 that a double cannot represent is found later.
    static func wrapped(_ value: Int, _ elementType: ElementType) -> Double {
        switch elementType {
        case .int32: Double(Int32(truncatingIfNeeded: value))
        case .int8: Double(Int8(truncatingIfNeeded: value))
        case .int16: Double(Int16(truncatingIfNeeded: value))
        case .uint8: Double(UInt8(truncatingIfNeeded: value))
        default: Double(value)
        }
    }
}
