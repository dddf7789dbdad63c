import EmotionFormerKernels
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// One attention head against float64: every form of mask, odd sizes, interleaved operands.
@Suite struct AttentionTests {
    enum MaskForm: CaseIterable { case none, key, full, causal, all, nothingVisible }

    struct Case {
        var queries: Int
        var keys: Int
        var dimension: Int
        var valueDimension: Int
    }

    static let cases = [
        Case(queries: 1, keys: 1, dimension: 1, valueDimension: 1),
        Case(queries: 17, keys: 17, dimension: 5, valueDimension: 5),
        Case(queries: 31, keys: 33, dimension: 16, valueDimension: 16),
        Case(queries: 13, keys: 70, dimension: 32, valueDimension: 33),
        Case(queries: 3, keys: 600, dimension: 8, valueDimension: 4),
        Case(queries: 5, keys: 15, dimension: 64, valueDimension: 128),
    ]

    @Test(arguments: InstructionSet.available, MaskForm.allCases)
    func attentionEqualsFloat64(level: InstructionSet, form: MaskForm) {
        for test in Self.cases {
            let (found, weights, expected, expectedWeights) = Self.run(level, form, test, [0..<test.queries])
            #expect(largestDifference(found, expected) < 3e-6, "\(level) \(form) \(test)")
            #expect(largestDifference(weights, expectedWeights) < 2e-6, "\(level) \(form) \(test)")
        }
    }

    @Test(arguments: InstructionSet.available)
    func rowsDoNotDependOnThePartition(level: InstructionSet) {
        guard KernelSet.kernels(for: level).splitsRows else { return }
        let test = Case(queries: 29, keys: 70, dimension: 16, valueDimension: 16)
        let whole = Self.run(level, .all, test, [0..<29]).found
        let parts = Self.run(level, .all, test, [0..<1, 1..<14, 14..<14, 14..<29]).found
        #expect(whole.map(\.bitPattern) == parts.map(\.bitPattern))
    }

    /// Weights of two keys, whose scores lie 0 to 85 apart: relative errors, of the small one too.
    @Test(arguments: InstructionSet.available)
    func weightsAreAccurateOverTheWholeRange(level: InstructionSet) {
        let distances = (0...3400).map { Float($0) * 0.025 }
        let found = Self.weigh(level, distances, keys: [0, -1])
        for (row, distance) in distances.enumerated() {
            let small = exp(-Double(distance))
            // The exponent's own rounding grows with it.
            let bound = 5e-7 + Double(distance) * 1.5e-7
            #expect(abs(Double(found[2 * row]) * (1 + small) - 1) < bound, "\(level) \(distance)")
            #expect(abs(Double(found[2 * row + 1]) * (1 + small) / small - 1) < bound, "\(level) \(distance)")
        }
    }

    @Test(arguments: InstructionSet.available)
    func farScoresWeighNothingAndNaNIsNotHidden(level: InstructionSet) {
        #expect(Self.weigh(level, [200, 1e6], keys: [0, -1]) == [1, 0, 1, 0])
        #expect(Self.weigh(level, [1, 2], keys: [0, .nan]).allSatisfy { $0.isNaN })
    }

    /// Rows whose scores are known to be small, and rows whose are not, go different ways side by side.
    @Test(arguments: InstructionSet.available)
    func aRowsResultDependsOnNoOtherRow(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let (queries, keys, dimension) = (29, 530, 18)
        let query = Buffer(random: queries * dimension, seed: 4)
        // Bounds from far below to far above what scores may be, in every order of neighbors.
        let factors: [Float] = [0.01, 1, 30, 4, 100, 8, 8, 60, 2, 2, 2, 500, 3]
        for row in 0..<queries {
            for index in 0..<dimension { query.address[row * dimension + index] *= factors[row % factors.count] }
        }
        let key = Buffer(random: keys * dimension, seed: 5)
        let value = Buffer(random: keys * dimension, seed: 6)
        let scratch = Buffer<UInt8>(
            count: kernels.attentionScratchByteCount(keys, dimension, dimension), fill: 7)
        func outputs(_ ranges: [Range<Int>]) -> [Float] {
            let output = Buffer(count: queries * dimension)
            for range in ranges {
                kernels.attention(
                    AttentionHead(
                        query: query.address, queryStride: dimension, key: key.address, keyStride: dimension,
                        value: value.address, valueStride: dimension, output: output.address,
                        outputStride: dimension, queryCount: queries, keyCount: keys, keyDimension: dimension,
                        valueDimension: dimension, scale: 0.5), range, scratch.address)
            }
            #expect(output.isMarginUntouched && scratch.isMarginUntouched)
            return output.values
        }
        let whole = outputs([0..<queries])
        for row in 0..<queries {
            let scores = Oracle.product(
                query.address + row * dimension, dimension, 1, key.address, 1, dimension, m: 1, k: dimension, n: keys
            ).map { $0 / 2 }
            let weights = Oracle.softmax(scores)
            // A float's rounding in each term of the greatest score, as a factor of each weight.
            let largest = scores.map(abs).max() ?? 0
            let tolerance = 1e-6 + Double(dimension) * largest * 0x1p-24
            for column in 0..<dimension {
                let expected = (0..<keys).reduce(0.0) { sum, index in
                    sum + weights[index] * Double(value.address[index * dimension + column])
                }
                #expect(abs(Double(whole[row * dimension + column]) - expected) < tolerance)
            }
        }
        guard kernels.splitsRows else { return }
        #expect(outputs((0..<queries).map { $0..<$0 + 1 }) == whole)
        #expect(outputs([0..<5, 5..<8, 8..<19, 19..<queries]) == whole)
    }

