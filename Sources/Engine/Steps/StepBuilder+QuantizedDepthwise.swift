import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels

extension StepBuilder {
    /// Dynamic range by the rule of the builtin kernels, which LiteRT uses here: the whole image is quantized by one
    /// range, and padding contributes nothing.
    mutating func appendQuantizedDepthwise(
        _ node: TypedGraph.Node, input: Int, output: Int, _ weights: StoredTensor, _ grid: WindowGrid, multiplier: Int
    ) throws(Fault) {
        let width = grid.channels * multiplier
        guard let quantization = weights.quantization, quantization.zeroPoints.allSatisfy({ $0 == 0 }),
            quantization.scales.count == 1 || quantization.scales.count == width,
            let integers = weights.tensor.elements(as: Int8.self)
        else {
            throw unsupported(node, "weights without a symmetric quantization")
        }
        let packed = ConstantAddress(
            makeBuffer(byteCount: integers.count) { bytes in
                integers.withUnsafeBytes { source in
                    if let base = source.baseAddress { bytes.copyMemory(from: base, byteCount: source.count) }
                }
            })
        let own = quantization.scales
        let scales = ConstantAddress(
            makeBuffer(byteCount: width * 4) { bytes in
                let scales = bytes.assumingMemoryBound(to: Float.self)
                for index in 0..<width { scales[index] = own[own.count == 1 ? 0 : index] }
            })
        let run = QuantizedDepthwise(
            grid: grid, multiplier: multiplier, width: width, packed: packed, scales: scales,
            bias: try makeBias(node, count: width), imageByteCount: kernels.quantized.rowStride(grid.imageSize),
            element: kernels.quantized.element, isSymmetric: try !node.attributes.boolean("asymmetricQuantizeInputs"),
            quantize: kernels.quantized.quantizeMatrix)
        var draft = StepDraft(
            name: node.name, label: "depthwise \(grid.count)×\(width) int8", reads: [input], writes: [output]
        ) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, _ in
                run.run(execution.scratch, input.floats(execution), output.floats(execution))
            }
        }
        draft.scratchByteCount = run.scratchByteCount
        draft.otherOperations = Work.product(grid.count, grid.rows.extent, grid.columns.extent, width)
        append(draft)
    }
}

private struct QuantizedDepthwise: Sendable {
    let grid: WindowGrid
    let multiplier: Int
    let width: Int
    let packed: ConstantAddress
    let scales: ConstantAddress
    let bias: ConstantAddress?
    let imageByteCount: Int
    let element: QuantizedRowElement
    let isSymmetric: Bool
    let quantize:
        @Sendable (
            QuantizationRule, UnsafePointer<Float>, Int, UnsafeMutableRawPointer, Int,
            UnsafeMutablePointer<RowQuantization>, Int, Int
        ) -> Void

    private var imageOffset: Int { 64 + (width * 4 + 63) / 64 * 64 }
    /// The quantization, the sums of one window, the image.
    var scratchByteCount: Int { imageOffset + imageByteCount }

    func run(
        _ scratch: UnsafeMutableRawPointer, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
    ) {
        let quantization = scratch.assumingMemoryBound(to: RowQuantization.self)
        let image = scratch + imageOffset
        let windows = grid.rows.count &* grid.columns.count
        for batch in 0..<grid.batches {
            let start = batch &* grid.imageSize
            if isSymmetric {
                SymmetricQuantization.quantize(
                    input + start, count: grid.imageSize, stride: imageByteCount, image, as: element, quantization)
            } else {
                quantize(
                    .builtin, input + start, grid.imageSize, image, imageByteCount, quantization, 1, grid.imageSize)
            }
            let range = (batch &* windows)..<((batch &+ 1) &* windows)
            switch element {
            case .uint8: multiply(scratch, image.assumingMemoryBound(to: UInt8.self), start, output, range)
            case .uint16: multiply(scratch, image.assumingMemoryBound(to: UInt16.self), start, output, range)
            }
        }
    }

    /// The windows of one batch, whose image is quantized; `start` is where its floats begin.
    private func multiply<Value: FixedWidthInteger>(
        _ scratch: UnsafeMutableRawPointer, _ image: UnsafePointer<Value>, _ start: Int,
        _ output: UnsafeMutablePointer<Float>, _ range: Range<Int>
    ) {
        let quantization = scratch.assumingMemoryBound(to: RowQuantization.self).pointee
        let sums = (scratch + 64).assumingMemoryBound(to: Int32.self)
        let weights = packed.bytes.assumingMemoryBound(to: Int8.self)
        let zero = quantization.zeroPoint
        for window in range {
            sums.update(repeating: 0, count: width)
            grid.forEachPlace(of: window) { index, offset in
                guard let offset else { return }
                let x = image + (offset &- start)
                let w = weights + index &* width
                for column in 0..<width {
                    sums[column] &+= (Int32(truncatingIfNeeded: x[column / multiplier]) &- zero) &* Int32(w[column])
                }
            }
            let y = output + window &* width
            for column in 0..<width {
                y[column] =
                    (bias?.floats[column] ?? 0) + Float(sums[column]) * (scales.floats[column] * quantization.scale)
            }
        }
    }
}
