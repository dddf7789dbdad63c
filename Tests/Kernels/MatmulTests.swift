import EmotionFormerKernels
import Testing

/// Matrix products at odd sizes against float64.
@Suite struct MatmulTests {
    static let shapes: [(m: Int, k: Int, n: Int)] = [
        (1, 1, 1), (1, 5, 33), (1, 9, 55), (1, 9, 111), (1, 128, 130), (5, 1, 15), (5, 17, 31), (6, 3, 16), (7, 31, 48),
        (11, 8, 17),
        (12, 16, 32), (13, 33, 33), (15, 5, 1), (17, 15, 64), (25, 40, 65), (31, 7, 5), (33, 17, 96), (3, 300, 6),
    ]

    @Test(arguments: InstructionSet.available)
    func packedProductsEqualFloat64(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for (m, k, n) in Self.shapes {
            let aStride = k + 3
            let cStride = n + 5
            let a = Buffer(random: m * aStride, seed: 1)
            let b = Buffer(random: k * n, seed: 2)
            let c = Buffer(count: m * cStride)
            let packed = Buffer<UInt8>(count: kernels.packedMatrixByteCount(k, n), fill: 7)
            kernels.packMatrix(b.address, n, 1, k, n, packed.address)
            kernels.matmul(
                PackedProduct(
                    a: a.address, aStride: aStride, b: packed.address, c: c.address, cStride: cStride, m: m, k: k, n: n),
                0..<m)
            let expected = Oracle.product(a.address, aStride, 1, b.address, n, 1, m: m, k: k, n: n)
            let difference = largestDifference(Self.rows(c, m, n, cStride), expected)
            #expect(difference < 1e-5, "\(level) \(m)×\(k)×\(n)")
            let gaps = (0..<m).flatMap { row in (n..<cStride).map { c.address[row * cStride + $0] } }
            #expect(gaps.allSatisfy { $0 == 12345 }, "nothing may be written between rows")
            #expect(c.isMarginUntouched && packed.isMarginUntouched)
        }
    }

    /// Weights may come transposed, as TensorFlow Lite stores them.
    @Test(arguments: InstructionSet.available)
    func packingTakesAnyStride(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let (m, k, n) = (7, 19, 37)
        let a = Buffer(random: m * k, seed: 3)
        let b = Buffer(random: n * k, seed: 4)
        let c = Buffer(count: m * n)
        let packed = Buffer<UInt8>(count: kernels.packedMatrixByteCount(k, n), fill: 7)
        kernels.packMatrix(b.address, 1, k, k, n, packed.address)
        kernels.matmul(
            PackedProduct(a: a.address, aStride: k, b: packed.address, c: c.address, cStride: n, m: m, k: k, n: n),
            0..<m)
        let expected = Oracle.product(a.address, k, 1, b.address, 1, k, m: m, k: k, n: n)
        #expect(largestDifference(c.values, expected) < 1e-5)
    }

    /// As plans pack matrices that they join.
    @Test(arguments: InstructionSet.available)
    func wholePanelsMayBePackedApart(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        guard let width = kernels.packedPanelWidth else { return }
        let (k, n) = (19, 3 * width + 5)
        let b = Buffer(random: n * k, seed: 4)
        let byteCount = kernels.packedMatrixByteCount(k, n)
        let whole = Buffer<UInt8>(count: byteCount, fill: 7)
        kernels.packMatrix(b.address, n, 1, k, n, whole.address)
        let apart = Buffer<UInt8>(count: byteCount, fill: 9)
        let rest = kernels.packedMatrixByteCount(k, 2 * width)
        kernels.packMatrix(b.address, n, 1, k, 2 * width, apart.address)
        kernels.packMatrix(b.address + 2 * width, n, 1, k, n - 2 * width, apart.address + rest)
        #expect(apart.values == whole.values && apart.isMarginUntouched)
    }

    /// A convolution reads rows that overlap.
    @Test(arguments: InstructionSet.available)
    func rowsMayOverlap(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let (m, k, n, stride) = (17, 15, 20, 5)
        let a = Buffer(random: (m - 1) * stride + k, seed: 3)
        let b = Buffer(random: k * n, seed: 4)
        let c = Buffer(count: m * n)
        let packed = Buffer<UInt8>(count: kernels.packedMatrixByteCount(k, n), fill: 7)
        kernels.packMatrix(b.address, n, 1, k, n, packed.address)
        kernels.matmul(
            PackedProduct(a: a.address, aStride: stride, b: packed.address, c: c.address, cStride: n, m: m, k: k, n: n),
            0..<m)
        let expected = Oracle.product(a.address, stride, 1, b.address, n, 1, m: m, k: k, n: n)
        #expect(largestDifference(c.values, expected) < 1e-5)
    }

