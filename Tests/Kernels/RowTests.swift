import EmotionFormerKernels
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Softmax, normalization and reductions of rows and columns against float64.
@Suite struct RowTests {
    static let widths = [1, 2, 5, 15, 16, 17, 31, 33, 70]

    @Test(arguments: InstructionSet.available)
    func softmaxEqualsFloat64(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for width in Self.widths {
            let rows = 3
            let input = Buffer(random: rows * (width + 2), seed: 4, scale: 20)
            let output = Buffer(count: rows * (width + 1))
            let scores = (0..<rows).map { row in (0..<width).map { Double(input.address[row * (width + 2) + $0]) } }
            kernels.softmax(input.address, width + 2, output.address, width + 1, rows, width)
            let found = MatmulTests.rows(output, rows, width, width + 1)
            #expect(largestDifference(found, scores.flatMap(Oracle.softmax)) < 2e-6, "\(level) \(width)")
            kernels.logSoftmax(input.address, width + 2, output.address, width + 1, rows, width)
            let logarithms = scores.flatMap { row -> [Double] in
                let top = row.max() ?? 0
                let sum = row.map { exp($0 - top) }.reduce(0, +)
                return row.map { $0 - top - log(sum) }
            }
            let foundLogarithms = MatmulTests.rows(output, rows, width, width + 1)
            #expect(largestDifference(foundLogarithms, logarithms) < 1e-5, "\(level) \(width)")
            #expect(output.isMarginUntouched)
        }
    }

    @Test(arguments: InstructionSet.available)
    func softmaxOfHugeScoresIsFinite(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let values = Buffer<Float>([-1e9, 1e30, 1e30, -3e38, 0], margin: 12345)
        kernels.softmax(values.address, 5, values.address, 5, 1, 5)
        #expect(values.values == [0, 0.5, 0.5, 0, 0])
    }

    @Test(arguments: InstructionSet.available, [false, true])
    func normalizationsEqualFloat64(level: InstructionSet, isAffine: Bool) {
        let kernels = KernelSet.kernels(for: level)
        for width in Self.widths {
            // Eight go through each pass together.
            let rows = 19
            let stride = width + 1
            let input = Buffer(random: rows * stride, seed: 5, scale: 3)
            let residual = Buffer(random: rows * stride, seed: 6)
            let gamma = Buffer(random: width, seed: 7)
            let beta = Buffer(random: width, seed: 8)
            let output = Buffer(count: rows * stride)
            for hasResidual in [false, true] {
                let call = RowNormalization(
                    input: input.address, inputStride: stride,
                    residual: hasResidual ? UnsafePointer(residual.address) : nil, residualStride: stride,
                    output: output.address, outputStride: stride, gamma: isAffine ? UnsafePointer(gamma.address) : nil,
                    beta: isAffine ? UnsafePointer(beta.address) : nil, epsilon: 1e-3, rows: rows, columns: width)
                for isCentered in [true, false] {
                    if isCentered {
                        kernels.layerNormalization(call)
                    } else {
                        kernels.rootMeanSquareNormalization(call)
                    }
                    var expected: [Double] = []
                    for row in 0..<rows {
                        let values = (0..<width).map { column in
                            Double(input.address[row * stride + column])
                                + (hasResidual ? Double(residual.address[row * stride + column]) : 0)
                        }
                        let mean = isCentered ? values.reduce(0, +) / Double(width) : 0
                        let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(width)
                        expected += values.indices.map { column in
                            let normal = (values[column] - mean) / (variance + Double(Float(1e-3))).squareRoot()
                            return isAffine
                                ? normal * Double(gamma.address[column]) + Double(beta.address[column]) : normal
                        }
                    }
                    let found = MatmulTests.rows(output, rows, width, stride)
                    #expect(largestDifference(found, expected) < 5e-6, "\(level) \(width)")
                    #expect(output.isMarginUntouched)
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func reductionsEqualFloat64(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for columns in Self.widths {
            for rows in [1, 2, 7] {
                let stride = columns + 3
                let input = Buffer(random: rows * stride, seed: 9)
                let mask = Buffer<UInt8>((0..<rows).map { $0 % 3 == 1 ? 0 : 1 }, margin: 9)
                let byRow = (0..<rows).map { row in (0..<columns).map { Double(input.address[row * stride + $0]) } }
                let byColumn = (0..<columns).map { column in byRow.map { $0[column] } }
                for operation in Reduction.allCases {
                    let rowResult = Buffer(count: rows)
                    kernels.reduceRows(operation, input.address, stride, rowResult.address, rows, columns)
                    #expect(largestDifference(rowResult.values, byRow.map { Self.reduce(operation, $0) }) < 1e-5)
                    let columnResult = Buffer(count: columns)
                    kernels.reduceColumns(operation, input.address, stride, columnResult.address, rows, columns)
                    #expect(largestDifference(columnResult.values, byColumn.map { Self.reduce(operation, $0) }) < 1e-5)
                    #expect(rowResult.isMarginUntouched && columnResult.isMarginUntouched)
                }
                let means = Buffer(count: columns)
                kernels.maskedMeanOfColumns(input.address, stride, mask.address, means.address, rows, columns)
                let kept = byColumn.map { column in
                    Self.reduce(.mean, column.indices.filter { $0 % 3 != 1 }.map { column[$0] })
                }
                #expect(largestDifference(means.values, kept) < 1e-5)
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func meanOfNothingIsZero(level: InstructionSet) {
        let input = Buffer(random: 10, seed: 1)
        let mask = Buffer<UInt8>([0, 0], margin: 9)
        let output = Buffer(count: 5)
        KernelSet.kernels(for: level).maskedMeanOfColumns(input.address, 5, mask.address, output.address, 2, 5)
        #expect(output.values == [0, 0, 0, 0, 0])
    }

    static func reduce(_ operation: Reduction, _ values: [Double]) -> Double {
        switch operation {
        case .sum: values.reduce(0, +)
        case .mean: values.reduce(0, +) / Double(values.count)
        case .maximum: values.max() ?? 0
        case .minimum: values.min() ?? 0
        }
    }
}
