import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels
import EmotionFormerSystem

extension StepBuilder {
    /// negate … errorFunction: functions of one number.
    mutating func appendFunction(_ node: TypedGraph.Node, _ kind: OperationFamily.Function) throws(Fault) {
        let input = try operand(node, 0)
        let elementType = type(input).elementType
        let run: ElementRun? =
            switch elementType {
            case .float32: floatFunction(kind)
            case .int32: integerFunction(kind, Int32.self)
            case .int64: integerFunction(kind, Int64.self)
            default: nil
            }
        guard let run else { throw unsuitable(node, elementType) }
        try appendElementwise(node, inputs: [input], run: run)
    }

    private func floatFunction(_ kind: OperationFamily.Function) -> ElementRun {
        switch kind {
        case .negate: ElementRuns.kernel(kernels, UnaryOperation.negate)
        case .absolute: ElementRuns.kernel(kernels, UnaryOperation.absolute)
        case .square: ElementRuns.kernel(kernels, UnaryOperation.square)
        case .squareRoot: ElementRuns.kernel(kernels, UnaryOperation.squareRoot)
        case .reciprocalSquareRoot: ElementRuns.kernel(kernels, UnaryOperation.reciprocalSquareRoot)
        case .exponential: ElementRuns.kernel(kernels, UnaryOperation.exponential)
        case .logarithm: ElementRuns.kernel(kernels, UnaryOperation.logarithm)
        case .errorFunction: ElementRuns.kernel(kernels, UnaryOperation.errorFunction)
        case .sine: ElementRuns.unary { (x: Float) in sinf(x) }
        case .cosine: ElementRuns.unary { (x: Float) in cosf(x) }
        case .floor: ElementRuns.unary { (x: Float) in x.rounded(.down) }
        case .ceiling: ElementRuns.unary { (x: Float) in x.rounded(.up) }
        case .round: ElementRuns.unary { (x: Float) in x.rounded(.toNearestOrEven) }
        case .sign: ElementRuns.unary { (x: Float) in x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x }
        }
    }

    private func integerFunction<Element: FixedWidthInteger & SignedInteger & Sendable>(
        _ kind: OperationFamily.Function, _ type: Element.Type
    ) -> ElementRun? {
        switch kind {
        case .negate: ElementRuns.unary { (x: Element) in 0 &- x }
        case .absolute: ElementRuns.unary { (x: Element) in x < 0 ? 0 &- x : x }
        case .square: ElementRuns.unary { (x: Element) in x &* x }
        case .sign: ElementRuns.unary { (x: Element) -> Element in x > 0 ? 1 : x < 0 ? -1 : 0 }
        case .floor, .ceiling, .round: ElementRuns.unary { (x: Element) in x }
        case .squareRoot, .reciprocalSquareRoot, .exponential, .logarithm, .sine, .cosine, .errorFunction: nil
        }
    }

    mutating func appendPrelu(_ node: TypedGraph.Node) throws(Fault) {
        let inputs = [try operand(node, 0), try operand(node, 1)]
        for input in inputs { try requireFloat(input, node) }
        try appendElementwise(
            node, inputs: inputs, run: ElementRuns.binary { (x: Float, alpha: Float) in x < 0 ? alpha * x : x })
    }

    mutating func appendSelect(_ node: TypedGraph.Node) throws(Fault) {
        let inputs = [try operand(node, 0), try operand(node, 1), try operand(node, 2)]
        guard type(inputs[0]).elementType == .bool else { throw unsuitable(node, type(inputs[0]).elementType) }
        let run =
            switch type(inputs[1]).elementType.byteCount {
            case 1: ElementRuns.select(UInt8.self)
            case 2: ElementRuns.select(UInt16.self)
            case 4: ElementRuns.select(UInt32.self)
            default: ElementRuns.select(UInt64.self)
            }
        try appendElementwise(node, inputs: inputs, run: run)
    }

    mutating func appendClip(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let minimum = try node.attributes.optionalNumber("minimum")
        let maximum = try node.attributes.optionalNumber("maximum")
        let run: ElementRun
        switch type(input).elementType {
        case .float32:
            run = ElementRuns.kernel(
                kernels, .clamp, alpha: Float(minimum ?? -.infinity), beta: Float(maximum ?? .infinity))
        case .int32: run = integerClip(minimum, maximum, Int32.self)
        case .int64: run = integerClip(minimum, maximum, Int64.self)
        default: throw unsuitable(node, type(input).elementType)
        }
        try appendElementwise(node, inputs: [input], run: run)
    }

    private func integerClip<Element: FixedWidthInteger & Sendable>(
        _ minimum: Double?, _ maximum: Double?, _ type: Element.Type
    ) -> ElementRun {
        let low = minimum.map { Element(clamping: $0.rounded(.up)) } ?? .min
        let high = maximum.map { Element(clamping: $0.rounded(.down)) } ?? .max
        return ElementRuns.unary { (x: Element) in min(max(x, low), high) }
    }
}

extension FixedWidthInteger {
    /// The nearest value; 0 for NaN. A fraction is dropped.
    @inline(__always)
    init(clamping value: Double) {
        if value >= -9_223_372_036_854_775_808, value < 9_223_372_036_854_775_808 {
            self.init(clamping: Int64(value))
        } else {
            self = value > 0 ? .max : value < 0 ? .min : 0
        }
    }
}