    @Test(arguments: InstructionSet.available)
    func epiloguesEqualFloat64(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let (m, k, n) = (13, 9, 37)
        let a = Buffer(random: m * k, seed: 5, scale: 2)
        let b = Buffer(random: k * n, seed: 6)
        let bias = Buffer(random: n, seed: 7)
        let table = Buffer(random: m * (n + 1), seed: 8)
        let residual = Buffer(random: m * (n + 2), seed: 9)
        let slopes = Buffer(random: n, seed: 10)
        let packed = Buffer<UInt8>(count: kernels.packedMatrixByteCount(k, n), fill: 7)
        kernels.packMatrix(b.address, n, 1, k, n, packed.address)
        let raw = Oracle.product(a.address, k, 1, b.address, n, 1, m: m, k: k, n: n)
        for activation in Activation.allCases {
            let c = Buffer(count: m * n)
            let epilogue = Epilogue(
                scale: 0.75, bias: bias.address, rowTable: table.address, rowTableStride: n + 1, activation: activation,
                slopes: slopes.address, residual: residual.address, residualStride: n + 2)
            kernels.matmul(
                PackedProduct(
                    a: a.address, aStride: k, b: packed.address, c: c.address, cStride: n, m: m, k: k, n: n,
                    epilogue: epilogue), 0..<m)
            let expected = raw.indices.map { index in
                let (row, column) = (index / n, index % n)
                let sum =
                    0.75 * raw[index] + Double(bias.address[column]) + Double(table.address[row * (n + 1) + column])
                return Oracle.activation(activation, sum, slope: Double(slopes.address[column]))
                    + Double(residual.address[row * (n + 2) + column])
            }
            #expect(largestDifference(c.values, expected) < 3e-6, "\(level) \(activation)")
        }
    }

