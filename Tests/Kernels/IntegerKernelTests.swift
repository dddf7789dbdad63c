import EmotionFormerKernelInterface
import EmotionFormerKernels
import Testing

/// The kernels of quantized integers, at every level: to the bit what is written here one number at a time.
@Suite struct IntegerKernelTests {
    private struct Numbers {
        var state: UInt64
        mutating func byte() -> Int8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int8(truncatingIfNeeded: Int(state >> 56))
        }
        mutating func bytes(_ count: Int) -> [Int8] { (0..<count).map { _ in byte() } }
    }

    /// A result between guards, which a kernel must not touch.
    private func result(_ count: Int, _ run: (UnsafeMutablePointer<Int8>) -> Void) -> [Int8] {
        var memory = [Int8](repeating: 77, count: count + 128)
        memory.withUnsafeMutableBufferPointer { buffer in
            if let address = buffer.baseAddress { run(address + 64) }
        }
        #expect(memory.prefix(64).allSatisfy { $0 == 77 } && memory.suffix(64).allSatisfy { $0 == 77 })
        return Array(memory[64..<64 + count])
    }

    private static let counts = Array(1...70) + [127, 128, 129, 256, 300, 511]

    @Test(
        "softmax: sums in order, any number of rows and columns, flat and steep scales",
        arguments: InstructionSet.available)
    func softmax(_ instructionSet: InstructionSet) {
        let run = KernelSet.kernels(for: instructionSet).integers.softmax
        var numbers = Numbers(state: 7)
        let output = IntegerRange(zeroPoint: -128, low: -128, high: 127)
        let scale = Float(1) / 256
        for steepness in [Float(0), 0.001, 0.03, 0.1, 0.7, 20] {
            // A power of two exponent, so that every platform has the same numbers.
            var exponentials: [Float] = [1]
            for _ in 1..<256 { exponentials.append(exponentials[exponentials.count - 1] * (1 / (1 + steepness))) }
            let table = exponentials + exponentials.reversed()
            for columns in Self.counts {
                for rows in [1, 3, 4, 6] {
                    let input = numbers.bytes(rows * columns)
                    let found = result(rows * columns) { run(table, scale, output, input, $0, rows, columns) }
                    var expected: [Int8] = []
                    for row in 0..<rows {
                        let numbers = input[row * columns..<(row + 1) * columns].map { Int($0) }
                        let largest = numbers.max() ?? 0
                        var sum: Float = 0
                        for number in numbers { sum += exponentials[largest - number] }
                        let inverse = 1 / (sum * scale)
                        for number in numbers {
                            let probability = (exponentials[largest - number] * inverse).rounded(
                                .toNearestOrAwayFromZero)
                            expected.append(Int8(clamping: Int(min(probability, 255)) - 128))
                        }
                    }
                    #expect(found == expected, "\(rows) × \(columns), \(steepness)")
                }
            }
        }
    }

    @Test("tables of 256, given from the result of 127 down", arguments: InstructionSet.available)
    func look(_ instructionSet: InstructionSet) {
        let run = KernelSet.kernels(for: instructionSet).integers.look
        var numbers = Numbers(state: 9)
        let table = numbers.bytes(256)
        for count in Self.counts {
            let input = numbers.bytes(count)
            let found = result(count) { run(table, input, $0, count) }
            #expect(found == input.map { table[127 - Int($0)] }, "\(count)")
        }
    }

    @Test(
        "products with a float32 factor, of numbers and of one number",
        arguments: InstructionSet.available)
    func pairs(_ instructionSet: InstructionSet) {
        let run = KernelSet.kernels(for: instructionSet).integers.pair
        var numbers = Numbers(state: 11)
        for (zeroPoint, low, high) in [(-12, -128, 127), (40, 40, 100)] as [(Int32, Int32, Int32)] {
            var pairing = IntegerPairing(
                form: .floatProduct, first: -7, second: 31,
                output: IntegerRange(zeroPoint: zeroPoint, low: low, high: high))
            pairing.factor = 0.0173
            for count in Self.counts {
                for (aStep, bStep) in [(1, 1), (1, 0), (0, 1), (0, 0)] {
                    let (a, b) = (numbers.bytes(count), numbers.bytes(count))
                    let found = result(count) { run(pairing, a, aStep, b, bStep, $0, count) }
                    let expected = (0..<count).map { index in
                        let x = Float(Int(a[index * aStep]) + 7)
                        let y = Float(Int(b[index * bStep]) - 31)
                        let bounded = min(max(x * y * pairing.factor, Float(low - zeroPoint)), Float(high - zeroPoint))
                        return Int8(Int32(bounded.rounded(.toNearestOrEven)) + zeroPoint)
                    }
                    #expect(found == expected, "\(count) \(aStep) \(bStep)")
                }
            }
        }
    }
}
