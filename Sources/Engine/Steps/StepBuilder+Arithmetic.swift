import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels
import EmotionFormerSystem

extension StepBuilder {
    /// add … squaredDifference: two operands of one number type.
    mutating func appendArithmetic(_ node: TypedGraph.Node, _ kind: OperationFamily.Arithmetic) throws(Fault) {
        let inputs = [try operand(node, 0), try operand(node, 1)]
        let elementType = type(inputs[0]).elementType
        let run: ElementRun? =
            switch elementType {
            case .float32: floatArithmetic(kind)
            case .int32: integerArithmetic(kind, Int32.self)
            case .int64: integerArithmetic(kind, Int64.self)
            default: nil
            }
        guard let run else { throw unsuitable(node, elementType) }
        try appendElementwise(node, inputs: inputs, run: run)
    }

    private func floatArithmetic(_ kind: OperationFamily.Arithmetic) -> ElementRun {
        switch kind {
        case .add: ElementRuns.kernel(kernels, BinaryOperation.add)
        case .subtract: ElementRuns.kernel(kernels, BinaryOperation.subtract)
        case .multiply: ElementRuns.kernel(kernels, BinaryOperation.multiply)
        case .divide: ElementRuns.kernel(kernels, BinaryOperation.divide)
        case .maximum: ElementRuns.kernel(kernels, BinaryOperation.maximum)
        case .minimum: ElementRuns.kernel(kernels, BinaryOperation.minimum)
        case .squaredDifference: ElementRuns.kernel(kernels, BinaryOperation.squaredDifference)
        case .floorDivide: ElementRuns.binary { (a: Float, b: Float) in (a / b).rounded(.down) }
        case .floorModulo:
            ElementRuns.binary { (a: Float, b: Float) in
                let remainder = a.truncatingRemainder(dividingBy: b)
                return remainder != 0 && (b < 0) != (remainder < 0) ? remainder + b : remainder
            }
        case .power: ElementRuns.binary { (a: Float, b: Float) in powf(a, b) }
        }
    }

    /// Results wrap around; a division by zero gives 0.
    private func integerArithmetic<Element: FixedWidthInteger & SignedInteger & Sendable>(
        _ kind: OperationFamily.Arithmetic, _ type: Element.Type
    ) -> ElementRun {
        switch kind {
        case .add: ElementRuns.binary { (a: Element, b: Element) in a &+ b }
        case .subtract: ElementRuns.binary { (a: Element, b: Element) in a &- b }
        case .multiply: ElementRuns.binary { (a: Element, b: Element) in a &* b }
        case .divide: ElementRuns.binary { (a: Element, b: Element) in a.quotient(b) }
        case .maximum: ElementRuns.binary { (a: Element, b: Element) in a > b ? a : b }
        case .minimum: ElementRuns.binary { (a: Element, b: Element) in a < b ? a : b }
        case .squaredDifference: ElementRuns.binary { (a: Element, b: Element) in (a &- b) &* (a &- b) }
        case .floorDivide:
            ElementRuns.binary { (a: Element, b: Element) in
                let quotient = a.quotient(b)
                return quotient &* b != a && (a < 0) != (b < 0) && b != 0 ? quotient &- 1 : quotient
            }
        case .floorModulo:
            ElementRuns.binary { (a: Element, b: Element) in
                let remainder = a.remainder(b)
                return remainder != 0 && (b < 0) != (remainder < 0) ? remainder &+ b : remainder
            }
        case .power: ElementRuns.binary { (a: Element, b: Element) in a.power(b) }
        }
    }

    /// equal … greaterEqual.
    mutating func appendComparison(_ node: TypedGraph.Node, _ kind: OperationFamily.Comparison) throws(Fault) {
        let inputs = [try operand(node, 0), try operand(node, 1)]
        let elementType = type(inputs[0]).elementType
        let run: ElementRun? =
            switch elementType {
            case .float32: comparison(kind, Float.self)
            case .int32: comparison(kind, Int32.self)
            case .int64: comparison(kind, Int64.self)
            case .int8: comparison(kind, Int8.self)
            case .int16: comparison(kind, Int16.self)
            case .uint8, .bool: comparison(kind, UInt8.self)
            case .float16: nil
            }
        guard let run else { throw unsuitable(node, elementType) }
        try appendElementwise(node, inputs: inputs, run: run)
    }

    private func comparison<Element: Comparable & Sendable>(
        _ kind: OperationFamily.Comparison, _ type: Element.Type
    ) -> ElementRun {
        switch kind {
        case .equal: ElementRuns.binary { (a: Element, b: Element) in a == b }
        case .notEqual: ElementRuns.binary { (a: Element, b: Element) in a != b }
        case .less: ElementRuns.binary { (a: Element, b: Element) in a < b }
        case .lessEqual: ElementRuns.binary { (a: Element, b: Element) in a <= b }
        case .greater: ElementRuns.binary { (a: Element, b: Element) in a > b }
        case .greaterEqual: ElementRuns.binary { (a: Element, b: Element) in a >= b }
        }
    }

    /// logicalAnd, logicalOr, logicalNot.
    mutating func appendLogic(_ node: TypedGraph.Node, _ kind: OperationFamily.Logic) throws(Fault) {
        let inputs = node.inputs.compactMap(\.self)
        for input in inputs where type(input).elementType != .bool {
            throw unsuitable(node, type(input).elementType)
        }
        let run: ElementRun =
            switch kind {
            case .logicalAnd: ElementRuns.binary { (a: UInt8, b: UInt8) in a & b }
            case .logicalOr: ElementRuns.binary { (a: UInt8, b: UInt8) in a | b }
            case .logicalNot: ElementRuns.unary { (a: UInt8) in a ^ 1 }
            }
        try appendElementwise(node, inputs: inputs, run: run)
    }
}

extension FixedWidthInteger where Self: SignedInteger {
    /// Towards zero; 0 for a divisor of 0, and the one quotient that does not fit wraps.
    @inline(__always)
    fileprivate func quotient(_ divisor: Self) -> Self {
        divisor == 0 ? 0 : divisor == -1 ? 0 &- self : self / divisor
    }

    /// With the sign of the dividend; 0 for a divisor of 0.
    @inline(__always)
    fileprivate func remainder(_ divisor: Self) -> Self { divisor == 0 || divisor == -1 ? 0 : self % divisor }

    /// Wraps; a negative exponent gives the quotient 1 / selfⁿ without its fraction.
    @inline(__always)
    fileprivate func power(_ exponent: Self) -> Self {
        if exponent < 0 { return self == 1 ? 1 : self == -1 ? (exponent & 1 == 0 ? 1 : -1) : 0 }
        var result: Self = 1
        var base = self
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = result &* base }
            base = base &* base
            rest >>= 1
        }
        return result
    }
}
