import EmotionFormerCore
import EmotionFormerGraph

/// What steps are made from: single nodes, or nodes fused with those that follow them.
enum FusedNode {
    case plain(TypedGraph.Node)
    /// One or more dense nodes of one input, with an added table and an added value.
    case dense(DenseStep)
    /// A convolution in two dimensions with what follows it.
    case convolution(TypedGraph.Node, FusedEnding)
    case attention(AttentionStep)
    /// A product of two values, and the transposition of its result.
    case turnedProduct(TypedGraph.Node, TypedGraph.Node)
    /// A normalization of the sum of two values.
    case normalization(TypedGraph.Node, input: Int, residual: Int)
    /// Two recurrent nodes in opposite directions over one input, their outputs side by side.
    case bidirectional(BidirectionalNodes)
}

/// A forward and a backward node, and the value in which their outputs stand side by side.
struct BidirectionalNodes {
    var forward: TypedGraph.Node
    var backward: TypedGraph.Node
    var output: Int
}

extension StepBuilder {
    /// Fuses nodes with those that follow them if nothing else reads the value between them.
    mutating func fusedNodes() throws(Fault) -> [FusedNode] {
        let uses = ValueUses(graph)
        var fusion = Fusion(uses: uses, nodeCount: graph.nodes.count)
        for index in graph.nodes.indices {
            switch graph.nodes[index].operation {
            case .attention: try joinProjections(of: index, &fusion)
            case .concatenate: joinDirections(into: index, &fusion)
            default: break
            }
        }
        for index in graph.nodes.indices where fusion.replacement[index] == nil && !fusion.isAbsorbed[index] {
            switch graph.nodes[index].operation {
            case .dense: try extendDense(index, &fusion)
            case .conv2D, .depthwiseConv2D: try extendConvolution(index, &fusion)
            case .layerNormalization, .rmsNormalization: takeSum(index, &fusion)
            case .transpose: takeProduct(index, &fusion)
            default: break
            }
        }
        var result: [FusedNode] = []
        for index in graph.nodes.indices {
            if let nodes = fusion.replacement[index] {
                result += nodes
            } else if !fusion.isAbsorbed[index] {
                result.append(.plain(graph.nodes[index]))
            }
        }
        return result
    }

    /// Joins the dense nodes of query, key and value to one product if they read the same value.
    private mutating func joinProjections(of index: Int, _ fusion: inout Fusion) throws(Fault) {
        let attention = graph.nodes[index]
        var projections: [(operand: Int, node: Int)] = []
        for operand in 0..<3 {
            guard let value = attention.input(operand), fusion.uses.onlyConsumer(of: value) == index,
                let node = fusion.uses.producer(of: value), graph.nodes[node].operation == .dense,
                case .text("linear")? = graph.nodes[node].attributes["activation"], fusion.replacement[node] == nil
            else { continue }
            projections.append((operand, node))
        }
        guard let last = projections.last else { return }
        // Those that read what the last one reads: all three, or key and value of cross-attention.
        let source = graph.nodes[last.node].inputs[0]
        let isQuantized = graph.nodes[last.node].weights["kernel"]?.tensor.elementType == .int8
        projections.removeAll {
            graph.nodes[$0.node].inputs[0] != source
                || (graph.nodes[$0.node].weights["kernel"]?.tensor.elementType == .int8) != isQuantized
        }
        guard projections.count > 1, let source, let first = projections.map(\.node).min(),
            var step = try attentionStep(attention)
        else { return }
        var parts: [DenseStep.Part] = []
        var offsets: [Int] = []
        var width = 0
        for projection in projections {
            let part = try part(graph.nodes[projection.node])
            offsets.append(width)
            width += part.outputCount
            parts.append(part)
        }
        var extents = shape(source).extents
        extents[extents.count - 1] = width
        let names = projections.map { graph.nodes[$0.node].name }
        let joined = addValue(named: names.joined(separator: "+"), ValueType(.float32, try Shape(extents)))
        for (projection, offset) in zip(projections, offsets) {
            let columns = AttentionStep.Columns(value: joined, columnOffset: offset, rowStride: width)
            switch projection.operand {
            case 0: step.query = columns
            case 1: step.key = columns
            default: step.value = columns
            }
            fusion.isAbsorbed[projection.node] = true
        }
        fusion.replacement[first] = [
            .dense(
                DenseStep(name: names.joined(separator: "+"), input: source, parts: parts, output: joined))
        ]
        fusion.replacement[index] = [.attention(step)]
    }

