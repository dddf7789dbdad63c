import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

/// A matrix product with constant weights and everything that is fused with it: rows of the input times one or more
/// kernels, whose results are side by side.
struct DenseStep {
    /// A kernel with its bias.
    struct Part {
        /// (k, n), or (n, k) if `isOutputMajor`.
        var kernel: StoredTensor
        var isOutputMajor: Bool
        var bias: StoredTensor?

        var inputCount: Int { kernel.tensor.shape[isOutputMajor ? 1 : 0] }
        var outputCount: Int { kernel.tensor.shape[isOutputMajor ? 0 : 1] }
        var isQuantized: Bool { kernel.tensor.elementType == .int8 }
    }

    /// Rows of the input that overlap: `count` of them, `stride` elements apart.
    struct Windows {
        var count: Int
        var stride: Int
    }

    var name: String
    var input: Int
    /// For float32 products only; nil if the input's rows follow each other.
    var windows: Windows?
    var parts: [Part]
    /// A constant of rows × n, added before the activation; there is no addend then.
    var rowTable: StoredTensor?
    /// What follows the product.
    var ending = ProductEnding()
    /// Whether an int8 product quantizes its rows symmetrically around zero, by the rule of the builtin kernels.
    var isSymmetric = false
    /// Whose rule quantizes the rows of an int8 product; that of the builtin kernels if they are symmetric.
    var rule = QuantizationRule.xnnpack
    var output: Int

    var inputCount: Int { parts[0].inputCount }
    var outputCount: Int { parts.map(\.outputCount).reduce(0, +) }
    /// How the kernels are packed.
    var form: String { parts.map { "\($0.kernel.tensor.shape)\($0.isOutputMajor ? "ᵀ" : "")" }.joined(separator: "+") }
}

extension StepBuilder {
    mutating func append(_ dense: DenseStep) throws(Fault) {
        let isQuantized = dense.parts[0].isQuantized
        guard dense.parts.allSatisfy({ $0.isQuantized == isQuantized }) else {
            throw Fault(.elementTypeMismatch, at: "node '\(dense.name)'", "kernels of different types are joined")
        }
        let k = dense.inputCount
        let n = dense.outputCount
        let rows = dense.windows?.count ?? (k == 0 ? 0 : shape(dense.input).elementCount / k)
        guard rows > 0, n > 0 else {
            throw Fault(
                .invalidValue, at: "node '\(dense.name)'", "a matrix product of nothing", found: "\(rows)×\(k)×\(n)")
        }
        var bias: ConstantAddress?
        if dense.parts.contains(where: { $0.bias != nil }) { bias = joinedBias(dense.parts, count: n) }
        var label = "dense \(rows)×\(k)×\(n)"
        if isQuantized { label += " int8" }
        if dense.windows != nil { label += " windows" }
        if dense.rowTable != nil { label += " +table" }
        label += dense.ending.label

        var template = try epilogue(dense.ending, bias: bias, columns: n, at: dense.name)
        if let table = dense.rowTable {
            template.rowTable = keep(table.tensor).floats
            template.rowTableStride = n
        }
        let finish = DenseFinish(dense.ending, columns: n, kernels: kernels)
        let product =
            isQuantized
            ? try quantizedProduct(dense, rows: rows, template)
            : floatProduct(dense, rows: rows, template)

        // BLAS may round differently for a part of a matrix.
        let splits = (isQuantized || kernels.splitsRows) && rows > 1
        var draft = StepDraft(
            name: dense.name, label: label, reads: [dense.input] + dense.ending.reads, writes: [dense.output]
        ) { [input = dense.input, output = dense.output, added = dense.ending.added] layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            let added = added.operands(layout)
            return { execution, share in
                let range = splits ? share : 0..<rows
                let outputStart = output.floats(execution)
                let residual = added.residual?.floats(execution)
                product.run(
                    execution, input.floats(execution), outputStart, added.addend?.floats(execution),
                    finish.isNeeded ? nil : residual, range)
                if finish.isNeeded { finish.run(outputStart, residual, range) }
            }
        }
        draft.rowwise = rowwise(dense, product, finish, rows: rows)
        draft.scratchByteCount = product.scratchByteCount
        draft.products = [ProductShape(count: 1, m: rows, k: k, n: n)]
        draft.part = isQuantized ? .quantizedProducts : .products
        draft.floatingPointOperations = 2 * rows * k * n
        if splits {
            draft.rows = rows
            draft.rowBlock = isQuantized ? kernels.quantized.rowBlock : kernels.rowBlock
            draft.alignedReads = dense.windows == nil ? draft.reads : dense.ending.reads
        }
        append(draft)
    }

