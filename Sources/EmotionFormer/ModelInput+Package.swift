import EmotionFormerCore
import EmotionFormerModelFormat

extension ModelInput {
    /// The public form of a package's description of its input.
    init(_ description: InputDescription, isVector: Bool) {
        self.init(
            frames: description.frames, features: description.features, frameShape: description.frameShape,
            isVector: isVector, layout: Layout(description.layout),
            normalization: description.normalization.map {
                Normalization(
                    meanShape: $0.mean.shape.extents, standardDeviationShape: $0.standardDeviation.shape.extents,
                    epsilon: $0.epsilon)
            },
            padding: Padding(
                value: Float(description.padding.value), side: Padding.Side(description.padding.side),
                order: description.padding.order == .beforeNormalization ? .beforeNormalization : .afterNormalization),
            truncation: Truncation(description.truncation), missingFrame: MissingFrame(description.missingFrame),
            missingValue: MissingValue(description.missingValue))
    }
}

extension ModelInput.Layout {
    fileprivate init(_ layout: LandmarkLayout) {
        switch layout {
        case .raw: self = .raw
        case .xyzInterleaved: self = .xyzInterleaved
        case .xyzPlanar: self = .xyzPlanar
        case .x: self = .x
        case .y: self = .y
        case .z: self = .z
        }
    }
}

extension ModelInput.Padding.Side {
    fileprivate init(_ side: InputDescription.Padding.Side) {
        switch side {
        case .end: self = .end
        case .start: self = .start
        case .none: self = .none
        }
    }
}

extension ModelInput.Truncation {
    fileprivate init(_ truncation: InputDescription.Truncation) {
        switch truncation {
        case .end: self = .end
        case .start: self = .start
        case .uniform: self = .uniform
        }
    }
}

extension ModelInput.MissingFrame {
    fileprivate init(_ rule: InputDescription.MissingFrame) {
        switch rule {
        case .drop: self = .drop
        case .zeros: self = .zeros
        case .repeatPrevious: self = .repeatPrevious
        }
    }
}

extension ModelInput.MissingValue {
    fileprivate init(_ rule: InputDescription.MissingValue) {
        switch rule {
        case .refuse: self = .refuse
        case .zeros: self = .zeros
        case .keep: self = .keep
        }
    }
}

extension Normalizer {
    /// nil if features are not normalized.
    init?(_ description: InputDescription) throws(Fault) {
        guard let normalization = description.normalization else { return nil }
        try self.init(
            mean: normalization.mean, standardDeviation: normalization.standardDeviation,
            epsilon: normalization.epsilon, frames: description.frames, features: description.features)
    }
}
