import EmotionFormerKernels
import Testing

/// Dynamic-range int8 against the rules written out plainly: every bit equal, on every level.
@Suite struct QuantizedTests {
    struct PlainRow {
        var values: [Int32]
        var scale: Float
        var zeroPoint: Int32
    }

    /// Rule X, as XNNPACK computes it.
    static func xnnpack(_ row: [Float], low: Float, high: Float) -> PlainRow {
        let factor = low == high ? 1 : 255 / (high - low)
        let (dmin, dmax) = (low * factor, high * factor)
        let point = (-128 + dmin) + (127 + dmax) > 0 ? -128 - dmin : 127 - dmax
        let zeroPoint = Int32(min(max(point, -128), 127).rounded(.toNearestOrEven))
        let values = row.map { min(max(Int32(($0 * factor).rounded(.toNearestOrEven)) + zeroPoint, -128), 127) }
        return PlainRow(values: values, scale: 1 / factor, zeroPoint: zeroPoint)
    }

    /// Rule B, as the builtin kernels compute it.
    static func builtin(_ row: [Float], low: Float, high: Float) -> PlainRow {
        guard low != high else { return PlainRow(values: row.map { _ in 0 }, scale: 1, zeroPoint: 0) }
        let scale = Double(high - low) / 255
        let fromLow = -128 - Double(low) / scale
        let fromHigh = 127 - Double(high) / scale
        let takesLow = 128 + abs(Double(low) / scale) < 127 + abs(Double(high) / scale)
        let point = min(max(takesLow ? fromLow : fromHigh, -128), 127).rounded(.toNearestOrAwayFromZero)
        let inverse = 1 / Float(scale)
        let values = row.map {
            min(max(Int32(($0 * inverse).rounded(.toNearestOrAwayFromZero)) + Int32(point), -128), 127)
        }
        return PlainRow(values: values, scale: Float(scale), zeroPoint: Int32(point))
    }

    static func plain(_ rule: QuantizationRule, _ row: [Float], range: [Float]) -> PlainRow {
        let low = min(0, range.min() ?? 0)
        let high = max(0, range.max() ?? 0)
        return rule == .xnnpack ? xnnpack(row, low: low, high: high) : builtin(row, low: low, high: high)
    }

    /// Rows of every kind: mixed, positive, negative, constant, all zero, with ties, tiny and large.
    static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> [[Float]] {
        let random = Buffer(random: rows * columns, seed: seed).values
        return (0..<rows).map { row in
            (0..<columns).map { column in
                let value = random[row * columns + column]
                switch row % 8 {
                case 1: return abs(value)
                case 2: return -abs(value)
                case 3: return 0.25
                case 4: return 0
                case 5: return Float(column % 511 - 255) / 2
                case 6: return value * 1e-20
                case 7: return value * 1e20
                default: return value
                }
            }
        }
    }

    static let shapes: [(m: Int, k: Int, n: Int)] = [
        (1, 1, 1), (1, 130, 33), (5, 3, 15), (6, 17, 16), (8, 31, 33), (12, 64, 32), (13, 65, 31), (17, 5, 70),
        (27, 33, 17), (9, 478, 5),
    ]