    private mutating func joinedBias(_ parts: [DenseStep.Part], count: Int) -> ConstantAddress {
        ConstantAddress(
            makeBuffer(byteCount: count * 4) { bytes in
                var offset = 0
                for part in parts {
                    if let bias = part.bias?.tensor {
                        bytes.advanced(by: offset).copyMemory(from: bias.stableBytes, byteCount: part.outputCount * 4)
                    }
                    offset += part.outputCount * 4
                }
            })
    }

    private mutating func floatProduct(_ dense: DenseStep, rows: Int, _ epilogue: Epilogue) -> DenseProduct {
        let k = dense.inputCount
        let n = dense.outputCount
        let kernels = self.kernels
        let packed = makeBuffer(
            byteCount: kernels.packedMatrixByteCount(k, n), of: dense.parts.map(\.kernel.tensor), form: dense.form
        ) { packed in
            let standAlone = dense.parts.dropLast().allSatisfy { part in
                kernels.packedPanelWidth.map { part.outputCount.isMultiple(of: $0) } ?? false
            }
            if standAlone {
                StepBuilder.packApart(dense.parts, k, kernels, packed)
                return
            }
            // Joined kernels are side by side: k × (n₀ + n₁ + …).
            let joined = UnsafeMutablePointer<Float>.allocate(capacity: k * n)
            defer { joined.deallocate() }
            var column = 0
            for part in dense.parts {
                part.kernel.tensor.withFloats { kernel in
                    let width = part.outputCount
                    for row in 0..<k {
                        let target = joined + row * n + column
                        if part.isOutputMajor {
                            for index in 0..<width { target[index] = kernel[index * k + row] }
                        } else {
                            target.update(from: kernel + row * width, count: width)
                        }
                    }
                }
                column += part.outputCount
            }
            kernels.packMatrix(joined, n, 1, k, n, packed)
        }
        return DenseProduct(
            form: .float(ConstantAddress(packed), kernels.matmul), rows: rows, k: k, n: n, epilogue: epilogue,
            inputStride: dense.windows?.stride ?? k)
    }

    /// Each kernel into its own panels.
    private static func packApart(
        _ parts: [DenseStep.Part], _ k: Int, _ kernels: KernelSet, _ packed: UnsafeMutableRawPointer
    ) {
        var column = 0
        for part in parts {
            let width = part.outputCount
            let target = packed + (column == 0 ? 0 : kernels.packedMatrixByteCount(k, column))
            part.kernel.tensor.withFloats {
                kernels.packMatrix($0, part.isOutputMajor ? 1 : width, part.isOutputMajor ? k : 1, k, width, target)
            }
            column += width
        }
    }

