import EmotionFormerKernels
import Testing

/// Products of rows with small sums, and of rows with large ones, which the same kernel takes.
@Suite struct SmallRowTests {
    /// What the numbers of the first operand are.
    enum Rows: CaseIterable {
        /// Few are not the zero point: sums fit 16 bits.
        case small
        /// Two numbers have everything: the most that still fits 16 bits, and one more.
        case twoNumbers
        case any
        /// Each product of two numbers would saturate.
        case largest
    }

    @Test(arguments: InstructionSet.available, SmallRowTests.Rows.allCases)
    func productsEqualThePlainIntegers(level: InstructionSet, kind: Rows) {
        guard let kernel = KernelSet.kernels(for: level).quantized.smallRows else { return }
        for (m, k, n) in [
            (1, 16, 16), (6, 16, 16), (7, 33, 16), (13, 100, 40), (12, 64, 32), (5, 17, 8), (19, 256, 17),
            (6, 4096, 16),
        ] {
            var generator = Generator(seed: UInt64(m * 1000 + k * 10 + n))
            func number() -> UInt64 { generator.next() }
            let numbers = (0..<m * k).map { index -> Int8 in
                switch kind {
                case .small: number() % 40 == 0 ? Int8(truncatingIfNeeded: Int(number() % 40) - 128) : -128
                case .twoNumbers:
                    index % k < 2 ? Int8(index % k == 0 ? 0 : (index / k) % 2) : -128
                case .any: Int8(truncatingIfNeeded: number())
                case .largest: 127
                }
            }
            let a = Buffer(numbers, margin: 9)
            let b = Buffer(
                (0..<k * n).map { _ in
                    kind == .largest || kind == .twoNumbers ? Int8(-128) : Int8(truncatingIfNeeded: number())
                }, margin: 9)
            // Few results may lie outside the range: clamped, wrong ones would be right.
            let factor: Float = kind == .small || kind == .twoNumbers ? 0x1p-8 : 0x1p-14
            let factors = Buffer<Float>([factor], margin: 9)
            let none = Buffer<Int32>(count: 1, fill: 0)
            let range = IntegerRange(zeroPoint: 100, low: -128, high: 120)
            let scaling = IntegerScaling(
                form: .tiedFloat, isUniform: true, factors: factors.address, multipliers: none.address,
                exponents: none.address, tie: 0x1p-3, output: range)
            let scratch = Buffer<UInt8>(count: kernel.scratchByteCount(m, k, n), fill: 7)
            let output = Buffer<Int8>(count: m * n, fill: 99)
            kernel.matmul(
                IntegerSmallRowProduct(
                    a: a.address, aStride: k, b: b.address, bStride: n, secondZeroPoint: 5, scaling: scaling,
                    c: output.address, cStride: n, m: m, k: k, n: n, scratch: scratch.address))
            var isEqual = true
            for row in 0..<m {
                for column in 0..<n {
                    var sum = 0
                    for index in 0..<k {
                        sum += (Int(numbers[row * k + index]) + 128) * (Int(b.address[index * n + column]) - 5)
                    }
                    let scaled = Float(sum) * factor + (sum < 0 ? -0x1p-3 : 0x1p-3)
                    let bounded = min(max(scaled.rounded(.toNearestOrEven), -228), 20)
                    if Int(output.address[row * n + column]) != Int(bounded) + 100 { isEqual = false }
                }
            }
            #expect(isEqual, "\(level) \(kind) \(m)×\(k)×\(n)")
            #expect(output.isMarginUntouched && scratch.isMarginUntouched)
        }
    }
}
