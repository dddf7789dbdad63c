import EmotionFormerKernels
import EmotionFormerTestSupport
import Testing

@testable import EmotionFormerTensors

@Suite("Matrix products at every level") struct ProductTests {
    private func random(_ count: Int, _ seed: UInt64) -> [Float] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Float(Int64(bitPattern: state) >> 40) / 8_388_608
        }
    }

    /// Sizes of one block and of many, with rest rows and columns; both operands also turned.
    @Test(
        "within the rounding errors of 32-bit sums of the product in double precision",
        arguments: InstructionSet.available)
    func everyLevel(level: InstructionSet) throws {
        let kernels = KernelSet.kernels(for: level)
        for (m, k, n) in [(1, 1, 1), (3, 17, 40), (5, 64, 6), (30, 64, 128), (33, 129, 65), (300, 256, 96)] {
            for (turnsA, turnsB) in [(false, false), (true, false), (false, true), (true, true)] {
                let (a, b) = (random(m * k, UInt64(m)), random(k * n, UInt64(n + 7)))
                let left = try turnsA ? Tensor(a, shape: [k, m]).transposed() : Tensor(a, shape: [m, k])
                let right = try turnsB ? Tensor(b, shape: [n, k]).transposed() : Tensor(b, shape: [k, n])
                var c = [Float](repeating: .nan, count: m * n)
                c.withUnsafeMutableBufferPointer { result in
                    guard let start = result.baseAddress else { return }
                    FloatProduct.multiply(
                        _MatrixProduct(
                            a: left.base, aRowStride: left.strides[0], aColumnStride: left.strides[1], b: right.base,
                            bRowStride: right.strides[0], bColumnStride: right.strides[1], c: start, m: m, k: k, n: n),
                        kernels)
                }
                let exact = try Tensor<Double>(left).matmul(Tensor<Double>(right)).scalars
                let size = try Tensor<Double>(left.magnitude()).matmul(Tensor<Double>(right.magnitude())).scalars
                let bound = Double(k + 2) * 0x1p-24
                for (index, element) in c.enumerated() {
                    #expect(abs(Double(element) - exact[index]) <= bound * size[index])
                    if element.isNaN { return }
                }
            }
        }
    }

    @Test("an error of one term in a sum is beyond the bound")
    func control() throws {
        let (a, b) = (random(64, 1), random(64, 2))
        let exact = zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        let size = zip(a, b).reduce(0) { $0 + abs(Double($1.0) * Double($1.1)) }
        let short = zip(a, b).dropLast().reduce(0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(short - exact) > 66 * 0x1p-24 * size)
    }
}
