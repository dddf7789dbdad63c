import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

extension StepBuilder {
    /// TensorFlow Lite's fused LSTM: products with the input for all steps, then step by step.
    mutating func appendSequenceLSTM(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let output = try output(node)
        let extents = shape(input).extents
        guard extents.count == 3, shape(output).elementCount > 0 else {
            throw unsupported(node, "the input is not B × T × F", found: "\(shape(input))")
        }
        let isTimeMajor = try node.attributes.boolean("timeMajor")
        let features = extents[2]
        let rows = extents[0] * extents[1]
        let order = try gateOrder(node)
        let cell = try sequenceCell(node, order: order, width: shape(output)[2])
        let kernel = try gateMatrix(
            node, operands: order.map { 1 + $0 }, columns: features, bias: order.map { 12 + $0 })
        let gates = addValue(
            named: "\(node.name)/gates", ValueType(.float32, try Shape([rows, order.count * cell.units])))
        appendGateProducts(node, kernel, from: input, to: gates, rows: rows)
        let batches = extents[isTimeMajor ? 1 : 0]
        let run = SequenceRun(
            cell: cell, batches: batches, steps: rows / batches, batchStride: isTimeMajor ? 1 : extents[1],
            stepStride: isTimeMajor ? batches : 1, isBackward: try node.attributes.boolean("goBackwards"))
        let state = SequenceState(node, operands: 18)
        var draft = StepDraft(
            name: node.name, label: "sequenceLSTM \(run.steps)×\(cell.units)\(kernel.isQuantized ? " int8" : "")",
            reads: [gates] + state.reads, writes: [output] + state.writes
        ) { layout in
            let gates = layout.operand(gates)
            let output = layout.destination(output)
            let state = state.bound(layout)
            return { execution, _ in run.run(execution, gates.floats(execution), output.floats(execution), state) }
        }
        draft.scratchByteCount = cell.scratchByteCount
        draft.floatingPointOperations = 2 * rows * cell.units * cell.width * order.count
        append(draft)
    }

    /// Which gates there are, as operand numbers: input 0 (absent if coupled to the forget gate), forget 1, cell 2,
    /// output 3.
    private func gateOrder(_ node: TypedGraph.Node) throws(Fault) -> [Int] {
        node.input(1) == nil ? [1, 2, 3] : [0, 1, 2, 3]
    }

    private mutating func sequenceCell(
        _ node: TypedGraph.Node, order: [Int], width: Int
    ) throws(Fault) -> SequenceCell {
        let recurrent = try gateMatrix(node, operands: order.map { 5 + $0 }, columns: width, bias: nil)
        let units = recurrent.n / order.count
        var projection: SequenceMatrix?
        if node.input(16) != nil { projection = try gateMatrix(node, operands: [16], columns: units, bias: [17]) }
        let name = try node.attributes.text("activation")
        guard let activation = ActivationFunction(rawValue: name) else {
            throw Fault(.unsupportedAttribute, at: node.place, "there is no such activation", found: "'\(name)'")
        }
        return SequenceCell(
            units: units, width: width, isCoupled: order.count == 3, recurrent: recurrent, projection: projection,
            peepholes: (try peephole(node, 9), try peephole(node, 10), try peephole(node, 11)),
            activation: ElementwiseActivation(activation, kernels: kernels),
            sigmoid: ElementwiseActivation(.sigmoid, kernels: kernels),
            cellClip: Float(try node.attributes.number("cellClip")),
            projectionClip: Float(try node.attributes.number("projectionClip")),
            fast: !recurrent.isQuantized && order.count == 4 && projection == nil && activation == .tanh
                && node.input(10) == nil ? kernels.lstmStep : nil)
    }

    /// The peephole weights of a gate, as float32; nil if there are none.
    private mutating func peephole(_ node: TypedGraph.Node, _ index: Int) throws(Fault) -> ConstantAddress? {
        guard let value = node.input(index) else { return nil }
        guard let stored = graph.constant(value) else { throw notKnown(node) }
        let scale = stored.tensor.elementType == .int8 ? stored.quantization?.scales.first ?? 1 : 1
        let numbers = stored.tensor.doubles
        return ConstantAddress(
            makeBuffer(byteCount: numbers.count * 4) { bytes in
                let floats = bytes.assumingMemoryBound(to: Float.self)
                for index in numbers.indices { floats[index] = Float(numbers[index]) * scale }
            })
    }

