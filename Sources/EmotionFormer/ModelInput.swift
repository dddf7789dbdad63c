/// What a model takes, and what becomes of a clip on the way into it: part of the model, stated by its manifest.
public struct ModelInput: Sendable, Hashable {
    /// How a frame's landmarks become its features.
    public enum Layout: String, Sendable, CaseIterable {
        /// Features as they are. Landmarks are taken in the order x₀ y₀ z₀ x₁ ….
        case raw
        /// x₀ y₀ z₀ x₁ y₁ z₁ …: three features a landmark.
        case xyzInterleaved = "xyz-interleaved"
        /// x₀ x₁ … y₀ y₁ … z₀ z₁ …: three features a landmark.
        case xyzPlanar = "xyz-planar"
        /// One coordinate: a feature a landmark.
        case x, y, z
    }

    /// Every feature becomes (x − mean) / (standardDeviation + epsilon), in 32-bit floats.
    public struct Normalization: Sendable, Hashable {
        /// Frames × features, features, or a broadcast of either.
        public let meanShape: [Int]
        public let standardDeviationShape: [Int]
        public let epsilon: Double

        package init(meanShape: [Int], standardDeviationShape: [Int], epsilon: Double) {
            self.meanShape = meanShape
            self.standardDeviationShape = standardDeviationShape
            self.epsilon = epsilon
        }
    }

    /// What fills up a clip that is shorter than the model's frames.
    public struct Padding: Sendable, Hashable {
        public enum Side: String, Sendable, CaseIterable {
            /// After, or before, the clip's frames.
            case end, start
            /// Nothing: the model takes the clip's own length.
            case none
        }

        /// Whether the padding is normalised like the clip, or added when that is done.
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

    /// Which frames go when a clip is longer than the model's frames.
    public enum Truncation: String, Sendable, CaseIterable {
        /// The last ones, or the first ones.
        case end, start
        /// Frame i of the model is frame ⌊i · (n − 1) / (frames − 1)⌋ of a clip of n.
        case uniform
    }

    /// What becomes of a frame without a face.
    public enum MissingFrame: String, Sendable, CaseIterable {
        case drop
        /// Zeros in place of its features, before normalisation.
        case zeros
        /// The last frame before it that has a face, or the first one of all.
        case repeatPrevious
    }

    /// The most frames that are used of a clip.
    public let frames: Int
    /// Features a frame.
    public let features: Int
    public let layout: Layout
    /// nil if features are taken as they are.
    public let normalization: Normalization?
    public let padding: Padding
    public let truncation: Truncation
    public let missingFrame: MissingFrame

    package init(
        frames: Int, features: Int, layout: Layout = .raw, normalization: Normalization? = nil,
        padding: Padding = Padding(value: 0, side: .end, order: .beforeNormalization), truncation: Truncation = .end,
        missingFrame: MissingFrame = .drop
    ) {
        self.frames = frames
        self.features = features
        self.layout = layout
        self.normalization = normalization
        self.padding = padding
        self.truncation = truncation
        self.missingFrame = missingFrame
    }
}
