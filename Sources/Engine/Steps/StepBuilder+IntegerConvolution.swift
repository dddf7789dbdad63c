import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

extension StepBuilder {
    /// A convolution of int8 numbers as products of gathered windows.
    /// - Returns: false if the kernel does not take it.
    mutating func appendIntegerKernelConvolution(_ node: TypedGraph.Node) throws(Fault) -> Bool {
        let (input, output) = (try operand(node, 0), try output(node))
        guard let weights = graph.constant(try operand(node, 1))?.tensor, weights.elementType == .int8,
            type(input).elementType == .int8, weights.shape.rank == 4
        else { return false }
        let (outputs, depth) = (weights.shape[0], weights.shape[3])
        let grid = try WindowGrid(
            over: shape(input), extents: [weights.shape[1], weights.shape[2]],
            strides: node.attributes.integers("strides"), dilations: node.attributes.integers("dilations"),
            padding: node.attributes.text("padding"), for: node)
        let k = grid.rows.extent * grid.columns.extent * depth
        let context = integerContext(node)
        let zeroPoint = try context.quantization(0).zeroPoint
        guard grid.channels == depth, grid.count > 0, k > 0, k <= QuantizedProduct.largestK, outputs > 0,
            let layer = try packedLayer(
                node, weights, k: k, n: outputs, zeroPoint: zeroPoint, context.integerProduct())
        else { return false }
        let stride = kernels.quantized.rowStride(k)
        let block = WindowGrid.block(windowByteCount: stride)
        let quantized = kernels.quantized
        let element = kernels.quantized.element
        let placeByteCount = depth * element.byteCount
        // Outside of the input lies its zero point; the kernel's input has 128 added.
        let zero = UInt8(truncatingIfNeeded: zeroPoint + 128)
        var draft = StepDraft(
            name: node.name, label: label(node, output), reads: [input], writes: [output]
        ) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let x = input.elements(execution, as: Int8.self)
                let y = output.elements(execution, as: Int8.self)
                let windows = execution.scratch
                var first = rows.lowerBound
                while first < rows.upperBound {
                    let count = min(block, rows.upperBound &- first)
                    for window in 0..<count {
                        let target = windows + window &* stride
                        grid.forEachPlace(of: first &+ window) { place, offset in
                            let target = target + place &* placeByteCount
                            if let offset {
                                quantized.biasIntegers(x + offset, target, placeByteCount, 1, depth)
                            } else {
                                element.fill(target, zero, count: depth)
                            }
                        }
                    }
                    quantized.matmulIntegers(
                        IntegerMatrixProduct(
                            a: windows, aStride: stride, b: layer.packed.bytes, offsets: layer.offsets,
                            rowOffsets: nil, scaling: layer.factors.scaling, c: y + first &* outputs, cStride: outputs,
                            m: count, k: k, n: outputs), 0..<count)
                    first &+= count
                }
            }
        }
        draft.rows = grid.count
        draft.rowBlock = kernels.quantized.rowBlock
        draft.scratchByteCount = block * stride + 64
        draft.floatingPointOperations = Work.product(2, grid.count, k, outputs)
        append(draft)
        return true
    }
}
