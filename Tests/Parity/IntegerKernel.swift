import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerReference

/// An integer operation as far as its arithmetic differs: `integerArithmetic add xnnpack int8`.
struct IntegerKernel: Hashable, Comparable, Sendable, CustomStringConvertible {
    let operation: String
    /// Its kind or function; for products the type of the bias, and `one` if all weights have one scale.
    let kind: String
    let rule: String
    let elementType: ElementType

    var description: String { "\(operation) \(kind) \(rule) \(elementType.rawValue)" }

    static func < (left: Self, right: Self) -> Bool { left.description < right.description }

    private static let products: [Operation] = [
        .integerFullyConnected, .integerConv2D, .integerDepthwiseConv2D,
    ]

    /// nil for operations on other numbers than integers.
    init?(_ node: TypedGraph.Node, in graph: TypedGraph) {
        let isConversion = node.operation == .quantize || node.operation == .dequantize
        guard node.operation.isInteger || isConversion, let input = node.input(0) else { return nil }
        var kind = ""
        if Self.products.contains(node.operation) {
            kind = node.input(2).map { graph.values[$0].type.elementType.rawValue } ?? "none"
            let isAlongAxis = node.input(1).flatMap { graph.constant($0)?.quantization?.axis } != nil
            if node.operation == .integerFullyConnected, !isAlongAxis { kind += " one" }
        }
        for attribute in ["kind", "function"] {
            if case .text(let text)? = node.attributes[attribute] { kind = text }
        }
        self.init(
            operation: node.operation.rawValue, kind: kind, rule: Self.rule(node.attributes),
            elementType: graph.values[node.operation == .quantize ? node.outputs[0] : input].type.elementType)
    }

    init(operation: String, kind: String, rule: String, elementType: ElementType) {
        self.operation = operation
        self.kind = kind
        self.rule = rule
        self.elementType = elementType
    }

    private static func rule(_ attributes: Attributes) -> String {
        if case .text(let rule)? = attributes["rule"] { rule } else { "–" }
    }

    // MARK: What shape inference accepts

    /// Every integer operation that shape inference accepts with some scales.
    static func accepted() -> Set<IntegerKernel> {
        var result: Set<IntegerKernel> = []
        func add(
            _ operation: Operation, _ kind: String = "", rule: IntegerRule? = nil, _ attributes: Attributes = [:],
            shapes: [[Int]], bias: ElementType? = nil, along axis: Int? = nil
        ) {
            for type in [ElementType.int8, .uint8, .int16] {
                var attributes = attributes
                if let rule { attributes["rule"] = .text(rule.rawValue) }
                if operation == .integerFunction { attributes["to"] = .text(type.rawValue) }
                if accepts(operation, attributes, type, shapes, bias, along: axis) {
                    result.insert(
                        IntegerKernel(
                            operation: operation.rawValue, kind: kind, rule: self.rule(attributes), elementType: type))
                }
            }
        }
        for rule in IntegerRule.allCases {
            for bias in [nil, ElementType.int32, .int64] {
                let name = bias?.rawValue ?? "none"
                for axis in [nil, 0] {
                    add(
                        .integerFullyConnected, name + (axis == nil ? " one" : ""), rule: rule,
                        shapes: [[2, 6], [3, 6]], bias: bias, along: axis)
                }
                add(
                    .integerConv2D, name, rule: rule, shapes: [[1, 4, 4, 2], [3, 2, 2, 2]], bias: bias, along: 0)
                add(
                    .integerDepthwiseConv2D, name, rule: rule, shapes: [[1, 4, 4, 3], [1, 2, 2, 3]], bias: bias,
                    along: 3)
            }
            add(.integerMatmul, rule: rule, shapes: [[2, 6], [6, 3]])
            for kind in IntegerPair.Kind.allCases {
                add(
                    .integerArithmetic, kind.rawValue, rule: rule, ["kind": .text(kind.rawValue)],
                    shapes: [[2, 6], [2, 6]])
            }
            for kind in IntegerReduction.Kind.allCases {
                add(
                    .integerReduction, kind.rawValue, rule: rule,
                    ["kind": .text(kind.rawValue), "axes": .integers([1])], shapes: [[2, 6]])
            }
            for function in IntegerFunction.allCases {
                add(
                    .integerFunction, function.rawValue, rule: rule, ["function": .text(function.rawValue)],
                    shapes: [[2, 6]])
            }
        }
        for kind in ["maximum", "average"] {
            add(
                .integerPooling2D, kind,
                ["kind": .text(kind), "poolSize": .integers([2, 2]), "strides": .integers([1, 1])],
                shapes: [[1, 4, 4, 3]])
        }
        for kind in ["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"] {
            add(.integerComparison, kind, ["kind": .text(kind)], shapes: [[2, 6], [2, 6]])
        }
        add(.integerSoftmax, shapes: [[2, 6]])
        add(.integerPrelu, shapes: [[2, 6], [6]])
        add(.dequantize, shapes: [[2, 6]])
        return result
    }

    /// Scales, zero points included, that some operation asks of its result.
    private static func quantizations(_ type: ElementType) -> [ValueQuantization] {
        let lowest = type.quantizedRange?.lowerBound ?? 0
        return type == .int16
            ? [ValueQuantization(scale: 0.0004, zeroPoint: 0), ValueQuantization(scale: 0x1p-15, zeroPoint: 0)]
            : [ValueQuantization(scale: 0.05, zeroPoint: 7), ValueQuantization(scale: 0x1p-8, zeroPoint: lowest)]
    }

    private static func accepts(
        _ operation: Operation, _ attributes: Attributes, _ type: ElementType, _ shapes: [[Int]], _ bias: ElementType?,
        along axis: Int?
    ) -> Bool {
        var complete = attributes
        for specification in operation.specification.attributes where complete[specification.name] == nil {
            complete[specification.name] = specification.defaultValue
        }
        let isLayer = products.contains(operation)
        let types = shapes.enumerated().map { index, extents in
            ValueType(isLayer && index == 1 ? .int8 : type, Shape(unchecked: extents))
        }
        let count = isLayer ? shapes[1][operation == .integerDepthwiseConv2D ? 3 : 0] : 0
        var inputs: [ValueType?] = types
        var constants = [StoredTensor?](repeating: nil, count: types.count)
        if isLayer {
            let scaleCount = axis == nil ? 1 : count
            constants[1] = StoredTensor(
                Tensor(.int8, types[1].shape) { _ in },
                quantization: Quantization(
                    scales: Array(repeating: 0.01, count: scaleCount),
                    zeroPoints: Array(repeating: 0, count: scaleCount), axis: axis))
            if let bias {
                inputs.append(ValueType(bias, Shape(unchecked: [count])))
                constants.append(StoredTensor(Tensor(bias, Shape(unchecked: [count])) { _ in }))
            }
        }
        let own = quantizations(type)[0]
        return quantizations(type).contains { output in
            let context = NodeContext(
                operation: operation, attributes: complete, weights: [:], inputTypes: inputs,
                inputConstants: constants, outputCount: 1,
                quantizations: NodeQuantizations(
                    inputs: types.indices.map { isLayer && $0 == 1 ? nil : own }, outputs: [output]))
            do throws(Fault) {
                _ = try ShapeInference.outputTypes(context)
                return true
            } catch {
                return false
            }
        }
    }
}