    /// The weights of one-dimensional queries for two keys.
    private static func weigh(_ level: InstructionSet, _ queries: [Float], keys: [Float]) -> [Float] {
        let kernels = KernelSet.kernels(for: level)
        let query = Buffer(queries, margin: 12345)
        let key = Buffer(keys, margin: 12345)
        let value = Buffer<Float>([1, 0, 0, 1], margin: 12345)
        let output = Buffer(count: 2 * queries.count)
        let scratch = Buffer<UInt8>(count: kernels.attentionScratchByteCount(2, 1, 2), fill: 7)
        kernels.attention(
            AttentionHead(
                query: query.address, queryStride: 1, key: key.address, keyStride: 1, value: value.address,
                valueStride: 2, output: output.address, outputStride: 2, queryCount: queries.count, keyCount: 2,
                keyDimension: 1, valueDimension: 2, scale: 1), 0..<queries.count, scratch.address)
        return output.values
    }

    static func run(
        _ level: InstructionSet, _ form: MaskForm, _ test: Case, _ ranges: [Range<Int>]
    ) -> (found: [Float], weights: [Float], expected: [Double], expectedWeights: [Double]) {
        let kernels = KernelSet.kernels(for: level)
        let (queries, keys, dimension) = (test.queries, test.keys, test.dimension)
        // Queries and keys lie in one buffer beside other heads', as in a fused projection.
        let stride = 2 * dimension + 3
        let fused = Buffer(random: max(queries, keys) * stride, seed: 1, scale: 2)
        let value = Buffer(random: keys * (test.valueDimension + 1), seed: 2)
        let keyMask = Buffer<UInt8>(
            (0..<keys).map { form == .nothingVisible ? 0 : ($0 % 3 == 1 ? 0 : 1) }, margin: 9)
        let mask = Buffer<UInt8>((0..<queries * keys).map { $0 % 5 == 2 ? 0 : 1 }, margin: 9)
        let output = Buffer(count: queries * (test.valueDimension + 2))
        let weights = Buffer(count: queries * keys)
        let hasKeyMask = form == .key || form == .all || form == .nothingVisible
        let hasMask = form == .full || form == .all
        let isCausal = form == .causal || form == .all
        let scale = 1 / Float(dimension).squareRoot()
        let head = AttentionHead(
            query: fused.address, queryStride: stride, key: fused.address + dimension, keyStride: stride,
            value: value.address, valueStride: test.valueDimension + 1, output: output.address,
            outputStride: test.valueDimension + 2, queryCount: queries, keyCount: keys, keyDimension: dimension,
            valueDimension: test.valueDimension, scale: scale,
            keyMask: hasKeyMask ? UnsafePointer(keyMask.address) : nil,
            mask: hasMask ? UnsafePointer(mask.address) : nil, maskStride: keys, isCausal: isCausal)
        let scratch = Buffer<UInt8>(
            count: kernels.attentionScratchByteCount(keys, dimension, test.valueDimension), fill: 7)
        for range in ranges { kernels.attention(head, range, scratch.address) }
        var withWeights = head
        withWeights.weights = weights.address
        withWeights.weightsStride = keys
        for range in ranges { kernels.attention(withWeights, range, scratch.address) }
        #expect(output.isMarginUntouched && scratch.isMarginUntouched && weights.isMarginUntouched)

        var expected: [Double] = []
        var expectedWeights: [Double] = []
        for query in 0..<queries {
            var scores = Oracle.product(
                fused.address + query * stride, stride, 1, fused.address + dimension, 1, stride, m: 1, k: dimension,
                n: keys)
            for key in 0..<keys {
                scores[key] *= Double(scale)
                let isHidden =
                    (hasKeyMask && keyMask.address[key] == 0) || (hasMask && mask.address[query * keys + key] == 0)
                    || (isCausal && key > query)
                if isHidden { scores[key] = -1e30 }
            }
            let row = Oracle.softmax(scores)
            expectedWeights += row
            for column in 0..<test.valueDimension {
                var sum = 0.0
                for key in 0..<keys {
                    sum += row[key] * Double(value.address[key * (test.valueDimension + 1) + column])
                }
                expected.append(sum)
            }
        }
        let found = MatmulTests.rows(output, queries, test.valueDimension, test.valueDimension + 2)
        return (found, weights.values, expected, expectedWeights)
    }
}
