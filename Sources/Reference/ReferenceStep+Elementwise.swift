import EmotionFormerGraph
import EmotionFormerTensors

extension ReferenceStep {
    func elementwise() throws(Fault) -> [[Double]]? {
        switch node.operation {
        case .add, .subtract, .multiply, .divide, .floorDivide, .floorModulo, .power, .maximum, .minimum,
            .squaredDifference:
            let (first, second) = try pair()
            guard let elementType = optionalOperand(0)?.type.elementType, elementType.isInteger else {
                return [zip(first, second).map { Self.floating(node.operation, $0, $1) }]
            }
            var results: [Double] = []
            for (a, b) in zip(first, second) {
                results.append(
                    try IntegerArithmetic.wrapped(
                        IntegerArithmetic.result(node.operation, Int(a), Int(b)), elementType))
            }
            return [results]
        case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual, .logicalAnd, .logicalOr:
            let (first, second) = try pair()
            return [zip(first, second).map { Self.holds(node.operation, $0, $1) ? 1 : 0 }]
        case .logicalNot: return [try operand(0).elements.map { $0 == 0 ? 1 : 0 }]
        case .negate, .absolute, .square, .sign, .squareRoot, .reciprocalSquareRoot, .exponential, .logarithm, .sine,
            .cosine, .floor, .ceiling, .round, .errorFunction:
            let input = try operand(0)
            let results = input.elements.map { Self.unary(node.operation, $0) }
            guard input.type.elementType.isInteger else { return [results] }
            if node.operation == .square {
                var squares: [Double] = []
                for element in input.elements {
                    squares.append(
                        try IntegerArithmetic.wrapped(
                            IntegerArithmetic.result(.multiply, Int(element), Int(element)), input.type.elementType))
                }
                return [squares]
            }
            var wrapped: [Double] = []
            for result in results {
                wrapped.append(IntegerArithmetic.wrapped(Int(result), input.type.elementType))
            }
            return [wrapped]
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
        default: return nil
        }
    }

    /// Both operands' elements, stretched to the output's shape.
    private func pair() throws(Fault) -> ([Double], [Double]) {
        let (first, second) = (try operand(0), try operand(1))
        let target = try Shape.broadcast(first.shape, second.shape)
        return (
            try Offsets.broadcasting(first.shape, to: target).map { first.elements[$0] },
            try Offsets.broadcasting(second.shape, to: target).map { second.elements[$0] }
        )
    }

    private static func floating(_ operation: Operation, _ a: Double, _ b: Double) -> Double {
        switch operation {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .floorDivide: (a / b).rounded(.down)
        case .floorModulo: floorModulo(a, b)
        case .power: Mathematics.power(a, b)
        case .maximum: a.isNaN || a > b ? a : b
        case .minimum: a.isNaN || a < b ? a : b
        default: (a - b) * (a - b)
        }
    }

    private static func floorModulo(_ a: Double, _ b: Double) -> Double {
        let remainder = a.truncatingRemainder(dividingBy: b)
        return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
    }

    private static func holds(_ operation: Operation, _ a: Double, _ b: Double) -> Bool {
        switch operation {
        case .equal: a == b
        case .notEqual: a != b
        case .less: a < b
        case .lessEqual: a <= b
        case .greater: a > b
        case .greaterEqual: a >= b
        case .logicalAnd: a != 0 && b != 0
        default: a != 0 || b != 0
        }
    }

    private static func unary(_ operation: Operation, _ x: Double) -> Double {
        switch operation {
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
        default: Mathematics.errorFunction(x)
        }
    }
}

/// Integers of 32 and 64 bits, in two's complement.
enum IntegerArithmetic {
    /// - Throws: `invalidValue` for a division by zero or a negative exponent.
    static func result(_ operation: Operation, _ a: Int, _ b: Int) throws(Fault) -> Int {
        switch operation {
        case .add: return a &+ b
        case .subtract: return a &- b
        case .multiply: return a &* b
        case .maximum: return max(a, b)
        case .minimum: return min(a, b)
        case .squaredDifference: return (a &- b) &* (a &- b)
        case .power: return try power(a, b)
        default: break
        }
        guard b != 0 else { throw Fault(.invalidValue, at: "operand 'second'", "a division by zero") }
        let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
        let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
        switch operation {
        case .floorDivide: return isBelow ? quotient - 1 : quotient
        case .floorModulo: return isBelow ? remainder + b : remainder
        default: return quotient
        }
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

    /// What is left of a result in the bits of its type. An int64 that a double cannot hold is found later.
    static func wrapped(_ value: Int, _ elementType: ElementType) -> Double {
        switch elementType {
        case .int32: Double(Int32(truncatingIfNeeded: value))
        case .int8: Double(Int8(truncatingIfNeeded: value))
        case .uint8: Double(UInt8(truncatingIfNeeded: value))
        default: Double(value)
        }
    }
}