    @Test(arguments: InstructionSet.available, QuantizationRule.allCases)
    func quantizationEqualsThePlainRule(level: InstructionSet, rule: QuantizationRule) {
        let kernels = KernelSet.kernels(for: level)
        for (m, k, _) in Self.shapes + [(8, 600, 1)] {
            let rows = Self.matrix(m, k, seed: 3)
            let input = Buffer(rows.flatMap { $0 + [99] }, margin: 12345)
            let stride = kernels.quantized.rowStride(k)
            let bytes = Buffer<UInt8>(count: m * stride, fill: 77)
            let element = kernels.quantized.element
            let quantization = UnsafeMutablePointer<RowQuantization>.allocate(capacity: m)
            defer { quantization.deallocate() }
            kernels.quantized.quantizeRows(rule, input.address, k + 1, bytes.address, stride, quantization, m, k)
            for row in 0..<m {
                let expected = Self.plain(rule, rows[row], range: rows[row])
                let found = element.values(bytes.address + row * stride, count: stride / element.byteCount)
                let values = found[..<k].map { $0 - 128 }
                #expect(values == expected.values, "\(level) \(rule) row \(row) of \(m)×\(k)")
                #expect(quantization[row].scale == expected.scale)
                #expect(quantization[row].zeroPoint == expected.zeroPoint + 128)
                #expect(found[k...].allSatisfy { $0 == 0 })
            }
            kernels.quantized.quantizeMatrix(rule, input.address, k + 1, bytes.address, stride, quantization, m, k)
            let all = rows.flatMap { $0 }
            for row in 0..<m {
                let expected = Self.plain(rule, rows[row], range: all)
                let values = element.values(bytes.address + row * stride, count: k).map { $0 - 128 }
                #expect(values == expected.values && quantization[0].zeroPoint == expected.zeroPoint + 128)
            }
            #expect(bytes.isMarginUntouched)
        }
    }

    @Test(arguments: InstructionSet.available, QuantizationRule.allCases)
    func productsEqualThePlainIntegers(level: InstructionSet, rule: QuantizationRule) {
        let kernels = KernelSet.kernels(for: level)
        for (m, k, n) in Self.shapes {
            let test = Product(kernels, rule, m, k, n)
            for hasBias in [false, true] {
                let expected = test.expected(hasBias: hasBias)
                let found = test.run([0..<m], hasBias: hasBias)
                #expect(found == expected, "\(level) \(rule) \(m)×\(k)×\(n)")
                let parts = test.run((0..<m).map { $0..<($0 + 1) }, hasBias: hasBias)
                #expect(parts == expected)
            }
        }
    }

    /// Pairs of the largest products would saturate in 16 bits.
    @Test(arguments: InstructionSet.available)
    func extremeProductsDoNotSaturate(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let (k, n) = (130, 33)
        let weights = Buffer<Int8>([Int8](repeating: -128, count: k * n), margin: 1)
        let packed = Buffer<UInt8>(count: kernels.quantized.packedByteCount(k, n), fill: 7)
        kernels.quantized.packMatrix(weights.address, k, n, packed.address)
        let stride = kernels.quantized.rowStride(k)
        let bytes = kernels.quantized.element.buffer([[Int32](repeating: 255, count: k)], stride: stride)
        let scales = Buffer<Float>([Float](repeating: 1, count: n), margin: 9)
        let output = Buffer(count: n)
        var quantization = RowQuantization(scale: 1, zeroPoint: 0)
        kernels.quantized.matmul(
            QuantizedProduct(
                a: bytes.address, aStride: stride, rowQuantization: &quantization, b: packed.address,
                weightScales: scales.address, rule: .builtin, c: output.address, cStride: n, m: 1, k: k, n: n), 0..<1)
        #expect(output.values.allSatisfy { $0 == Float(-128 * 255 * k) })
    }

    @Test(arguments: InstructionSet.available)
    func activationAndResidualFollow(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let test = Product(kernels, .xnnpack, 7, 20, 37)
        let residual = Buffer(random: 7 * 37, seed: 20)
        let plain = test.expected(hasBias: true).map(Float.init(bitPattern:))
        let found = test.run(
            [0..<7], hasBias: true, activation: .relu, residual: UnsafePointer(residual.address)
        ).map(Float.init(bitPattern:))
        let expected = plain.indices.map { max(0, plain[$0]) + residual.address[$0] }
        #expect(found == expected)
    }

    struct Product {
        let kernels: KernelSet
        let rule: QuantizationRule
        let m: Int
        let k: Int
        let n: Int
        let rows: [PlainRow]
        let bytes: Buffer<UInt8>
        let weights: Buffer<Int8>
        let packed: Buffer<UInt8>
        let scales: Buffer<Float>
        let bias: Buffer<Float>

