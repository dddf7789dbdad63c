package import EmotionFormerCore
package import EmotionFormerGraph

/// An input of a model: its name for callers, the value of the main graph, and what it holds.
package struct InputSpecification: Sendable {
    /// What an input holds; raw values of the names are in `Name`.
    package enum Role: Sendable {
        /// Frames × features of a clip.
        case clip(InputDescription)
        /// The features of one frame: a description with one frame.
        case vector(InputDescription)
        /// A picture.
        case image(ImageDescription)
        /// Any tensor; nothing is assumed of it.
        case tensor

        package enum Name: String, Sendable, CaseIterable { case clip, vector, image, tensor }

        package var name: Name {
            switch self {
            case .clip: .clip
            case .vector: .vector
            case .image: .image
            case .tensor: .tensor
            }
        }
    }

    /// A picture's axes are (batch, height, width, channels).
    package struct ImageDescription: Sendable, Hashable {
        /// The range of its numbers; nil if nobody states it.
        package var range: ClosedRange<Double>?

        package init(range: ClosedRange<Double>? = nil) { self.range = range }
    }

    /// Unique among the model's inputs.
    package var name: String
    /// The name of the main graph's input.
    package var value: String
    package var role: Role

    package init(name: String, value: String, role: Role) {
        self.name = name
        self.value = value
        self.role = role
    }

    /// How a clip, or a frame of features, becomes the input; nil for pictures and other tensors.
    package var description: InputDescription? {
        get {
            switch role {
            case .clip(let description), .vector(let description): description
            case .image, .tensor: nil
            }
        }
        set {
            guard let newValue else { return }
            switch role {
            case .clip: role = .clip(newValue)
            case .vector: role = .vector(newValue)
            case .image, .tensor: break
            }
        }
    }
}

/// How a graph's input holds a clip.
package enum ClipAxes: Sendable, Hashable {
    /// (batch, frames, …frame)
    case batch
    /// (frames, …frame)
    case noBatch
    /// (batch, …frame): one frame
    case frame

    /// The axes of an input that holds clips of this description; nil if it cannot hold them.
    package init?(_ input: GraphInput, _ description: InputDescription, isVector: Bool) {
        let extents = input.extents
        func isFrame(_ axes: ArraySlice<Int?>) -> Bool {
            var product = 1
            for axis in axes {
                guard let axis, axis > 0, axis <= description.features, product <= description.features else {
                    return false
                }
                product *= axis
            }
            return !axes.isEmpty && product == description.features
        }
        func isOne(_ axis: Int?) -> Bool { axis ?? 1 == 1 }
        func isTime(_ axis: Int?) -> Bool { axis ?? description.frames == description.frames }
        if isVector {
            guard extents.count >= 2, isOne(extents[0]), isFrame(extents[1...]) else { return nil }
            self = .frame
        } else if extents.count >= 3, isOne(extents[0]), isTime(extents[1]), isFrame(extents[2...]) {
            self = .batch
        } else if extents.count >= 2, isTime(extents[0]), isFrame(extents[1...]) {
            self = .noBatch
        } else {
            return nil
        }
    }

    /// The number of axes before those of a frame.
    package var frameStart: Int {
        switch self {
        case .batch: 2
        case .noBatch, .frame: 1
        }
    }

    /// The axis of the frames, in the graph's input.
    package var time: Int? {
        switch self {
        case .batch: 1
        case .noBatch: 0
        case .frame: nil
        }
    }
}

extension InputDescription {
    /// The shape of a graph's input for a clip of so many rows.
    /// - Throws: `limitExceeded` for a shape that is too large.
    package func shape(of input: GraphInput, rows: Int, isVector: Bool) throws(Fault) -> Shape {
        let axes = ClipAxes(input, self, isVector: isVector)
        return try Shape(input.extents.enumerated().map { $0 == axes?.time ? rows : $1 ?? 1 })
    }
}

extension InputSpecification {
    /// The name of the only input of a model that takes a clip.
    package static let clipName = "clip"
}
