import EmotionFormerCore
import EmotionFormerModelFormat

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
        /// The number of runs of the model: clips, for a model of clips.
        public let clipCount: Int
        /// One for each output that the test expects, in its order.
        public let outputs: [OutputComparison]

        public var isPassed: Bool { outputs.allSatisfy(\.comparison.isPassed) }
        /// nil if the test expects no output of this name.
        public var probabilities: Comparison? { comparison(of: "probabilities") }
        /// nil if the test expects no output of this name.
        public var logits: Comparison? { comparison(of: "logits") }

        func comparison(of name: String) -> Comparison? { outputs.first { $0.name == name }?.comparison }
    }

    /// An output's name with its comparison.
    public struct OutputComparison: Sendable, Hashable {
        public let name: String
        public let comparison: Comparison
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
            return try Model(contents, options: options).run(test)
        }
    }
}