    private mutating func quantizedProduct(
        _ dense: DenseStep, rows: Int, _ epilogue: Epilogue
    ) throws(Fault) -> DenseProduct {
        let k = dense.inputCount
        let n = dense.outputCount
        guard k <= QuantizedProduct.largestK else {
            throw Fault(
                .limitExceeded, at: "node '\(dense.name)'", "an int8 product has too many terms", found: "\(k)",
                expected: "at most \(QuantizedProduct.largestK)")
        }
        let kernels = self.kernels
        let scales = makeBuffer(byteCount: n * 4) { bytes in
            let scales = bytes.assumingMemoryBound(to: Float.self)
            var column = 0
            for part in dense.parts {
                let own = part.kernel.quantization?.scales ?? [1]
                for index in 0..<part.outputCount { scales[column + index] = own[own.count == 1 ? 0 : index] }
                column += part.outputCount
            }
        }
        let packed = makeBuffer(
            byteCount: kernels.quantized.packedByteCount(k, n), of: dense.parts.map(\.kernel.tensor), form: dense.form
        ) { packed in
            if dense.parts.count == 1, let part = dense.parts.first, part.isOutputMajor {
                part.kernel.tensor.withUnsafeBytes { bytes in
                    guard let weights = bytes.bindMemory(to: Int8.self).baseAddress else { return }
                    kernels.quantized.packMatrix(weights, k, n, packed)
                }
                return
            }
            let joined = UnsafeMutablePointer<Int8>.allocate(capacity: k * n)
            defer { joined.deallocate() }
            var target = joined
            for part in dense.parts {
                part.kernel.tensor.withUnsafeBytes { bytes in
                    guard let kernel = bytes.bindMemory(to: Int8.self).baseAddress else { return }
                    let width = part.outputCount
                    if part.isOutputMajor {
                        target.update(from: kernel, count: width * k)
                    } else {
                        for index in 0..<width {
                            for column in 0..<k { target[index * k + column] = kernel[column * width + index] }
                        }
                    }
                    target += width * k
                }
            }
            kernels.quantized.packMatrix(joined, k, n, packed)
        }
        return DenseProduct(
            form: .quantized(
                ConstantAddress(packed), ConstantAddress(scales), kernels.quantized.quantizeRows,
                kernels.quantized.matmul),
            rows: rows, k: k, n: n, epilogue: epilogue, quantizedStride: kernels.quantized.rowStride(k),
            quantizedElement: kernels.quantized.element,
            isSymmetric: dense.isSymmetric, rule: dense.isSymmetric ? .builtin : dense.rule)
    }
}

/// The product itself, float or dynamic-range int8.
struct DenseProduct: Sendable {
    enum Form: Sendable {
        case float(ConstantAddress, @Sendable (PackedProduct, Range<Int>) -> Void)
        case quantized(
            ConstantAddress, ConstantAddress,
            @Sendable (
                QuantizationRule, UnsafePointer<Float>, Int, UnsafeMutableRawPointer, Int,
                UnsafeMutablePointer<RowQuantization>, Int, Int
            ) -> Void,
            @Sendable (QuantizedProduct, Range<Int>) -> Void)
    }

    let form: Form
    let rows: Int
    let k: Int
    let n: Int
    var epilogue: Epilogue
    var inputStride = 0
    var quantizedStride = 0
    var quantizedElement = QuantizedRowElement.uint8
    var isSymmetric = false
    var rule = QuantizationRule.xnnpack

    /// Quantized rows, then their scales and zero points.
    var scratchByteCount: Int {
        guard case .quantized = form else { return 0 }
        return quantizationOffset + rows * MemoryLayout<RowQuantization>.stride
    }

    private var quantizationOffset: Int { (rows * quantizedStride + 63) / 64 * 64 }

    @inline(__always)
    func run(
        _ execution: Execution, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ addend: UnsafePointer<Float>?, _ residual: UnsafePointer<Float>?, _ range: Range<Int>
    ) {
        var epilogue = epilogue
        if let addend { epilogue.rowTable = addend }
        epilogue.residual = residual
        epilogue.residualStride = n
        switch form {
        case .float(let packed, let matmul):
            matmul(
                PackedProduct(
                    a: input, aStride: inputStride, b: packed.bytes, c: output, cStride: n, m: rows, k: k, n: n,
                    epilogue: epilogue), range)
        case .quantized(let packed, let scales, let quantizeRows, let matmul):
            let bytes = execution.scratch
            let quantization = (execution.scratch + quantizationOffset).assumingMemoryBound(to: RowQuantization.self)
            if isSymmetric {
                for row in range {
                    SymmetricQuantization.quantize(
                        input + row &* k, count: k, stride: quantizedStride, bytes + row &* quantizedStride,
                        as: quantizedElement, quantization + row)
                }
            } else {
                quantizeRows(
                    rule, input + range.lowerBound &* k, k, bytes + range.lowerBound &* quantizedStride,
                    quantizedStride, quantization + range.lowerBound, range.count, k)
            }
            matmul(
                QuantizedProduct(
                    a: bytes, aStride: quantizedStride, rowQuantization: quantization, b: packed.bytes,
                    weightScales: scales.floats, rule: rule, c: output, cStride: n,
                    m: rows, k: k, n: n,
                    epilogue: epilogue), range)
        }
    }
}

extension Tensor {
    /// The elements of a float32 tensor.
    func withFloats<Result>(_ body: (UnsafePointer<Float>) -> Result) -> Result {
        body(stableBytes.assumingMemoryBound(to: Float.self))
    }
}