    /// What is added before the activation may have fewer columns than the product: nothing is read behind them, and the
    /// other columns get nothing. The last panel may have any number of columns, and the rows any number of blocks.
    @Test(arguments: InstructionSet.available)
    func tablesMayHaveFewerColumns(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for (m, n) in [(27, 8), (26, 16), (13, 24), (25, 28), (12, 37), (5, 42), (1, 50), (31, 6), (30, 2)] {
            for covered in [1, 4, 8, 15, 16, 17, 24, 36, n - 1, n] where covered > 0 && covered <= n {
                let k = 9
                let a = Buffer(random: m * k, seed: 5, scale: 2)
                let b = Buffer(random: k * n, seed: 6)
                let bias = Buffer(random: n, seed: 7)
                let table = Buffer(random: m * covered, seed: 8)
                let slopes = Buffer(random: n, seed: 9)
                let c = Buffer(count: m * n)
                let packed = Buffer<UInt8>(count: kernels.packedMatrixByteCount(k, n), fill: 7)
                kernels.packMatrix(b.address, n, 1, k, n, packed.address)
                let raw = Oracle.product(a.address, k, 1, b.address, n, 1, m: m, k: k, n: n)
                for activation in [Activation.prelu, .relu, .relu6, .tanh] {
                    kernels.matmul(
                        PackedProduct(
                            a: a.address, aStride: k, b: packed.address, c: c.address, cStride: n, m: m, k: k, n: n,
                            epilogue: Epilogue(
                                bias: bias.address, rowTable: table.address, rowTableStride: covered,
                                rowTableColumns: covered, activation: activation, slopes: slopes.address)), 0..<m)
                    let expected = raw.indices.map { index in
                        let (row, column) = (index / n, index % n)
                        var sum = raw[index] + Double(bias.address[column])
                        if column < covered { sum += Double(table.address[row * covered + column]) }
                        return Oracle.activation(activation, sum, slope: Double(slopes.address[column]))
                    }
                    #expect(
                        largestDifference(c.values, expected) < 1e-5 && c.isMarginUntouched,
                        "\(level) \(m)×\(n), \(covered) columns, \(activation)")
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func residualMayBeTheOutput(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let (m, k, n) = (13, 9, 37)
        let a = Buffer(random: m * k, seed: 5)
        let b = Buffer(random: k * n, seed: 6)
        let bias = Buffer(random: n, seed: 7)
        let c = Buffer(random: m * n, seed: 8)
        let before = c.values
        let packed = Buffer<UInt8>(count: kernels.packedMatrixByteCount(k, n), fill: 7)
        kernels.packMatrix(b.address, n, 1, k, n, packed.address)
        kernels.matmul(
            PackedProduct(
                a: a.address, aStride: k, b: packed.address, c: c.address, cStride: n, m: m, k: k, n: n,
                epilogue: Epilogue(scale: 2, bias: bias.address, residual: UnsafePointer(c.address), residualStride: n)),
            0..<m)
        let raw = Oracle.product(a.address, k, 1, b.address, n, 1, m: m, k: k, n: n)
        let expected = raw.indices.map { 2 * raw[$0] + Double(bias.address[$0 % n]) + Double(before[$0]) }
        #expect(largestDifference(c.values, expected) < 1e-5)
    }

    /// Whatever the threads make of the rows, the bits are the same, and so they are for fewer rows.
    @Test(arguments: InstructionSet.available)
    func rowsDoNotDependOnThePartition(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        guard kernels.splitsRows else { return }
        for n in [70, 72, 8, 24] { rowsDoNotDependOnThePartition(kernels, n) }
    }

    private func rowsDoNotDependOnThePartition(_ kernels: KernelSet, _ n: Int) {
        let (m, k) = (29, 33)
        let a = Buffer(random: m * k, seed: 5)
        let b = Buffer(random: k * n, seed: 6)
        let packed = Buffer<UInt8>(count: kernels.packedMatrixByteCount(k, n), fill: 7)
        kernels.packMatrix(b.address, n, 1, k, n, packed.address)
        func product(_ activation: Activation, _ ranges: [Range<Int>]) -> [UInt32] {
            let c = Buffer(count: m * n)
            for range in ranges {
                kernels.matmul(
                    PackedProduct(
                        a: a.address, aStride: k, b: packed.address, c: c.address, cStride: n, m: m, k: k, n: n,
                        epilogue: Epilogue(bias: b.address, activation: activation, slopes: a.address)), range)
            }
            return c.values.map(\.bitPattern)
        }
        for activation in [Activation.gelu, .relu6, .prelu] {
            let whole = product(activation, [0..<m])
            #expect(product(activation, [0..<1, 1..<8, 8..<8, 8..<21, 21..<29]) == whole)
            #expect(product(activation, (0..<m).map { $0..<($0 + 1) }) == whole)
        }
    }

    @Test(arguments: InstructionSet.available)
    func stridedProductsEqualFloat64(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for (m, k, n) in Self.shapes {
            for isATransposed in [false, true] {
                for isBTransposed in [false, true] {
                    let a = Buffer(random: (m + 2) * (k + 2), seed: 1)
                    let b = Buffer(random: (k + 1) * (n + 1), seed: 2)
                    let c = Buffer(count: m * n)
                    let aStrides = isATransposed ? (1, m + 2) : (k + 2, 1)
                    let bStrides = isBTransposed ? (1, k + 1) : (n + 1, 1)
                    let scratch = Buffer<UInt8>(count: kernels.stridedScratchByteCount(m, k, n), fill: 7)
                    kernels.matmulStrided(
                        StridedProduct(
                            a: a.address, aRowStride: aStrides.0, aColumnStride: aStrides.1, b: b.address,
                            bRowStride: bStrides.0, bColumnStride: bStrides.1, c: c.address, cStride: n, m: m, k: k,
                            n: n
                        ), 0..<m, scratch.address)
                    let expected = Oracle.product(
                        a.address, aStrides.0, aStrides.1, b.address, bStrides.0, bStrides.1, m: m, k: k, n: n)
                    #expect(largestDifference(c.values, expected) < 1e-5, "\(level) \(m)×\(k)×\(n)")
                    #expect(c.isMarginUntouched && scratch.isMarginUntouched)
                }
            }
        }
    }

    static func rows(_ c: Buffer<Float>, _ m: Int, _ n: Int, _ stride: Int) -> [Float] {
        (0..<m).flatMap { row in (0..<n).map { c.address[row * stride + $0] } }
    }
}
