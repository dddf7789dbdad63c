import EmotionFormerKernels
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A NaN in is a NaN out, on every level, wherever it stands and however it is written; infinities as in float64.
@Suite struct NotANumberTests {
    static let counts = [1, 7, 8, 9, 16, 17, 33]
    static var notNumbers: [Float] { AttentionRangeTests.specials.filter(\.isNaN) }

    @Test(arguments: InstructionSet.available, UnaryOperation.allCases)
    func unaryFunctions(level: InstructionSet, operation: UnaryOperation) {
        let kernels = KernelSet.kernels(for: level)
        for special in Self.notNumbers {
            for count in Self.counts {
                let input = Buffer([Float](repeating: special, count: count), margin: 12345)
                let output = Buffer(count: count)
                kernels.unary(operation, input.address, output.address, count, 0.5, 1)
                #expect(output.values.allSatisfy { $0.isNaN }, "\(level) \(operation) \(special.bitPattern)")
            }
        }
    }

    @Test(arguments: InstructionSet.available, BinaryOperation.allCases)
    func binaryFunctions(level: InstructionSet, operation: BinaryOperation) {
        let kernels = KernelSet.kernels(for: level)
        for special in Self.notNumbers {
            for place in 0..<17 {
                let plain = Buffer(random: 17, seed: 1)
                let other = Buffer(random: 17, seed: 2)
                other.address[place] = special
                let output = Buffer(count: 17)
                for (left, right) in [(plain, other), (other, plain)] {
                    kernels.binary(operation, left.address, right.address, output.address, 17)
                    let isRight = output.values.indices.allSatisfy { output.address[$0].isNaN == ($0 == place) }
                    #expect(isRight, "\(level) \(operation) at \(place)")
                }
                for isReversed in [false, true] {
                    kernels.binaryScalar(operation, plain.address, special, isReversed, output.address, 17)
                    #expect(output.values.allSatisfy { $0.isNaN }, "\(level) \(operation) scalar")
                    kernels.binaryScalar(operation, other.address, 0.5, isReversed, output.address, 17)
                    let isRight = output.values.indices.allSatisfy { output.address[$0].isNaN == ($0 == place) }
                    #expect(isRight, "\(level) \(operation) with a scalar at \(place)")
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available, Reduction.allCases)
    func reductions(level: InstructionSet, operation: Reduction) {
        let kernels = KernelSet.kernels(for: level)
        for special in Self.notNumbers {
            for count in Self.counts {
                for place in 0..<count {
                    let row = Buffer(random: count, seed: 3)
                    row.address[place] = special
                    let output = Buffer(count: 1)
                    kernels.reduceRows(operation, row.address, count, output.address, 1, count)
                    #expect(output.address[0].isNaN, "\(level) \(operation) at \(place) of a row of \(count)")
                    // `count` columns of three rows.
                    for step in 0..<3 {
                        let matrix = Buffer(random: 3 * count, seed: 4)
                        matrix.address[step * count + place] = special
                        let columns = Buffer(count: count)
                        kernels.reduceColumns(operation, matrix.address, count, columns.address, 3, count)
                        let isRight = (0..<count).allSatisfy { columns.address[$0].isNaN == ($0 == place) }
                        #expect(isRight, "\(level) \(operation) at \(place) of step \(step)")
                    }
                }
            }
        }
    }

    /// A row with a special number is what float64 makes of it; its neighbors do not notice.
    @Test(arguments: InstructionSet.available)
    func rows(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for special in AttentionRangeTests.specials {
            for count in Self.counts {
                for places in (0..<count).map({ $0..<$0 + 1 }) + [0..<count] {
                    let input = Buffer(random: 3 * count, seed: 5)
                    for place in places { input.address[count + place] = special }
                    let rows = (0..<3).map { row in (0..<count).map { Double(input.address[row * count + $0]) } }
                    let output = Buffer(count: 3 * count)
                    func check(_ expected: [Double], _ what: String) {
                        let isRight = zip(output.values, expected).allSatisfy { found, expected in
                            expected.isNaN
                                ? found.isNaN : Double(found) == expected || abs(Double(found) - expected) < 5e-6
                        }
                        #expect(isRight && output.isMarginUntouched, "\(level) \(what): \(special) at \(places)")
                    }
                    kernels.softmax(input.address, count, output.address, count, 3, count)
                    check(rows.flatMap { Oracle.softmax($0) }, "softmax of \(count)")
                    kernels.logSoftmax(input.address, count, output.address, count, 3, count)
                    check(rows.flatMap { Self.logSoftmax($0) }, "log softmax of \(count)")
                    kernels.layerNormalization(
                        RowNormalization(
                            input: input.address, inputStride: count, output: output.address, outputStride: count,
                            gamma: nil, beta: nil, epsilon: 1e-3, rows: 3, columns: count))
                    check(rows.flatMap { Self.normalized($0, centers: true) }, "layer normalization of \(count)")
                    kernels.rootMeanSquareNormalization(
                        RowNormalization(
                            input: input.address, inputStride: count, output: output.address, outputStride: count,
                            gamma: nil, beta: nil, epsilon: 1e-3, rows: 3, columns: count))
                    check(rows.flatMap { Self.normalized($0, centers: false) }, "RMS normalization of \(count)")
                }
            }
        }
    }

    static func logSoftmax(_ row: [Double]) -> [Double] {
        let top = row.max() ?? 0
        let sum = row.reduce(0) { $0 + exp($1 - top) }
        return row.map { $0 - top - log(sum) }
    }

    static func normalized(_ row: [Double], centers: Bool, epsilon: Double = Double(Float(1e-3))) -> [Double] {
        let count = Double(row.count)
        let mean = centers ? row.reduce(0, +) / count : 0
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        return row.map { ($0 - mean) / (variance + epsilon).squareRoot() }
    }

    /// Values of 1e-30 to 1e30, whose squares are beyond float32 on both sides.
    @Test(arguments: InstructionSet.available, [Float(0), 1e-3])
    func rowsOfAnySize(level: InstructionSet, epsilon: Float) {
        let kernels = KernelSet.kernels(for: level)
        for exponent in stride(from: -100, through: 120, by: 5) {
            for count in [2, 8, 17, 33] {
                let input = Buffer(random: 3 * count, seed: 5, scale: Float(AttentionRangeTests.power(exponent)))
                let gamma = Buffer(random: count, seed: 6)
                let beta = Buffer(random: count, seed: 7)
                let rows = (0..<3).map { row in (0..<count).map { Double(input.address[row * count + $0]) } }
                for isAffine in [false, true] {
                    let output = Buffer(count: 3 * count)
                    let call = RowNormalization(
                        input: input.address, inputStride: count, output: output.address, outputStride: count,
                        gamma: isAffine ? UnsafePointer(gamma.address) : nil,
                        beta: isAffine ? UnsafePointer(beta.address) : nil, epsilon: epsilon, rows: 3, columns: count)
                    for centers in [true, false] {
                        if centers {
                            kernels.layerNormalization(call)
                        } else {
                            kernels.rootMeanSquareNormalization(call)
                        }
                        let expected = rows.flatMap { row in
                            let normal = Self.normalized(row, centers: centers, epsilon: Double(epsilon))
                            return normal.indices.map {
                                isAffine
                                    ? normal[$0] * Double(gamma.address[$0]) + Double(beta.address[$0]) : normal[$0]
                            }
                        }
                        #expect(
                            largestDifference(output.values, expected) < 1e-5,
                            "\(level) \(centers ? "layer" : "RMS") normalization of \(count) at 2^\(exponent)")
                    }
                }
                let output = Buffer(count: 3 * count)
                kernels.softmax(input.address, count, output.address, count, 3, count)
                let shares = rows.flatMap { Oracle.softmax($0) }
                #expect(largestDifference(output.values, shares) < 1e-5, "\(level) softmax at 2^\(exponent)")
                kernels.logSoftmax(input.address, count, output.address, count, 3, count)
                let logarithms = rows.flatMap { Self.logSoftmax($0) }
                let isClose = zip(output.values, logarithms).allSatisfy {
                    abs(Double($0) - $1) <= 1e-5 * max(1, abs($1))
                }
                #expect(isClose, "\(level) log softmax at 2^\(exponent)")
            }
        }
    }

    /// Gates of 1e-30 to 1e30, infinite ones and NaN; hidden state and cell stay apart unit by unit in the first step.
    @Test(arguments: InstructionSet.available)
    func recurrentGates(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let units = 17
        let sizes = stride(from: -100, through: 120, by: 20).map { Float(AttentionRangeTests.power($0)) }
        for size in sizes + [.infinity] + Self.notNumbers {
            let gates = Buffer(
                (0..<4 * units).map { $0 % 3 == 0 ? size : $0 % 3 == 1 ? -size : 0.5 }, margin: 12345)
            let zeros = Buffer<Float>([Float](repeating: 0, count: units * 4 * units), margin: 12345)
            let packed = RecurrentTests.pack(kernels, zeros, units, 4 * units)
            let hidden = Buffer(random: units, seed: 2)
            let cell = Buffer(random: units, seed: 3)
            let scratch = Buffer(count: 4 * units)
            let sums = gates.values.map(Double.init)
            let expectedCell = (0..<units).map {
                Oracle.sigmoid(sums[units + $0]) * Double(cell.address[$0])
                    + Oracle.sigmoid(sums[$0]) * tanh(sums[2 * units + $0])
            }
            let expectedHidden = (0..<units).map { Oracle.sigmoid(sums[3 * units + $0]) * tanh(expectedCell[$0]) }
            kernels.lstmStep(
                LSTMStep(
                    inputGates: gates.address, recurrentWeights: packed.address, hidden: hidden.address,
                    cell: cell.address, units: units, scratch: scratch.address))
            #expect(Self.agree(cell, expectedCell) && Self.agree(hidden, expectedHidden), "\(level) LSTM \(size)")

            let state = Buffer(random: units, seed: 2)
            let narrow = RecurrentTests.pack(kernels, zeros, units, 3 * units)
            let expectedState = (0..<units).map { unit in
                let update = Oracle.sigmoid(sums[unit])
                return update * Double(state.address[unit]) + (1 - update) * tanh(sums[2 * units + unit])
            }
            kernels.gruStep(
                GRUStep(
                    inputGates: gates.address, recurrentWeights: narrow.address, candidateWeights: nil,
                    recurrentBias: nil, hidden: state.address, units: units, scratch: scratch.address))
            // The reset gate meets a product of 0 here, and makes NaN of it if it is NaN itself.
            let reset = (0..<units).map { sums[units + $0] }
            let withReset = expectedState.indices.map { reset[$0].isNaN ? Double.nan : expectedState[$0] }
            #expect(Self.agree(state, withReset), "\(level) GRU \(size)")
        }
    }

    private static func agree(_ found: Buffer<Float>, _ expected: [Double]) -> Bool {
        zip(found.values, expected).allSatisfy { $1.isNaN ? $0.isNaN : abs(Double($0) - $1) < 3e-6 }
    }

    /// No byte stands for NaN: the row's scale says it, and with it every product of the row; other rows are as they
    /// were.
    @Test(arguments: InstructionSet.available, QuantizationRule.allCases)
    func quantizedRows(level: InstructionSet, rule: QuantizationRule) {
        let kernels = KernelSet.kernels(for: level)
        let rows = 5
        for special in AttentionRangeTests.specials {
            for columns in Self.counts {
                for place in 0..<columns {
                    let input = Buffer(random: rows * columns, seed: 8)
                    input.address[2 * columns + place] = special
                    let stride = kernels.quantized.rowStride(columns)
                    let bytes = Buffer<UInt8>(count: rows * stride, fill: 9)
                    let quantization = Buffer(
                        count: rows, fill: Quantization(RowQuantization(scale: 0, zeroPoint: 77)))
                    quantization.address.withMemoryRebound(to: RowQuantization.self, capacity: rows) { address in
                        kernels.quantized.quantizeRows(
                            rule, input.address, columns, bytes.address, stride, address, rows, columns)
                    }
                    let scales = quantization.values.map(\.scale)
                    let isRight = scales.indices.allSatisfy { $0 == 2 ? !scales[$0].isFinite : scales[$0].isFinite }
                    #expect(isRight, "\(level) \(rule) \(special) at \(place) of \(columns)")
                    if special.isNaN { #expect(scales[2].isNaN) }
                    quantization.address.withMemoryRebound(to: RowQuantization.self, capacity: 1) { address in
                        kernels.quantized.quantizeMatrix(
                            rule, input.address, columns, bytes.address, stride, address, rows, columns)
                    }
                    #expect(!quantization.address[0].scale.isFinite, "\(level) \(rule) matrix")
                    #expect(bytes.isMarginUntouched && quantization.isMarginUntouched)
                }
            }
        }
    }

    /// `RowQuantization`, to be compared.
    private struct Quantization: Equatable, BitwiseCopyable {
        var scale: Float
        var zeroPoint: Int32

        init(_ row: RowQuantization) { (scale, zeroPoint) = (row.scale, row.zeroPoint) }
    }
}