        init(_ kernels: KernelSet, _ rule: QuantizationRule, _ m: Int, _ k: Int, _ n: Int) {
            self.kernels = kernels
            self.rule = rule
            (self.m, self.k, self.n) = (m, k, n)
            rows = QuantizedTests.matrix(m, k, seed: 8).map { QuantizedTests.plain(rule, $0, range: $0) }
            bytes = kernels.quantized.element.buffer(
                rows.map { row in row.values.map { $0 + 128 } }, stride: kernels.quantized.rowStride(k))
            var generator = Generator(seed: 9)
            weights = Buffer((0..<n * k).map { _ in Int8(truncatingIfNeeded: generator.next()) }, margin: 1)
            packed = Buffer(count: kernels.quantized.packedByteCount(k, n), fill: 7)
            kernels.quantized.packMatrix(weights.address, k, n, packed.address)
            scales = Buffer(random: n, seed: 10)
            bias = Buffer(random: n, seed: 11)
        }

        func expected(hasBias: Bool) -> [UInt32] {
            var result: [UInt32] = []
            for row in rows {
                for column in 0..<n {
                    var sum: Int32 = 0
                    var weightSum: Int32 = 0
                    for index in 0..<k {
                        let weight = Int32(weights.address[column * k + index])
                        sum += row.values[index] * weight
                        weightSum += weight
                    }
                    let accumulator = Float(sum - row.zeroPoint * weightSum)
                    let start = hasBias ? bias.address[column] : 0
                    let scale = scales.address[column]
                    let value =
                        rule == .xnnpack
                        ? start.addingProduct(accumulator * row.scale, scale)
                        : start + accumulator * (scale * row.scale)
                    result.append(value.bitPattern)
                }
            }
            return result
        }

        func run(
            _ ranges: [Range<Int>], hasBias: Bool, activation: Activation = .linear,
            residual: UnsafePointer<Float>? = nil
        ) -> [UInt32] {
            let output = Buffer(count: m * n)
            let quantization = rows.map { RowQuantization(scale: $0.scale, zeroPoint: $0.zeroPoint + 128) }
            quantization.withUnsafeBufferPointer { buffer in
                guard let address = buffer.baseAddress else { return }
                for range in ranges {
                    kernels.quantized.matmul(
                        QuantizedProduct(
                            a: bytes.address, aStride: kernels.quantized.rowStride(k), rowQuantization: address,
                            b: packed.address, weightScales: scales.address, rule: rule, c: output.address, cStride: n,
                            m: m, k: k, n: n,
                            epilogue: Epilogue(
                                bias: hasBias ? UnsafePointer(bias.address) : nil, activation: activation,
                                residual: residual, residualStride: n)), range)
                }
            }
            #expect(output.isMarginUntouched && packed.isMarginUntouched)
            return output.values.map(\.bitPattern)
        }
    }
}

extension QuantizedRowElement {
    /// The values of a row.
    func values(_ row: UnsafePointer<UInt8>, count: Int) -> [Int32] {
        let bytes = UnsafeRawPointer(row)
        return (0..<count).map {
            switch self {
            case .uint8: Int32(bytes.loadUnaligned(fromByteOffset: $0, as: UInt8.self))
            case .uint16: Int32(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
            }
        }
    }

    /// Rows of values, each filled up with zeros to `stride` bytes.
    func buffer(_ rows: [[Int32]], stride: Int) -> Buffer<UInt8> {
        let bytes = rows.flatMap { row in
            let values = row.flatMap { value in
                byteCount == 1 ? [UInt8(value)] : [UInt8(value & 255), UInt8(value >> 8)]
            }
            return values + [UInt8](repeating: 0, count: stride - values.count)
        }
        return Buffer(bytes, margin: 9)
    }
}
