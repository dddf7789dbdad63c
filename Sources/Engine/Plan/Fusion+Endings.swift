import EmotionFormerCore
import EmotionFormerGraph

/// A node and those that follow it in the same step.
private struct FusedChain {
    /// The last of them.
    var place: Int
    /// What it gives.
    var output: Int
    var ending: ProductEnding
    /// A constant of all rows and columns, added before the activation.
    var rowTable: StoredTensor?
    /// What the step can have at its end, beside an activation of its own.
    let takesSums: Bool
    let takesTables: Bool
    let takesActivations: Bool
}

extension StepBuilder {
    /// Fuses a dense node with the additions and the activation that follow it.
    mutating func extendDense(_ index: Int, _ fusion: inout Fusion) throws(Fault) {
        let node = graph.nodes[index]
        let part = try part(node)
        var chain = FusedChain(
            place: index, output: try output(node), ending: ProductEnding(activation: try node.attributes.activation()),
            takesSums: true, takesTables: true, takesActivations: !part.isQuantized)
        follow(&chain, &fusion)
        guard chain.place != index else { return }
        fusion.isAbsorbed[chain.place] = false
        fusion.replacement[chain.place] = [
            .dense(
                DenseStep(
                    name: node.name, input: try operand(node, 0), parts: [part], rowTable: chain.rowTable,
                    ending: chain.ending, output: chain.output))
        ]
    }

    /// Fuses a convolution by float weights with the additions and the activation that follow it; a depthwise one with
    /// the activation alone.
    mutating func extendConvolution(_ index: Int, _ fusion: inout Fusion) throws(Fault) {
        let node = graph.nodes[index]
        guard let weights = graph.constant(try operand(node, 1)), weights.tensor.elementType == .float32 else { return }
        var chain = FusedChain(
            place: index, output: try output(node), ending: ProductEnding(), takesSums: node.operation == .conv2D,
            takesTables: false, takesActivations: true)
        follow(&chain, &fusion)
        guard chain.place != index else { return }
        fusion.isAbsorbed[chain.place] = false
        fusion.replacement[chain.place] = [
            .convolution(node, FusedEnding(ending: chain.ending, output: chain.output))
        ]
    }

    /// Takes the nodes that follow as long as nothing else reads what is between them.
    private func follow(_ chain: inout FusedChain, _ fusion: inout Fusion) {
        while let next = fusion.uses.onlyConsumer(of: chain.output), fusion.replacement[next] == nil,
            !fusion.isAbsorbed[next], let result = graph.nodes[next].outputs.first,
            shape(result) == shape(chain.output)
        {
            let node = graph.nodes[next]
            let isTaken =
                switch node.operation {
                case .add: takeSum(node, &chain, &fusion)
                case .activation: takeActivation(node, &chain)
                case .prelu: takeSlopes(node, &chain)
                default: false
                }
            guard isTaken else { return }
            fusion.isAbsorbed[chain.place] = true
            chain.output = result
            chain.place = next
        }
    }

    private func takeSum(_ node: TypedGraph.Node, _ chain: inout FusedChain, _ fusion: inout Fusion) -> Bool {
        guard chain.takesSums, chain.ending.residual == nil,
            let other = node.inputs.first(where: { $0 != chain.output }) ?? nil,
            type(other).elementType == .float32
        else { return false }
        let ending = chain.ending
        if let table = graph.values[other].constant {
            guard chain.takesTables, chain.rowTable == nil, ending.addend == nil, !ending.hasActivation,
                table.tensor.shape.elementCount == shape(chain.output).elementCount
            else { return false }
            chain.rowTable = table
            return true
        }
        guard shape(other) == shape(chain.output) else { return false }
        if chain.takesActivations, chain.rowTable == nil, ending.addend == nil, !ending.hasActivation,
            let (narrow, pad) = beforeChannelPadding(other, fusion)
        {
            fusion.isAbsorbed[pad] = true
            chain.ending.addend = narrow
            chain.ending.addendColumns = shape(narrow).extents.last ?? 0
            return true
        }
        chain.ending.residual = other
        return true
    }

    /// What a value is that only this sum reads, without zeros behind its last axis, and the node that pads it.
    private func beforeChannelPadding(_ value: Int, _ fusion: Fusion) -> (value: Int, pad: Int)? {
        guard fusion.uses.isUsedOnce(value), let index = fusion.uses.producer(of: value),
            fusion.replacement[index] == nil, !fusion.isAbsorbed[index]
        else { return nil }
        let node = graph.nodes[index]
        guard node.operation == .pad, let input = node.input(0), node.input(2) == nil,
            (try? node.attributes.number("value")) == 0, type(input).elementType == .float32,
            let width = shape(input).extents.last, width > 0,
            (try? integers(node, "paddings", operand: 1))?.map({ $0.dropLast() })?.allSatisfy({ $0 == 0 }) == true
        else { return nil }
        return (input, index)
    }

    private func takeActivation(_ node: TypedGraph.Node, _ chain: inout FusedChain) -> Bool {
        guard let function = node.parameterlessFunction, prepareActivation(&chain) else { return false }
        chain.ending.activation = function
        return true
    }

    private func takeSlopes(_ node: TypedGraph.Node, _ chain: inout FusedChain) -> Bool {
        guard node.input(0) == chain.output, let alpha = node.input(1), let stored = graph.constant(alpha),
            stored.quantization == nil, stored.tensor.elementType == .float32,
            let columns = shape(chain.output).extents.last
        else { return false }
        let count = shape(alpha).elementCount
        guard count == 1 || (count == columns && shape(alpha).extents.last == columns), prepareActivation(&chain) else {
            return false
        }
        chain.ending.slopes = stored
        return true
    }

    /// What was added so far comes before the activation.
    private func prepareActivation(_ chain: inout FusedChain) -> Bool {
        guard chain.takesActivations, !chain.ending.hasActivation else { return false }
        if let sum = chain.ending.residual {
            guard chain.rowTable == nil, chain.ending.addend == nil else { return false }
            chain.ending.addend = sum
            chain.ending.addendColumns = shape(sum).extents.last ?? 0
            chain.ending.residual = nil
        }
        return true
    }
}