    /// The matrices of some gates side by side, packed: columns × n.
    private mutating func gateMatrix(
        _ node: TypedGraph.Node, operands: [Int], columns k: Int, bias: [Int]?
    ) throws(Fault) -> SequenceMatrix {
        var parts: [StoredTensor] = []
        for index in operands {
            guard let stored = graph.constant(try operand(node, index)) else { throw notKnown(node) }
            parts.append(stored)
        }
        let isQuantized = parts[0].tensor.elementType == .int8
        let heights = parts.map { $0.tensor.shape.rank == 2 ? $0.tensor.shape[0] : 0 }
        let n = heights.reduce(0, +)
        guard n > 0, k > 0, !isQuantized || k <= QuantizedProduct.largestK,
            parts.allSatisfy({ $0.tensor.elementType == parts[0].tensor.elementType && $0.tensor.shape.rank == 2 }),
            parts.allSatisfy({ $0.tensor.shape[1] == k })
        else { throw unsupported(node, "gate weights of these shapes or types") }
        var biases = [Float](repeating: 0, count: n)
        var column = 0
        for (part, height) in heights.enumerated() {
            if let bias, let value = node.input(bias[part]) {
                guard let numbers = graph.constant(value)?.tensor.doubles, numbers.count == height else {
                    throw notKnown(node)
                }
                for index in 0..<height { biases[column + index] = Float(numbers[index]) }
            }
            column += height
        }
        let kernels = self.kernels
        let rows = Tensor(isQuantized ? .int8 : .float32, try Shape([n, k])) { bytes in
            var offset = 0
            for part in parts {
                part.tensor.withUnsafeBytes { source in
                    UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<(offset + source.count)])
                        .copyMemory(from: source)
                    offset += source.count
                }
            }
        }
        guard isQuantized || parts[0].tensor.elementType == .float32 else {
            throw unsuitable(node, parts[0].tensor.elementType)
        }
        let byteCount =
            isQuantized ? kernels.quantized.packedByteCount(k, n) : kernels.packedMatrixByteCount(k, n)
        let packed = makeBuffer(byteCount: byteCount) { packed in
            rows.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                if isQuantized {
                    kernels.quantized.packMatrix(start.assumingMemoryBound(to: Int8.self), k, n, packed)
                } else {
                    kernels.packMatrix(start.assumingMemoryBound(to: Float.self), 1, k, k, n, packed)
                }
            }
        }
        let scales = makeBuffer(byteCount: n * 4) { bytes in
            let scales = bytes.assumingMemoryBound(to: Float.self)
            var column = 0
            for (part, height) in zip(parts, heights) {
                for index in 0..<height { scales[column + index] = part.quantization?.scales.first ?? 1 }
                column += height
            }
        }
        let biasAddress = makeBuffer(byteCount: n * 4) { bytes in
            biases.withUnsafeBytes { source in
                if let start = source.baseAddress { bytes.copyMemory(from: start, byteCount: source.count) }
            }
        }
        return SequenceMatrix(
            k: k, n: n, isQuantized: isQuantized,
            isSymmetric: try !node.attributes.boolean("asymmetricQuantizeInputs"), packed: ConstantAddress(packed),
            scales: ConstantAddress(scales), bias: bias == nil ? nil : ConstantAddress(biasAddress), kernels: kernels)
    }

    private func notKnown(_ node: TypedGraph.Node) -> Fault {
        unsupported(node, "the weights must be known before the model runs")
    }

    /// Every step's product with the input and its bias. Rows are quantized each by its own range.
    private mutating func appendGateProducts(
        _ node: TypedGraph.Node, _ matrix: SequenceMatrix, from input: Int, to gates: Int, rows: Int
    ) {
        let splits = matrix.isQuantized || kernels.splitsRows
        var draft = StepDraft(
            name: "\(node.name)/input", label: "gates \(rows)×\(matrix.k)×\(matrix.n)", reads: [input], writes: [gates]
        ) { layout in
            let input = layout.operand(input)
            let gates = layout.destination(gates)
            return { execution, range in
                matrix.multiply(
                    execution.scratch, input.floats(execution), gates.floats(execution), rows: rows,
                    splits ? range : 0..<rows)
            }
        }
        if splits {
            draft.rows = rows
            draft.rowBlock = matrix.isQuantized ? kernels.quantized.rowBlock : kernels.rowBlock
            draft.alignedReads = [input]
        }
        draft.scratchByteCount = matrix.scratchByteCount
        draft.floatingPointOperations = 2 * rows * matrix.k * matrix.n
        append(draft)
    }
}
