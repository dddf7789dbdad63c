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
            for columns in Self.counts {
                for rows in columns < 70 ? [1, 3, 8, 13] : [1, 9] {
                    let input = numbers.bytes(rows * columns)
                    let found = result(rows * columns) { run(exponentials, scale, output, input, $0, rows, columns) }
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

    private static let ranges: [(Int32, Int32, Int32)] = [(-12, -128, 127), (40, 40, 100)]

    /// The plain rule of a pairing, one pair of numbers at a time.
    private func stored(_ pairing: IntegerPairing, _ a: Int8, _ b: Int8) -> Int8 {
        func tied(_ x: Float, _ factor: Float, _ tie: Float) -> Float { x * factor + (x.sign == .minus ? -tie : tie) }
        let (x, y) = (Float(Int32(a) - pairing.first), Float(Int32(b) - pairing.second))
        let value: Float
        switch pairing.form {
        case .floatSquare:
            let one = tied(x, pairing.firstFactor, pairing.firstTie).rounded(.toNearestOrEven)
            let other = tied(y, pairing.secondFactor, pairing.secondTie).rounded(.toNearestOrEven)
            value = tied((one - other) * (one - other), pairing.factor, pairing.tie)
        case .tiedProduct: value = tied(x * y, pairing.factor, pairing.tie)
        default: value = x * y * pairing.factor
        }
        let output = pairing.output
        let bounded = min(max(value, Float(output.low - output.zeroPoint)), Float(output.high - output.zeroPoint))
        return Int8(Int32(bounded.rounded(.toNearestOrEven)) + output.zeroPoint)
    }

    @Test(
        "products and squares with float32 factors, of numbers and of one number, in rows",
        arguments: InstructionSet.available)
    func pairs(_ instructionSet: InstructionSet) {
        let run = KernelSet.kernels(for: instructionSet).integers.pair
        var numbers = Numbers(state: 11)
        for (zeroPoint, low, high) in Self.ranges {
            for form in [IntegerPairing.Form.floatProduct, .tiedProduct, .floatSquare] {
                var pairing = IntegerPairing(
                    form: form, first: -7, second: 31,
                    output: IntegerRange(zeroPoint: zeroPoint, low: low, high: high))
                // Exact in float32, so that one rounding and two give the same.
                pairing.factor = form == .floatSquare ? 0x1p-20 : 0x1.1p-6
                pairing.tie = 0x1p-7
                (pairing.firstFactor, pairing.firstTie) = (64, 0)
                (pairing.secondFactor, pairing.secondTie) = (0x1.2cp+5, 0x1p-3)
                for count in Self.counts {
                    for (aStep, bStep) in [(1, 1), (1, 0), (0, 1), (0, 0)] {
                        let rows = count < 70 ? 3 : 1
                        let (a, b) = (numbers.bytes(count * rows), numbers.bytes(count * rows))
                        // A row of one number has the place of the next row's.
                        let (aRow, bRow) = (aStep == 0 ? 1 : count, bStep == 0 ? 1 : 0)
                        let found = result(count * rows) { output in
                            a.withUnsafeBufferPointer { a in
                                b.withUnsafeBufferPointer { b in
                                    guard let x = a.baseAddress, let y = b.baseAddress else { return }
                                    run(
                                        pairing, IntegerOperand(x, step: aStep, rowStride: aRow),
                                        IntegerOperand(y, step: bStep, rowStride: bRow), output, rows, count)
                                }
                            }
                        }
                        var expected: [Int8] = []
                        for row in 0..<rows {
                            for index in 0..<count {
                                expected.append(
                                    stored(pairing, a[row * aRow + index * aStep], b[row * bRow + index * bStep]))
                            }
                        }
                        #expect(found == expected, "\(form) \(count) \(aStep) \(bStep)")
                    }
                }
            }
        }
    }

    @Test("sums of rows and of columns", arguments: InstructionSet.available)
    func sums(_ instructionSet: InstructionSet) {
        let run = KernelSet.kernels(for: instructionSet).integers.sum
        var numbers = Numbers(state: 12)
        for columns in Self.counts {
            for inner in [1, 5] {
                let input = numbers.bytes(3 * columns * inner)
                var sums = [Int32](repeating: 77, count: 3 * inner)
                sums.withUnsafeMutableBufferPointer { sums in
                    if let address = sums.baseAddress { run(input, address, 3, columns, inner) }
                }
                let expected = (0..<3 * inner).map { place in
                    (0..<columns).reduce(Int32(0)) {
                        $0 + Int32(input[(place / inner * columns + $1) * inner + place % inner])
                    }
                }
                #expect(sums == expected, "\(columns) × \(inner)")
            }
        }
    }
}
