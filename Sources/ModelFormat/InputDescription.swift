package import EmotionFormerCore

/// The order of a frame's features; raw values are the names in a manifest.
package enum LandmarkLayout: String, Sendable, CaseIterable {
    /// Raw features.
    case raw
    /// x0 y0 z0 x1 …
    case xyzInterleaved = "xyz-interleaved"
    /// x0 x1 … y0 y1 … z0 z1 …
    case xyzPlanar = "xyz-planar"
    /// One coordinate of each landmark.
    case x, y, z
}

/// A model's input, and how a clip becomes it.
package struct InputDescription: Sendable {
    /// (x − mean) / (standardDeviation + epsilon), in float32.
    package struct Normalization: Sendable {
        /// Float32; broadcasts to (frames, features).
        package var mean: Tensor
        /// Float32; broadcasts to (frames, features).
        package var standardDeviation: Tensor
        package var epsilon: Double

        package init(mean: Tensor, standardDeviation: Tensor, epsilon: Double = 0) {
            self.mean = mean
            self.standardDeviation = standardDeviation
            self.epsilon = epsilon
        }
    }

    /// How a clip with too few frames is padded.
    package struct Padding: Sendable, Hashable {
        package enum Side: String, Sendable, CaseIterable {
            case end, start
            /// No padding: the model takes any number of frames up to the maximum.
            case none
        }
        package enum Order: String, Sendable, CaseIterable { case beforeNormalization, afterNormalization }

        package var value: Double
        package var side: Side
        package var order: Order

        package init(value: Double = 0, side: Side = .end, order: Order = .beforeNormalization) {
            self.value = value
            self.side = side
            self.order = order
        }
    }

    /// Which frames of a clip with too many are dropped.
    package enum Truncation: String, Sendable, CaseIterable {
        /// The last ones.
        case end
        /// The first ones.
        case start
        /// Frames are sampled evenly.
        case uniform
    }

    /// How a frame without a face is treated.
    package enum MissingFrame: String, Sendable, CaseIterable { case drop, zeros, repeatPrevious }

    /// What becomes of a NaN in a frame that has other values.
    package enum MissingValue: String, Sendable, CaseIterable {
        /// The clip is refused.
        case refuse
        /// It becomes 0 before normalization.
        case zeros
        /// The model takes it as it is.
        case keep
    }

    /// The largest number of frames.
    package var frames: Int
    package var features: Int
    /// The axes of a frame, whose product is `features`.
    package var frameShape: [Int]
    package var layout: LandmarkLayout
    package var normalization: Normalization?
    package var padding: Padding
    package var truncation: Truncation
    package var missingFrame: MissingFrame
    package var missingValue: MissingValue

    package init(
        frames: Int, features: Int, frameShape: [Int]? = nil, layout: LandmarkLayout,
        normalization: Normalization? = nil, padding: Padding = Padding(), truncation: Truncation = .end,
        missingFrame: MissingFrame = .drop, missingValue: MissingValue = .refuse
    ) {
        self.frames = frames
        self.features = features
        self.frameShape = frameShape ?? [features]
        self.layout = layout
        self.normalization = normalization
        self.padding = padding
        self.truncation = truncation
        self.missingFrame = missingFrame
        self.missingValue = missingValue
    }
}
