import EmotionFormer

/// Clips that differ in length and content, and what a single thread predicts for them.
struct Clips: Sendable {
    let clips: [LandmarkClip]
    let expected: [Prediction]

    /// - Parameter model: predicts on one thread.
    init(count: Int, for model: EmotionModel) throws {
        var random = Random(state: 11)
        clips = try (0..<count).map { index in
            let frames = 1 + index % model.input.frames
            return try LandmarkClip(
                features: (0..<frames * model.input.features).map { _ in random.float() }, frameCount: frames,
                featureCount: model.input.features)
        }
        expected = try clips.map { try model.predict($0) }
    }
}

extension Prediction {
    /// Whether every number is the same to the bit.
    func isIdentical(to other: Prediction) -> Bool {
        labels == other.labels && framesUsed == other.framesUsed
            && Prediction.areIdentical(probabilities, other.probabilities)
            && Prediction.areIdentical(logits ?? [], other.logits ?? [])
    }

    static func areIdentical(_ first: [Float], _ second: [Float]) -> Bool {
        first.count == second.count && zip(first, second).allSatisfy { $0.bitPattern == $1.bitPattern }
    }
}

/// SplitMix64: every run draws the same numbers.
struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func integer(below limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// A number in −1 ..< 1.
    mutating func float() -> Float { Float(Int64(bitPattern: next()) >> 40) * 0x1p-23 }
}
