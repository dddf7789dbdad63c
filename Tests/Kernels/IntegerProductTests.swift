import EmotionFormerKernels
import Testing

/// Products of quantized integers against the rule written out plainly: every bit equal, on every level.
@Suite struct IntegerProductTests {
    static let shapes: [(m: Int, k: Int, n: Int)] = [
        (1, 1, 1), (1, 16, 16), (1, 130, 33), (2, 4, 17), (3, 8, 16), (5, 3, 15), (6, 17, 16), (9, 31, 33),
        (12, 64, 32),
        (13, 65, 31), (27, 33, 70),
    ]

    @Test(arguments: InstructionSet.available, [false, true])
    func productsEqualThePlainIntegers(level: InstructionSet, takesExtremes: Bool) {
        let kernels = KernelSet.kernels(for: level)
        for (m, k, n) in Self.shapes {
            var generator = Generator(seed: UInt64(m * 1000 + k * 10 + n))
            // Numbers at the ends of their range: no product and no sum of some may saturate.
            func number() -> Int8 {
                let value = generator.next()
                return takesExtremes ? (value % 3 == 0 ? -128 : 127) : Int8(truncatingIfNeeded: value)
            }
            let stride = kernels.quantized.rowStride(k)
            let a = Buffer((0..<m * k).map { _ in number() }, margin: 9)
            let rows = Buffer<UInt8>(count: m * stride, fill: 77)
            let weights = Buffer((0..<n * k).map { _ in number() }, margin: 9)
            let offsets = Buffer(
                (0..<n).map { _ in Int32(truncatingIfNeeded: generator.next() % 2000) - 1000 }, margin: 9)
            let rowOffsets = Buffer((0..<m).map { _ in Int32(truncatingIfNeeded: generator.next() % 99) }, margin: 9)
            let factors = Buffer((0..<n).map { Float($0 + 1) * 1e-4 }, margin: 9)
            let none = Buffer<Int32>(count: n, fill: 0)
            let packed = Buffer<UInt8>(count: kernels.quantized.packedByteCount(k, n), fill: 7)
            let output = Buffer<Int8>(count: m * n, fill: 99)
            kernels.quantized.packMatrix(weights.address, k, n, packed.address)
            kernels.quantized.biasIntegers(a.address, rows.address, stride, m, k)
            let range = IntegerRange(zeroPoint: -3, low: -128, high: 127)
            let scaling = IntegerScaling(
                form: .float, isUniform: false, factors: factors.address, multipliers: none.address,
                exponents: none.address, output: range)
            kernels.quantized.matmulIntegers(
                IntegerMatrixProduct(
                    a: rows.address, aStride: stride, b: packed.address, offsets: offsets.address,
                    rowOffsets: rowOffsets.address, scaling: scaling, c: output.address, cStride: n, m: m, k: k, n: n),
                0..<m)
            var isEqual = true
            for row in 0..<m {
                for column in 0..<n {
                    var sum = offsets.address[column] + rowOffsets.address[row]
                    for index in 0..<k {
                        // The kernel multiplies what `bias` wrote: 128 more than the number.
                        sum += (Int32(a.address[row * k + index]) + 128) * Int32(weights.address[column * k + index])
                    }
                    let scaled = (Float(sum) * factors.address[column]).rounded(.toNearestOrEven)
                    let expected = Int8(min(max(scaled, -125), 130) - 3)
                    if output.address[row * n + column] != expected { isEqual = false }
                }
            }
            #expect(isEqual, "\(level) \(m)×\(k)×\(n)")
            #expect(output.isMarginUntouched && packed.isMarginUntouched && rows.isMarginUntouched)
        }
    }
}