    /// Fuses a normalization with the addition before it, if nothing else reads the sum.
    private func takeSum(_ index: Int, _ fusion: inout Fusion) {
        let node = graph.nodes[index]
        guard let input = node.input(0), fusion.uses.onlyConsumer(of: input) == index,
            let sum = fusion.uses.producer(of: input), graph.nodes[sum].operation == .add,
            fusion.replacement[sum] == nil,
            !fusion.isAbsorbed[sum], let first = graph.nodes[sum].input(0), let second = graph.nodes[sum].input(1),
            first != second, shape(first) == shape(input), shape(second) == shape(input),
            graph.values[first].constant == nil, graph.values[second].constant == nil,
            case .integers(let axes)? = node.attributes["axes"],
            axes == [-1] || axes == [shape(input).rank - 1]
        else { return }
        fusion.isAbsorbed[sum] = true
        fusion.replacement[index] = [.normalization(node, input: first, residual: second)]
    }

    /// Fuses a transposition of the last two axes with the product before it, if nothing else reads that.
    private func takeProduct(_ index: Int, _ fusion: inout Fusion) {
        let node = graph.nodes[index]
        guard let input = node.input(0), fusion.uses.onlyConsumer(of: input) == index,
            let product = fusion.uses.producer(of: input), fusion.replacement[product] == nil,
            !fusion.isAbsorbed[product], [.matmul, .integerMatmul].contains(graph.nodes[product].operation),
            case .integers(let permutation)? = node.attributes["permutation"]
        else { return }
        let axes = Array(0..<shape(input).rank)
        guard axes.count >= 2, permutation == axes.dropLast(2) + axes.suffix(2).reversed() else { return }
        fusion.isAbsorbed[product] = true
        fusion.replacement[index] = [.turnedProduct(graph.nodes[product], node)]
    }

    /// Joins a forward node and a backward one (with its output reversed, if it gives every step) to one step.
    private func joinDirections(into index: Int, _ fusion: inout Fusion) {
        let concatenation = graph.nodes[index]
        guard concatenation.inputs.count == 2, let first = concatenation.input(0), let second = concatenation.input(1),
            let output = concatenation.outputs.first, case .integer(let axis)? = concatenation.attributes["axis"],
            axis == -1 || axis == shape(output).rank - 1,
            let forward = recurrentNode(first, reader: index, fusion.uses),
            case .boolean(false)? = graph.nodes[forward].attributes["goBackwards"]
        else { return }
        guard case .boolean(let everyStep)? = graph.nodes[forward].attributes["returnSequences"] else { return }
        var absorbed = [forward]
        var last = second
        var reader = index
        if everyStep {
            guard fusion.uses.onlyConsumer(of: second) == index, let reverse = fusion.uses.producer(of: second),
                graph.nodes[reverse].operation == .reverse,
                case .integers([1])? = graph.nodes[reverse].attributes["axes"],
                let reversed = graph.nodes[reverse].input(0)
            else { return }
            absorbed.append(reverse)
            last = reversed
            reader = reverse
        }
        guard let backward = recurrentNode(last, reader: reader, fusion.uses),
            case .boolean(true)? = graph.nodes[backward].attributes["goBackwards"],
            graph.nodes[backward].attributes["returnSequences"] == .boolean(everyStep),
            graph.nodes[backward].operation == graph.nodes[forward].operation,
            graph.nodes[backward].input(0) == graph.nodes[forward].input(0),
            graph.nodes[backward].attributes["units"] == graph.nodes[forward].attributes["units"]
        else { return }
        absorbed.append(backward)
        for node in absorbed { fusion.isAbsorbed[node] = true }
        fusion.replacement[index] = [
            .bidirectional(
                BidirectionalNodes(forward: graph.nodes[forward], backward: graph.nodes[backward], output: output))
        ]
    }

    /// The recurrent node that makes a value which only `reader` reads, if it gives nothing else.
    private func recurrentNode(_ value: Int, reader: Int, _ uses: ValueUses) -> Int? {
        guard uses.onlyConsumer(of: value) == reader, let index = uses.producer(of: value),
            [.lstm, .gru, .simpleRNN].contains(graph.nodes[index].operation), graph.nodes[index].outputs.first == value,
            graph.nodes[index].outputs.dropFirst().allSatisfy({
                !uses.isUsed($0)
            })
        else { return nil }
        return index
    }
}

/// The result of fusion for each node.
struct Fusion {
    let uses: ValueUses
    var isAbsorbed: [Bool]
    /// For each node, its replacement.
    var replacement: [Int: [FusedNode]] = [:]

    init(uses: ValueUses, nodeCount: Int) {
        self.uses = uses
        isAbsorbed = Array(repeating: false, count: nodeCount)
    }
}
