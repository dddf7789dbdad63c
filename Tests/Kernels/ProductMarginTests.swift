import EmotionFormerKernels
import Testing

/// Every small product: right, and not a byte written outside its rows, neither past the last column nor between rows.
@Suite struct ProductMarginTests {
    /// Heights around those of every block of rows, one row above all.
    static let heights = [1, 2, 3, 5, 6, 7, 12, 13]
    /// Widths around those of vectors and panels.
    static let widths = Array(1...70) + [95, 96, 97, 111]
    static let depths = [1, 9]

    private static func shapes() -> [(m: Int, k: Int, n: Int)] {
        heights.flatMap { m in depths.flatMap { k in widths.map { (m, k, $0) } } }
    }

    /// What a product's output is checked for; rows are `gap` floats apart.
    private struct Output {
        let m: Int
        let n: Int
        let stride: Int
        let buffer: Buffer<Float>

        init(_ m: Int, _ n: Int, gap: Int) {
            (self.m, self.n, stride) = (m, n, n + gap)
            buffer = Buffer(count: m * (n + gap))
        }

        func problem(_ expected: [Double], tolerance: Double) -> String? {
            if !buffer.isMarginUntouched { return "written outside the output" }
            for row in 0..<m {
                for column in n..<stride where buffer.address[row * stride + column] != 12345 {
                    return "written behind row \(row)"
                }
            }
            let difference = largestDifference(MatmulTests.rows(buffer, m, n, stride), expected)
            return difference < tolerance ? nil : "off by \(difference)"
        }
    }

    @Test(arguments: InstructionSet.available, [0, 3])
    func packedProducts(level: InstructionSet, gap: Int) {
        let kernels = KernelSet.kernels(for: level)
        for (m, k, n) in Self.shapes() {
            let a = Buffer(random: m * k, seed: 1)
            let b = Buffer(random: k * n, seed: 2)
            let bias = Buffer(random: n, seed: 3)
            let residual = Buffer(random: m * n, seed: 4)
            let packed = Buffer<UInt8>(count: kernels.packedMatrixByteCount(k, n), fill: 7)
            kernels.packMatrix(b.address, n, 1, k, n, packed.address)
            let raw = Oracle.product(a.address, k, 1, b.address, n, 1, m: m, k: k, n: n)
            for isFinished in [false, true] {
                let c = Output(m, n, gap: gap)
                let epilogue =
                    isFinished
                    ? Epilogue(
                        bias: UnsafePointer(bias.address), activation: .relu, residual: UnsafePointer(residual.address),
                        residualStride: n) : Epilogue()
                kernels.matmul(
                    PackedProduct(
                        a: a.address, aStride: k, b: packed.address, c: c.buffer.address, cStride: c.stride, m: m, k: k,
                        n: n, epilogue: epilogue), 0..<m)
                let expected =
                    isFinished
                    ? raw.indices.map {
                        max(0, raw[$0] + Double(bias.address[$0 % n])) + Double(residual.address[$0])
                    } : raw
                let problem = c.problem(expected, tolerance: 1e-5)
                #expect(problem == nil, "\(level) \(m)×\(k)×\(n), \(isFinished ? "with" : "without") an epilogue")
            }
            #expect(packed.isMarginUntouched)
        }
    }

    @Test(arguments: InstructionSet.available, [0, 3])
    func stridedProducts(level: InstructionSet, gap: Int) {
        let kernels = KernelSet.kernels(for: level)
        for (m, k, n) in Self.shapes() {
            let a = Buffer(random: m * k, seed: 1)
            let b = Buffer(random: k * n, seed: 2)
            let c = Output(m, n, gap: gap)
            let scratch = Buffer<UInt8>(count: kernels.stridedScratchByteCount(m, k, n), fill: 7)
            kernels.matmulStrided(
                StridedProduct(
                    a: a.address, aRowStride: k, b: b.address, bRowStride: n, c: c.buffer.address, cStride: c.stride,
                    m: m, k: k, n: n), 0..<m, scratch.address)
            let expected = Oracle.product(a.address, k, 1, b.address, n, 1, m: m, k: k, n: n)
            let problem = c.problem(expected, tolerance: 1e-5)
            #expect(problem == nil && scratch.isMarginUntouched, "\(level) \(m)×\(k)×\(n)")
        }
    }

    @Test(arguments: InstructionSet.available, QuantizationRule.allCases)
    func quantizedProducts(level: InstructionSet, rule: QuantizationRule) {
        let kernels = KernelSet.kernels(for: level)
        for (m, k, n) in Self.shapes() {
            // Checks its margins itself.
            let test = QuantizedTests.Product(kernels, rule, m, k, n)
            #expect(test.run([0..<m], hasBias: true) == test.expected(hasBias: true), "\(level) \(m)×\(k)×\(n)")
        }
    }

    @Test(arguments: InstructionSet.available)
    func attention(level: InstructionSet) {
        for queries in Self.heights {
            for keys in [1, 7, 15, 16, 17, 33, 55] {
                for valueDimension in [1, 7, 9, 16, 17, 33, 55] {
                    let head = Head(
                        queries: queries, keys: keys, dimension: 9, valueDimension: valueDimension,
                        query: Buffer(random: queries * 9, seed: 1).values,
                        key: Buffer(random: keys * 9, seed: 2).values,
                        value: Buffer(random: keys * valueDimension, seed: 3).values, scale: 0.5)
                    // Checks its margins itself.
                    let found = head.run(level)
                    let difference = largestDifference(found.output, head.expected().output)
                    #expect(difference < 3e-6, "\(level) \(queries)×\(keys)×\(valueDimension)")
                }
            }
        }
    }

    /// The check sees one float too many, behind a row or behind the last.
    @Test func theMeasureCanFail() {
        for place in [-1, 4, 9, 10] {
            let output = Output(2, 4, gap: 1)
            let expected = (0..<8).map { index in
                output.buffer.address[index / 4 * 5 + index % 4] = 1
                return 1.0
            }
            #expect(output.problem(expected, tolerance: 1e-9) == nil)
            output.buffer.address[place] = 0
            #expect(output.problem(expected, tolerance: 1e-9) != nil, "\(place)")
        }
    }
}
