import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

extension StepBuilder {
    /// Dynamic range by one of LiteRT's rules: the whole image is quantized by one range, and padding has the zero point. Batches are computed one after the other.
    mutating func appendQuantizedConvolution(
        _ node: TypedGraph.Node, input: Int, output: Int, _ weights: StoredTensor, _ grid: WindowGrid
    ) throws(Fault) {
        guard try node.attributes.boolean("asymmetricQuantizeInputs") else {
            throw Fault(.unsupportedAttribute, at: node.place, "symmetric quantization of a convolution's input")
        }
        guard let quantization = weights.quantization, quantization.zeroPoints.allSatisfy({ $0 == 0 }) else {
            throw unsupported(node, "weights without a symmetric quantization")
        }
        let (outputs, depth) = (weights.tensor.shape[0], weights.tensor.shape[3])
        let groups = max(grid.channels / max(depth, 1), 1)
        let places = grid.rows.extent * grid.columns.extent
        let k = places * depth
        guard k <= QuantizedProduct.largestK else {
            throw Fault(
                .limitExceeded, at: node.place, "an int8 product has too many terms", found: "\(k)",
                expected: "at most \(QuantizedProduct.largestK)")
        }
        let width = outputs / groups
        let kernels = self.kernels
        let packedStride = (kernels.quantized.packedByteCount(k, width) + 63) / 64 * 64
        let packed = ConstantAddress(
            makeBuffer(byteCount: packedStride * groups) { packed in
                weights.tensor.withUnsafeBytes { bytes in
                    guard let rows = bytes.bindMemory(to: Int8.self).baseAddress else { return }
                    for group in 0..<groups {
                        kernels.quantized.packMatrix(
                            rows + group * width * k, k, width, packed + group * packedStride)
                    }
                }
            })
        let own = quantization.scales
        guard own.count == 1 || own.count == outputs else {
            throw unsupported(node, "a quantization that is not one scale an output channel")
        }
        let scales = ConstantAddress(
            makeBuffer(byteCount: outputs * 4) { bytes in
                let scales = bytes.assumingMemoryBound(to: Float.self)
                for index in 0..<outputs { scales[index] = own.count == 1 ? own[0] : own[index] }
            })
        let bias = try makeBias(node, count: outputs)
        let rule: QuantizationRule = try node.attributes.integerRule() == .xnnpack ? .xnnpack : .builtin
        let run = QuantizedConvolution(
            rule: rule,
            grid: grid, depth: depth, groups: groups, k: k, width: width, packed: packed, packedStride: packedStride,
            scales: scales, bias: bias, imageByteCount: kernels.quantized.rowStride(grid.imageSize),
            element: kernels.quantized.element, windowStride: kernels.quantized.rowStride(k),
            block: WindowGrid.block(windowByteCount: kernels.quantized.rowStride(k)),
            quantize: kernels.quantized.quantizeMatrix,
            multiply: kernels.quantized.matmul)
        var draft = StepDraft(
            name: node.name, label: label(node, output) + " int8", reads: [input], writes: [output]
        ) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, _ in
                run.run(execution.scratch, input.floats(execution), output.floats(execution))
            }
        }
        draft.scratchByteCount = run.scratchByteCount
        draft.floatingPointOperations = 2 * grid.count * k * outputs
        append(draft)
    }
}

private struct QuantizedConvolution: Sendable {
    let rule: QuantizationRule
    let grid: WindowGrid
    let depth: Int
    let groups: Int
    let k: Int
    let width: Int
    let packed: ConstantAddress
    let packedStride: Int
    let scales: ConstantAddress
    let bias: ConstantAddress?
    let imageByteCount: Int
    let element: QuantizedRowElement
    /// Bytes of one window's quantized numbers.
    let windowStride: Int
    let block: Int
    let quantize:
        @Sendable (
            QuantizationRule, UnsafePointer<Float>, Int, UnsafeMutableRawPointer, Int,
            UnsafeMutablePointer<RowQuantization>, Int, Int
        ) -> Void
    let multiply: @Sendable (QuantizedProduct, Range<Int>) -> Void

    private var windowCount: Int { grid.rows.count * grid.columns.count }
    private var windowsOffset: Int { 64 + (imageByteCount + 63) / 64 * 64 }
    /// The quantization, the image, some windows of one group.
    var scratchByteCount: Int { windowsOffset + block * windowStride }

    func run(
        _ scratch: UnsafeMutableRawPointer, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
    ) {
        let quantization = scratch.assumingMemoryBound(to: RowQuantization.self)
        let image = scratch + 64
        let windows = scratch + windowsOffset
        let outputs = groups &* width
        for batch in 0..<grid.batches {
            quantize(
                rule, input + batch &* grid.imageSize, grid.imageSize, image, imageByteCount, quantization, 1,
                grid.imageSize)
            let zero = UInt8(truncatingIfNeeded: quantization.pointee.zeroPoint)
            var first = batch &* windowCount
            let end = first &+ windowCount
            while first < end {
                let count = min(block, end &- first)
                for group in 0..<groups {
                    let channel = group &* depth &- batch &* grid.imageSize
                    for window in 0..<count {
                        gather(image, channel, first &+ window, windows + window &* windowStride, zero)
                    }
                    let column = group &* width
                    multiply(
                        QuantizedProduct(
                            a: windows, aStride: windowStride, rowQuantization: quantization, rowQuantizationStride: 0,
                            b: packed.bytes + group &* packedStride, weightScales: scales.floats + column,
                            rule: rule, c: output + (first &* outputs &+ column), cStride: outputs, m: count, k: k,
                            n: width, epilogue: Epilogue(bias: bias.map { $0.floats + column })), 0..<count)
                }
                first &+= count
            }
        }
    }

    private func gather(
        _ image: UnsafeRawPointer, _ channel: Int, _ window: Int, _ target: UnsafeMutableRawPointer, _ zero: UInt8
    ) {
        let size = element.byteCount
        let byteCount = depth &* size
        grid.forEachPlace(of: window) { index, offset in
            let place = target + index &* byteCount
            if let offset {
                place.copyMemory(from: image + (offset &+ channel) &* size, byteCount: byteCount)
            } else {
                element.fill(place, zero, count: depth)
            }
        }
        let end = k &* size
        (target + end).initializeMemory(as: UInt8.self, repeating: 0, count: windowStride &- end)
    }
}
