import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

extension StepBuilder {
    /// lstm, gru and simpleRNN: one product for all steps, then the recurrence.
    mutating func appendRecurrent(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let extents = shape(input).extents
        let gates = try appendGates(name: node.name, input: input, nodes: [node])
        let direction = try recurrentDirection(node, gates: gates)
        append(
            RecurrentStep(
                name: node.name, directions: [direction], batchCount: extents[0], frameCount: extents[1]))
    }

    /// Both directions: one product with the input for all gates, then two recurrences in parallel.
    mutating func appendBidirectional(_ nodes: BidirectionalNodes) throws(Fault) {
        let input = try operand(nodes.forward, 0)
        let extents = shape(input).extents
        guard nodes.forward.weights["kernel"]?.tensor.shape == nodes.backward.weights["kernel"]?.tensor.shape else {
            throw unsupported(nodes.backward, "the two directions have kernels of different shapes")
        }
        let gates = try appendGates(
            name: nodes.forward.name + "+" + nodes.backward.name, input: input, nodes: [nodes.forward, nodes.backward])
        var directions: [RecurrentDirection] = []
        for (index, node) in [nodes.forward, nodes.backward].enumerated() {
            var direction = try recurrentDirection(node, gates: gates)
            direction.gatesColumn = index * direction.cell.gateCount * direction.cell.units
            direction.output = nodes.output
            direction.outputColumn = index * direction.cell.units
            direction.outputStride = 2 * direction.cell.units
            direction.writesInPlace = true
            directions.append(direction)
        }
        append(
            RecurrentStep(
                name: nodes.forward.name + "+" + nodes.backward.name, directions: directions, batchCount: extents[0],
                frameCount: extents[1]))
    }

    /// The products with the input of one or two nodes, all gates of a step in one row.
    private mutating func appendGates(name: String, input: Int, nodes: [TypedGraph.Node]) throws(Fault) -> Int {
        try requireFloat(input, nodes[0])
        let extents = shape(input).extents
        var parts: [DenseStep.Part] = []
        for node in nodes {
            guard extents.count == 3, extents[0] > 0, extents[1] > 0, let kernel = node.weights["kernel"],
                kernel.tensor.elementType == .float32
            else {
                throw unsupported(node, "recurrence over this shape or kernel", found: "\(shape(input))")
            }
            parts.append(DenseStep.Part(kernel: kernel, isOutputMajor: false, bias: node.weights["bias"]))
        }
        let width = parts.map(\.outputCount).reduce(0, +)
        let gates = addValue(
            named: name + "/gates", ValueType(.float32, try Shape([extents[0], extents[1], width])))
        try append(DenseStep(name: name + "/input", input: input, parts: parts, output: gates))
        return gates
    }

    private mutating func recurrentDirection(_ node: TypedGraph.Node, gates: Int) throws(Fault) -> RecurrentDirection {
        let units = try node.attributes.integer("units")
        guard case .recurrence(let kind) = node.operation.family else {
            throw unsupported(node, "the operation is not a recurrent layer")
        }
        let hasCell = kind == .lstm
        return RecurrentDirection(
            gates: gates, gatesColumn: 0, gatesStride: shape(gates)[2],
            cell: try recurrentCell(node, kind, units: units),
            isBackward: try node.attributes.boolean("goBackwards"), mask: node.input(1),
            zeroesMaskedOutput: try node.attributes.boolean("zeroOutputForMask"), initialHidden: node.input(2),
            initialCell: hasCell ? node.input(3) : nil, output: try output(node),
            givesEveryStep: try node.attributes.boolean("returnSequences"), outputColumn: 0, outputStride: units,
            finalHidden: node.outputs.count > 1 ? node.outputs[1] : nil,
            finalCell: hasCell && node.outputs.count > 2 ? node.outputs[2] : nil)
    }

    private mutating func recurrentCell(
        _ node: TypedGraph.Node, _ layer: OperationFamily.Recurrence, units: Int
    ) throws(Fault) -> RecurrentCell {
        guard let recurrent = node.weights["recurrentKernel"]?.tensor, recurrent.elementType == .float32 else {
            throw unsupported(node, "the recurrent kernel is absent or not float32")
        }
        let function = try node.attributes.activation("activation")
        let gateFunction =
            layer == .simpleRNN ? .linear : try node.attributes.activation("recurrentActivation")
        let isUsual = function == .tanh && gateFunction == .sigmoid
        let kind: RecurrentCell.Kind
        var gateCount = 1
        var joinedGates = 1
        switch layer {
        case .lstm:
            kind = isUsual ? .fastLSTM(kernels.lstmStep) : .lstm
            gateCount = 4
            joinedGates = 4
        case .gru:
            let resetAfter = try node.attributes.boolean("resetAfter")
            kind = isUsual ? .fastGRU(kernels.gruStep) : .gru(resetAfter: resetAfter)
            gateCount = 3
            joinedGates = resetAfter ? 3 : 2
        case .simpleRNN: kind = .simple
        }
        let stride = gateCount * units
        let packed = ConstantAddress(
            packedColumns(recurrent, stride: stride, from: 0, count: joinedGates * units, k: units))
        var candidate: ConstantAddress?
        if joinedGates < gateCount {
            candidate = ConstantAddress(
                packedColumns(recurrent, stride: stride, from: 2 * units, count: units, k: units))
        }
        let cellClip = layer == .lstm ? Float(try node.attributes.number("cellClip")) : 0
        return RecurrentCell(
            kind: kind, units: units, gateCount: gateCount, recurrent: packed, candidate: candidate,
            recurrentBias: weight(node, "recurrentBias"),
            activation: ElementwiseActivation(function, kernels: kernels),
            recurrentActivation: ElementwiseActivation(gateFunction, kernels: kernels), cellClip: cellClip,
            matmul: kernels.matmul)
    }

    /// Packs some columns of a matrix of k rows.
    private mutating func packedColumns(
        _ matrix: Tensor, stride: Int, from column: Int, count: Int, k: Int
    ) -> UnsafeRawPointer {
        let kernels = self.kernels
        return makeBuffer(
            byteCount: kernels.packedMatrixByteCount(k, count), of: [matrix], form: "\(column)+\(count) of \(stride)"
        ) { packed in
            matrix.withFloats { kernels.packMatrix($0 + column, stride, 1, k, count, packed) }
        }
    }
}
