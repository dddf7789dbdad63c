import EmotionFormerKernels
import Testing

/// Attention far from everyday numbers, against float64: scores of 1e-30 to 1e30, infinities, NaN, rows without a key.
///
/// Queries, keys and scales here are small integers times powers of 2, so that scores are exact in float32 in whatever
/// order they are summed: however large they are, the bounds stay tight.
@Suite struct AttentionRangeTests {
    enum Form: CaseIterable { case plain, negativeScale, keyMask, mask, causal, nothingVisible }

    /// Below, at and above a vector, a panel and a tile of keys.
    static let keyCounts = [1, 3, 8, 17, 33, 530]

    @Test(arguments: InstructionSet.available, Form.allCases)
    func scoresOfAnySize(level: InstructionSet, form: Form) {
        for exponent in stride(from: -100, through: 100, by: 4) {
            for keys in Self.keyCounts where keys < 100 || exponent % 20 == 0 {
                let head = Self.head(form, keys: keys, exponent: exponent)
                let result = head.run(level)
                let expected = head.expected()
                // A portable score is rounded once more, with its factor, before the largest is subtracted. From 2⁷ on
                // scores that differ are so far apart that it changes nothing.
                let rounding = level == .portable && exponent < 8 ? 0x1p-23 * 64 * Self.power(exponent) : 0
                let tolerance = 4e-6 + rounding
                #expect(
                    largestDifference(result.output, expected.output) < tolerance,
                    "\(level) \(form) 2^\(exponent), \(keys) keys")
                #expect(
                    largestDifference(result.weights, expected.weights) < tolerance,
                    "\(level) \(form) 2^\(exponent), \(keys) keys, weights")
            }
        }
    }

    /// Scores that are rounded on the way: every row is finite, and its weights are shares.
    @Test(arguments: InstructionSet.available)
    func weightsAreSharesForScoresOfAnySize(level: InstructionSet) {
        for exponent in -60...60 {
            var head = Self.head(.plain, keys: 33, exponent: 0)
            let factor = Float(Self.power(exponent)) * 1.234_567
            head.query = Buffer(random: head.query.count, seed: 4, scale: factor).values
            head.key = Buffer(random: head.key.count, seed: 5, scale: factor * 0.87).values
            head.value = head.value.map { _ in 1 }
            let result = head.run(level)
            #expect(result.output.allSatisfy { abs($0 - 1) < 1e-5 }, "\(level) 2^\(exponent)")
            #expect(result.weights.allSatisfy { $0 >= 0 && $0 <= 1.000_001 }, "\(level) 2^\(exponent)")
        }
    }

    /// Values of 1e-30 to 1e30 under weights that differ much.
    @Test(arguments: InstructionSet.available)
    func valuesOfAnySize(level: InstructionSet) {
        for exponent in stride(from: -100, through: 100, by: 10) {
            var head = Self.head(.plain, keys: 17, exponent: 0)
            let factor = Float(Self.power(exponent))
            head.value = head.value.map { $0 * factor }
            let found = head.run(level).output.map { $0 / factor }
            let expected = head.expected().output.map { $0 / Double(factor) }
            #expect(largestDifference(found, expected) < 2e-5, "\(level) 2^\(exponent)")
        }
    }

    /// A few factors of scores with queries and keys so far apart in size that their squares vanish or overflow.
    @Test(arguments: InstructionSet.available)
    func operandsOfVeryDifferentSize(level: InstructionSet) {
        for (query, key, scale) in [(60, -76, 18), (-76, 60, 18), (60, -76, 24), (60, -60, 0), (-62, 40, 22)] {
            var head = Self.head(.plain, keys: 17, exponent: 0)
            head.query = head.query.map { $0 * Float(Self.power(query)) }
            head.key = head.key.map { $0 * Float(Self.power(key)) }
            head.scale = Float(Self.power(scale))
            #expect(
                largestDifference(head.run(level).output, head.expected().output) < 2e-3,
                "\(level) 2^\(query)·2^\(key)·2^\(scale)")
        }
    }

    /// NaN however it is written, and infinities, wherever they stand.
    static let specials: [Float] =
        [0x7FC0_0000, 0x7FC0_0001, 0x7FFF_FFFF, 0x7F80_0001, 0xFFC0_0000, 0xFFC0_01FF, 0xFFFF_FFFF].map {
            Float(bitPattern: $0)
        } + [.infinity, -.infinity]

    @Test(arguments: InstructionSet.available, [Form.plain, .keyMask, .causal])
    func specialKeysEqualFloat64(level: InstructionSet, form: Form) {
        for special in Self.specials {
            for place in 0..<17 {
                var head = Self.head(form, keys: 17, exponent: 0)
                head.key[place * head.dimension + place % head.dimension] = special
                check(head, level, "\(form) key \(special) at \(place)")
            }
        }
    }

    @Test(arguments: InstructionSet.available, [Form.plain, .mask])
    func specialQueriesEqualFloat64(level: InstructionSet, form: Form) {
        for special in Self.specials {
            for row in 0..<7 {
                var head = Self.head(form, keys: 17, exponent: 0)
                head.query[row * head.dimension] = special
                check(head, level, "\(form) query \(special) in row \(row)")
            }
        }
    }

    /// Scores that are special themselves, one of them, a whole tile of them, all of them; every other row does not see
    /// them.
    @Test(arguments: InstructionSet.available)
    func specialScoresEqualFloat64(level: InstructionSet) {
        for special in Self.specials {
            for keys in [1, 8, 17, 530, 1030] {
                for places in [0..<1, 0..<min(keys, 512), keys - 1..<keys, 0..<keys] {
                    var head = Self.head(.plain, keys: keys, exponent: 0)
                    head.dimension = 1
                    head.query = head.query.prefix(head.queries).map { _ in 1 }
                    head.key = Array(head.key.prefix(keys))
                    for key in places { head.key[key] = special }
                    check(head, level, "scores \(special) at \(places) of \(keys), seen by all")
                    var mask = [UInt8](repeating: 1, count: head.queries * keys)
                    for row in stride(from: 1, to: head.queries, by: 2) {
                        for key in places { mask[row * keys + key] = 0 }
                    }
                    head.mask = mask
                    check(head, level, "scores \(special) at \(places) of \(keys)")
                }
            }
        }
    }

    /// The smallest case of NaN that came out as a number: two keys, one of them NaN with a payload.
    @Test(arguments: InstructionSet.available)
    func notANumberWithAPayloadStays(level: InstructionSet) {
        for special in Self.specials.filter(\.isNaN) {
            let head = Head(
                queries: 1, keys: 2, dimension: 1, valueDimension: 2, query: [1], key: [0, special],
                value: [1, 0, 0, 1],
                scale: 1)
            let result = head.run(level)
            #expect((result.output + result.weights).allSatisfy { $0.isNaN }, "\(level) \(special)")
        }
    }

    /// The bounds of these tests see a swapped pair of keys and a dropped row.
    @Test func theMeasureCanFail() {
        let head = Self.head(.plain, keys: 17, exponent: 0)
        var swapped = head
        for index in 0..<head.dimension { swapped.key.swapAt(index, head.dimension + index) }
        let right = head.expected().output
        #expect(largestDifference(swapped.expected().output.map { Float($0) }, right) > 1e-2)
        #expect(largestDifference(Array(right.dropFirst().map { Float($0) }), right) == .infinity)
    }

    /// Every other row is NaN, or none is, as float64 says.
    private func check(_ head: Head, _ level: InstructionSet, _ comment: String) {
        let found = head.run(level)
        let expected = head.expected()
        for (found, expected, what) in [
            (found.output, expected.output, "output"), (found.weights, expected.weights, "weights"),
        ] {
            let isEqual =
                found.count == expected.count
                && zip(found, expected).allSatisfy { $0.isNaN ? $1.isNaN : abs(Double($0) - $1) < 2e-5 }
            #expect(isEqual, "\(level) \(comment): \(what)")
        }
    }

    static func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }

    /// Seven queries whose scores are integers of −40…40 times 2^exponent; some keys have the same score.
    static func head(_ form: Form, keys: Int, exponent: Int) -> Head {
        let (queries, dimension, valueDimension) = (7, 5, 9)
        var generator = Generator(seed: 11)
        func integers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(Int(generator.next() % 5) - 2) } }
        // Half of the power to the queries, half to the scale; keys keep theirs.
        let half = Float(power(exponent / 2))
        let rest = Float(power(exponent - exponent / 2))
        var head = Head(
            queries: queries, keys: keys, dimension: dimension, valueDimension: valueDimension,
            query: integers(queries * dimension).map { $0 * half }, key: integers(keys * dimension),
            value: Buffer(random: keys * valueDimension, seed: 12).values, scale: rest)
        switch form {
        case .plain: break
        case .negativeScale: head.scale = -rest
        case .keyMask: head.keyMask = (0..<keys).map { $0 % 3 == 1 ? 0 : 1 }
        case .mask: head.mask = (0..<queries * keys).map { $0 % 5 == 2 ? 0 : 1 }
        case .causal: head.isCausal = true
        case .nothingVisible: head.keyMask = [UInt8](repeating: 0, count: keys)
        }
        return head
    }
}

