import EmotionFormerCore
import EmotionFormerGraph

/// What a graph proves of the numbers that it gives. Shapes are known only as far as the caller states them.
struct OutputProof {
    private let graph: Graph
    private let program: Program
    private let makers: [String: Node]

    /// - Parameter program: its first graph is asked.
    init?(_ program: Program) {
        guard let graph = program.graphs.first else { return nil }
        self.graph = graph
        self.program = program
        var makers: [String: Node] = [:]
        for node in graph.nodes {
            for output in node.outputs { makers[output] = node }
        }
        self.makers = makers
    }

    /// What the numbers of an output certainly are; `values` where the graph does not say.
    /// - Parameter extents: the output's, nil where an extent is not known; nil if not even their number is.
    func kind(of output: String, extents: [Int?]?) -> OutputSpecification.Kind {
        if let sum = rowSum(output, extents, depth: 0), (sum - 1).magnitude <= 1e-6 { return .probabilities }
        guard let node = source(of: output, behind: OutputProof.keepsElements) else { return .values }
        switch node.operation {
        case .logSoftmax where node.attributes["axis"] == .integer(-1) && keepsRows(output, extents): return .logits
        case .activation, .integerFunction:
            return node.attributes["function"] == .text("sigmoid") ? .scores : .values
        case .dense, .fullyConnected, .conv1D, .conv2D:
            return node.attributes["activation"] == .text("sigmoid") ? .scores : .values
        default: return .values
        }
    }

    /// The operand of the softmax that makes an output, looking through nodes that change nothing.
    func logits(of output: String) -> String? {
        guard let node = graph.maker(of: output, behind: [.identity]), node.operation == .softmax,
            node.inputs.count == 1,
            node.attributes["beta"] == nil || node.attributes["beta"] == .number(1)
                || node.attributes["beta"] == .integer(1)
        else { return nil }
        return node.inputs[0]
    }

    /// The integers that are the operand of the integer softmax that makes an output.
    func integerLogits(of output: String) -> String? {
        guard let node = source(of: output, behind: [.identity, .dequantize]), node.operation == .integerSoftmax else {
            return nil
        }
        return node.inputs.first ?? nil
    }

    // MARK: Rows of probabilities

    private static let depthLimit = 64

    /// What each row along the last axis sums to, its numbers being 0 or more; nil where the graph does not say.
    private func rowSum(_ value: String, _ extents: [Int?]?, depth: Int) -> Double? {
        guard depth < OutputProof.depthLimit, let node = makers[value], case let input?? = node.inputs.first else {
            return nil
        }
        func below(_ extents: [Int?]?) -> Double? { rowSum(input, extents, depth: depth + 1) }
        switch node.operation {
        case .softmax:
            // Over the last axis, which a row's index must be.
            let isLast =
                node.attributes["axes"] == nil || node.attributes["axes"] == .integers([-1])
                || extents.map { node.attributes["axes"] == .integers([$0.count - 1]) } ?? false
            return isLast ? 1 : nil
        // Of 8-bit numbers: the sum is 1 but for their rounding.
        case .integerSoftmax: return 1
        case .integerFunction: return node.isRequantization ? below(extents) : nil
        case .identity, .dequantize, .quantize: return below(extents)
        case .cast: return node.isRealCast ? below(extents) : nil
        case .reshape, .squeeze, .expandDimensions:
            // The last axis stays if both are known to be the classes.
            guard let last = extents?.last ?? nil, classCount(of: input) == last else { return nil }
            return below(nil)
        case .globalPooling1D:
            return node.attributes["kind"] ?? .text("average") == .text("average") ? below(nil) : nil
        case .reduceMean:
            guard case .integers(let axes)? = node.attributes["axes"], !axes.isEmpty, let extents else { return nil }
            let keeps = node.attributes["keepDimensions"] == .boolean(true)
            let rank = extents.count + (keeps ? 0 : axes.count)
            guard axes.allSatisfy({ $0 < rank - 1 && $0 >= -rank && $0 != -1 }) else { return nil }
            return rowSum(input, [Int?](repeating: nil, count: rank), depth: depth + 1)
        case .add:
            // The layers first: a sum of sums has none, so that operands are not asked again and again.
            guard node.inputs.count == 2, let second = node.inputs[1], let count = classCount(of: input),
                count == classCount(of: second), let one = below(extents),
                let other = rowSum(second, extents, depth: depth + 1)
            else { return nil }
            return one + other
        case .multiply, .divide:
            guard node.inputs.count == 2, let second = node.inputs[1] else { return nil }
            if let factor = scalar(second), factor > 0, let sum = below(extents) {
                return node.operation == .multiply ? sum * factor : sum / factor
            }
            guard node.operation == .multiply, let factor = scalar(input), factor > 0,
                let sum = rowSum(second, extents, depth: depth + 1)
            else { return nil }
            return sum * factor
        default: return nil
        }
    }

    /// Whether the rows along an output's last axis are those of the operation that made its numbers.
    private func keepsRows(_ output: String, _ extents: [Int?]?) -> Bool {
        if source(of: output, behind: [.identity, .dequantize, .quantize])?.operation == .logSoftmax { return true }
        guard let last = extents?.last ?? nil else { return false }
        return classCount(of: output) == last
    }

    /// A constant with one element.
    private func scalar(_ value: String) -> Double? {
        guard let node = makers[value], node.operation == .constant, let name = node.weights["value"],
            let stored = program.tensors[name], stored.quantization == nil, stored.tensor.shape.elementCount == 1
        else { return nil }
        return stored.tensor.doubles.first
    }

    // MARK: Walks

    /// Operations whose result holds the same numbers.
    private static let keepsElements: Set<EmotionFormerGraph.Operation> = [
        .identity, .reshape, .squeeze, .expandDimensions, .transpose, .dequantize, .quantize,
    ]

    /// The node that makes a value's numbers: behind the nodes of some operations, and behind those that only give
    /// numbers another scale or another type of floats.
    private func source(of value: String, behind operations: Set<EmotionFormerGraph.Operation>) -> Node? {
        var value = value
        // Each step moves to an earlier node, so the number of nodes is a limit.
        for _ in graph.nodes {
            guard let node = makers[value] else { return nil }
            guard operations.contains(node.operation) || node.isRequantization || node.isRealCast else { return node }
            guard case let input?? = node.inputs.first else { return nil }
            value = input
        }
        return nil
    }

    /// The number of classes of the layer that makes a value, if its weights tell.
    private func classCount(of value: String) -> Int? { graph.classCount(of: value, in: program) }
}

extension Node {
    /// Whether it only gives floats another precision; integers would lose what makes them probabilities or scores.
    fileprivate var isRealCast: Bool {
        guard operation == .cast, case .text(let type)? = attributes["to"] else { return false }
        return ElementType(rawValue: type)?.isFloatingPoint ?? false
    }

    /// Whether it only gives quantized numbers another scale.
    fileprivate var isRequantization: Bool {
        operation == .integerFunction && attributes["function"] == .text(IntegerFunction.linear.rawValue)
    }
}
