import EmotionFormerCore

/// A model's input, and how a clip becomes it. This is part of the model and stated in its manifest.
public struct ModelInput: Sendable, Hashable {
    /// The order of a frame's features.
    public enum Layout: String, Sendable, CaseIterable {
        /// Raw features. Landmarks are used in the order x₀ y₀ z₀ x₁ y₁ z₁ ….
        case raw
        /// x₀ y₀ z₀ x₁ y₁ z₁ …: three features per landmark.
        case xyzInterleaved = "xyz-interleaved"
        /// x₀ x₁ … y₀ y₁ … z₀ z₁ …: three features per landmark.
        case xyzPlanar = "xyz-planar"
        /// One coordinate only: one feature per landmark.
        case x, y, z
    }

    /// Every feature becomes (x − mean) / (standardDeviation + epsilon), in 32-bit floats.
    public struct Normalization: Sendable, Hashable {
        /// A shape that broadcasts to frames × features.
        public let meanShape: [Int]
        public let standardDeviationShape: [Int]
        public let epsilon: Double

        package init(meanShape: [Int], standardDeviationShape: [Int], epsilon: Double) {
            self.meanShape = meanShape
            self.standardDeviationShape = standardDeviationShape
            self.epsilon = epsilon
        }
    }

    /// How a clip that is shorter than the model's number of frames is padded.
    public struct Padding: Sendable, Hashable {
        public enum Side: String, Sendable, CaseIterable {
            /// After the clip's frames, or before them.
            case end, start
            /// No padding: the model takes clips of any length.
            case none
        }

        /// Whether padding is added before normalization, and normalized with the clip, or after it.
        public enum Order: String, Sendable, CaseIterable {
            case beforeNormalization, afterNormalization
        }

        public let value: Float
        public let side: Side
        public let order: Order

        package init(value: Float, side: Side, order: Order) {
            self.value = value
            self.side = side
            self.order = order
        }
    }

    /// Which frames are dropped from a clip that is longer than the model's number of frames.
    public enum Truncation: String, Sendable, CaseIterable {
        /// The last frames, or the first ones.
        case end, start
        /// Frames are sampled evenly: frame i of the model is frame ⌊i · (n − 1) / (frames − 1)⌋ of n.
        case uniform
    }

    /// How a frame without a face is treated.
    public enum MissingFrame: String, Sendable, CaseIterable {
        case drop
        /// Its features are replaced by zeros before normalization.
        case zeros
        /// It is replaced by the last frame before it that has a face, or else by the first frame with a face.
        case repeatPrevious
    }

    /// How a value is treated that is NaN in a frame that has others, such as the landmarks of a hand out of sight.
    public enum MissingValue: String, Sendable, CaseIterable {
        /// The clip is refused.
        case refuse
        /// The value is replaced by zero before normalization.
        case zeros
        /// The model is given NaN, which it must expect.
        case keep
    }

    /// The most frames of a clip that the model uses.
    public let frames: Int
    /// Features per frame.
    public let features: Int
    /// The axes of a frame in arrays, whose product is `features`: for instance 21 × 2. `[features]` unless the model
    /// says otherwise.
    public let frameShape: [Int]
    /// Whether the model takes the features of one frame and not a clip.
    public let isVector: Bool
    public let layout: Layout
    /// nil if features are not normalized.
    public let normalization: Normalization?
    public let padding: Padding
    public let truncation: Truncation
    public let missingFrame: MissingFrame
    public let missingValue: MissingValue

    package init(
        frames: Int, features: Int, frameShape: [Int]? = nil, isVector: Bool = false, layout: Layout = .raw,
        normalization: Normalization? = nil,
        padding: Padding = Padding(value: 0, side: .end, order: .beforeNormalization), truncation: Truncation = .end,
        missingFrame: MissingFrame = .drop, missingValue: MissingValue = .refuse
    ) {
        self.frames = frames
        self.features = features
        self.frameShape = frameShape ?? [features]
        self.isVector = isVector
        self.layout = layout
        self.normalization = normalization
        self.padding = padding
        self.truncation = truncation
        self.missingFrame = missingFrame
        self.missingValue = missingValue
    }

    /// The same input with a rule for missing values, if it has none of its own.
    /// - Throws: `invalidArgument` if it has another one.
    func treatingMissingValues(by rule: MissingValue?) throws(Fault) -> ModelInput {
        guard let rule, rule != missingValue else { return self }
        guard missingValue == .refuse else {
            throw Fault(
                .invalidArgument, at: "\(Parameter.missingValue)", "the model has its own rule for missing values",
                found: rule.rawValue, expected: "\(missingValue.rawValue), or no option")
        }
        return ModelInput(
            frames: frames, features: features, frameShape: frameShape, isVector: isVector,
            layout: layout, normalization: normalization,
            padding: padding, truncation: truncation, missingFrame: missingFrame, missingValue: rule)
    }
}