/// One head's operands, run by a level and in float64.
struct Head {
    var queries: Int
    var keys: Int
    var dimension: Int
    var valueDimension: Int
    var query: [Float]
    var key: [Float]
    var value: [Float]
    var scale: Float
    var keyMask: [UInt8]?
    var mask: [UInt8]?
    var isCausal = false

    /// The output once without weights, which must be the same with them, and the weights.
    func run(_ level: InstructionSet) -> (output: [Float], weights: [Float]) {
        let kernels = KernelSet.kernels(for: level)
        let (query, key) = (Buffer(query, margin: 12345), Buffer(key, margin: 12345))
        let value = Buffer(value, margin: 12345)
        let keyMask = keyMask.map { Buffer($0, margin: 9) }
        let mask = mask.map { Buffer($0, margin: 9) }
        let output = Buffer(count: queries * valueDimension)
        let weights = Buffer(count: queries * keys)
        let scratch = Buffer<UInt8>(
            count: kernels.attentionScratchByteCount(keys, dimension, valueDimension), fill: 7)
        var head = AttentionHead(
            query: query.address, queryStride: dimension, key: key.address, keyStride: dimension, value: value.address,
            valueStride: valueDimension, output: output.address, outputStride: valueDimension, queryCount: queries,
            keyCount: keys, keyDimension: dimension, valueDimension: valueDimension, scale: scale,
            keyMask: keyMask.map { UnsafePointer($0.address) }, mask: mask.map { UnsafePointer($0.address) },
            maskStride: keys, isCausal: isCausal)
        kernels.attention(head, 0..<queries, scratch.address)
        let alone = output.values
        head.weights = weights.address
        head.weightsStride = keys
        kernels.attention(head, 0..<queries, scratch.address)
        #expect(output.values.map(\.bitPattern) == alone.map(\.bitPattern), "weights change the output")
        #expect(output.isMarginUntouched && weights.isMarginUntouched && scratch.isMarginUntouched)
        return (output.values, weights.values)
    }

    func expected() -> (output: [Double], weights: [Double]) {
        var output: [Double] = []
        var weights: [Double] = []
        for row in 0..<queries {
            let scores = (0..<keys).map { column -> Double in
                let isHidden =
                    keyMask?[column] == 0 || mask?[row * keys + column] == 0 || (isCausal && column > row)
                if isHidden { return -1e30 }
                let product = (0..<dimension).reduce(0.0) {
                    $0 + Double(query[row * dimension + $1]) * Double(key[column * dimension + $1])
                }
                return product * Double(scale)
            }
            let shares = Oracle.softmax(scores)
            weights += shares
            output += (0..<valueDimension).map { column in
                (0..<keys).reduce(0.0) { $0 + shares[$1] * Double(value[$1 * valueDimension + column]) }
            }
        }
        return (output, weights)
    }
}
