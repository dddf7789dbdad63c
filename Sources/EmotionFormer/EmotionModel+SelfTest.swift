package import EmotionFormerModelFormat
package import EmotionFormerTensors

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension EmotionModel {
    /// How much a model's outputs differ from those that another program computed when the model was exported.
    public struct SelfTestResult: Sendable, Hashable {
        /// The program that computed the expected outputs: `keras 3.15`, `litert 2.3`, `numpy-float64`.
        public let oracle: String
        public let clipCount: Int
        public let probabilities: Comparison
        /// nil if the model gives no logits.
        public let logits: Comparison?

        public var isPassed: Bool { probabilities.isPassed && logits?.isPassed ?? true }
    }

    /// The largest absolute difference of a self-test, and its tolerance.
    public struct Comparison: Sendable, Hashable {
        public let largestDifference: Float
        public let tolerance: Float

        public var isPassed: Bool { largestDifference <= tolerance }
    }

    /// Checks a package's hashes (SHA-256), predicts the clips of its self-test, and compares the results with the
    /// expected ones.
    /// - Throws: what is wrong with the package; `missingSelfTest` if it has none.
    public static func verify(
        contentsOf url: URL, options: Options = Options()
    ) throws(EmotionFormerError) -> SelfTestResult {
        let path = try path(of: url)
        return try publicly { () throws(Fault) in
            try options.limits.values.validate()
            let contents = try ModelFile.read(path, verifyHash: true, limits: options.limits.values)
            guard let test = contents.selfTest else {
                throw Fault(.missingSelfTest, at: path, "the model has no self-test")
            }
            return try EmotionModel(contents, options: options).run(test)
        }
    }

    /// Predicts the clips of a self-test and compares the results with the expected ones.
    package func run(_ test: SelfTest) throws(Fault) -> SelfTestResult {
        let clips = try clips(of: test)
        var predictions: [Prediction] = []
        for clip in clips { predictions.append(try prediction(of: clip)) }
        let probabilities = try EmotionModel.difference(
            predictions.flatMap(\.probabilities), test.probabilities, tolerance: test.tolerance.probabilities)
        var logits: Comparison?
        if let expected = test.logits, let tolerance = test.tolerance.logits {
            logits = try EmotionModel.difference(
                predictions.flatMap { $0.logits ?? [] }, expected, tolerance: tolerance)
        }
        return SelfTestResult(
            oracle: test.oracle, clipCount: clips.count, probabilities: probabilities, logits: logits)
    }

    /// The test's inputs, which are complete clips of features before normalization.
    package func clips(of test: SelfTest) throws(Fault) -> [LandmarkClip] {
        let size = input.frames * input.features
        let values = test.input.elements(as: Float.self) ?? []
        guard size > 0, !values.isEmpty, values.count.isMultiple(of: size) else {
            throw Fault(
                .shapeMismatch, at: "selfTest: input", "the input is not clips of this model",
                found: "\(test.input.shape)",
                expected: "[clips, \(input.frames), \(input.features)]")
        }
        var clips: [LandmarkClip] = []
        for index in 0..<values.count / size {
            clips.append(
                try LandmarkClip(
                    values: Array(values[index * size..<(index + 1) * size]), frameCount: input.frames,
                    featureCount: input.features, landmarkCount: nil, name: "self-test clip \(index)"))
        }
        return clips
    }

    private static func difference(
        _ found: [Float], _ expected: Tensor, tolerance: Double
    ) throws(Fault) -> Comparison {
        let values = expected.doubles
        guard values.count == found.count else {
            throw Fault(
                .shapeMismatch, at: "selfTest", "the number of outputs is not the model's", found: "\(values.count)",
                expected: "\(found.count)")
        }
        let largest = zip(found, values).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
        return Comparison(largestDifference: Float(largest), tolerance: Float(tolerance))
    }
}
