import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels
import EmotionFormerTensors

extension StepBuilder {
    /// lstm, gru and simpleRNN: one product for all steps, then the recurrence.
    mutating func appendRecurrent(_ node: TypedGraph.Node) throws(Fault) {
        let direction = try recurrentDirection(node)
        let extents = try shape(operand(node, 0)).extents
        append(
            RecurrentStep(
                name: node.name, directions: [direction], batchCount: extents[0], frameCount: extents[1]))
    }

    /// Makes the step of the input's product, and the direction that reads it.
    mutating func recurrentDirection(_ node: TypedGraph.Node) throws(Fault) -> RecurrentDirection {
        let input = try operand(node, 0)
        let output = try output(node)
        try requireFloat(input, node)
        let extents = shape(input).extents
        let units = try node.attributes.integer("units")
        guard extents.count == 3, extents[0] > 0, extents[1] > 0, let kernel = node.weights["kernel"],
            kernel.tensor.elementType == .float32
        else {
            throw unsupported(node, "recurrence over this shape or kernel", found: "\(shape(input))")
        }
        let cell = try recurrentCell(node, units: units)
        let gates = addValue(
            named: node.name + "/gates",
            ValueType(.float32, try Shape([extents[0], extents[1], cell.gateCount * units])))
        try append(
            DenseStep(
                name: node.name + "/input", input: input,
                parts: [DenseStep.Part(kernel: kernel, isOutputMajor: false, bias: node.weights["bias"])], output: gates
            ))
        let hasCell = node.operation == .lstm
        return RecurrentDirection(
            gates: gates, cell: cell, isBackward: try node.attributes.boolean("goBackwards"), mask: node.input(1),
            zeroesMaskedOutput: try node.attributes.boolean("zeroOutputForMask"), initialHidden: node.input(2),
            initialCell: hasCell ? node.input(3) : nil, output: output,
            givesEveryStep: try node.attributes.boolean("returnSequences"), outputColumn: 0, outputStride: units,
            finalHidden: node.outputs.count > 1 ? node.outputs[1] : nil,
            finalCell: hasCell && node.outputs.count > 2 ? node.outputs[2] : nil)
    }

    private mutating func recurrentCell(_ node: TypedGraph.Node, units: Int) throws(Fault) -> RecurrentCell {
        guard let recurrent = node.weights["recurrentKernel"]?.tensor, recurrent.elementType == .float32 else {
            throw unsupported(node, "the recurrent kernel is absent or not float32")
        }
        let function = try node.attributes.activation("activation")
        let gateFunction =
            node.operation == .simpleRNN ? .linear : try node.attributes.activation("recurrentActivation")
        let isUsual = function == .tanh && gateFunction == .sigmoid
        let kind: RecurrentCell.Kind
        var gateCount = 1
        var joinedGates = 1
        switch node.operation {
        case .lstm:
            kind = isUsual ? .fastLSTM(kernels.lstmStep) : .lstm
            gateCount = 4
            joinedGates = 4
        case .gru:
            let resetAfter = try node.attributes.boolean("resetAfter")
            kind = isUsual ? .fastGRU(kernels.gruStep) : .gru(resetAfter: resetAfter)
            gateCount = 3
            joinedGates = resetAfter ? 3 : 2
        default: kind = .simple
        }
        let stride = gateCount * units
        let packed = ConstantAddress(
            packedColumns(recurrent, stride: stride, from: 0, count: joinedGates * units, k: units))
        var candidate: ConstantAddress?
        if joinedGates < gateCount {
            candidate = ConstantAddress(
                packedColumns(recurrent, stride: stride, from: 2 * units, count: units, k: units))
        }
        let cellClip = node.operation == .lstm ? Float(try node.attributes.number("cellClip")) : 0
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
        return makeBuffer(byteCount: kernels.packedMatrixByteCount(k, count)) { packed in
            matrix.withFloats { kernels.packMatrix($0 + column, stride, 1, k, count, packed) }
        }
    }
}
