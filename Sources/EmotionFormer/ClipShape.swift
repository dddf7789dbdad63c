import EmotionFormerCore

/// How a model's input says which axes of an array are a frame.
///
/// A frame is an array of the model's own shape, a list of its features, or landmarks that the model's layout makes
/// features of. An array that fits in two of these ways is refused.
package struct ClipShape: Sendable {
    let input: ModelInput
    /// Whether the model takes one frame, so that each frame of a file is a clip.
    let isVector: Bool

    package init(_ input: ModelInput, isVector: Bool? = nil) {
        self.input = input
        self.isVector = isVector ?? input.isVector
    }

    /// The last axes of an array, which are a frame.
    struct FrameAxes: Equatable {
        let count: Int
        /// Whether the last one is x, y and z, of which the layout makes features.
        let areLandmarks: Bool
    }

    /// The axes of an array that are a frame. Those in front of them count frames, and clips.
    /// - Parameters:
    ///   - extents: of the whole array, outermost first.
    ///   - leading: how many axes there may be in front of a frame.
    /// - Returns: nil if nothing of the array is a frame of this model.
    /// - Throws: `malformedClip` if the array can be read in two ways.
    func frameAxes(of extents: [Int], leading: ClosedRange<Int>) throws(Fault) -> FrameAxes? {
        let candidates = leading.compactMap { lead in
            extents.count > lead ? frame(Array(extents[lead...])) : nil
        }
        // With a single frame in each, all readings are the same.
        let areSame = candidates.allSatisfy { extents.dropLast($0.count).allSatisfy { $0 == 1 } }
        guard candidates.count > 1, !areSame else { return candidates.first }
        // A shape of several axes is the model's own word.
        let own = input.frameShape
        if own.count > 1, let best = candidates.first(where: { $0.count == own.count }),
            extents.suffix(best.count).elementsEqual(own)
        {
            return best
        }
        throw Fault(
            .malformedClip, at: "", "the array can be read in two ways",
            found: candidates.map { description(of: extents, frame: $0.count) }.joined(separator: ", or "),
            expected: "an array of (clips, frames, features)")
    }

    /// The axes as those of a whole frame; nil if they are none of this model.
    private func frame(_ axes: [Int]) -> FrameAxes? {
        let isXYZ = axes.count == 2 && axes[1] == 3
        let isInTurn = input.layout == .raw || input.layout == .xyzInterleaved
        if axes == input.frameShape { return FrameAxes(count: axes.count, areLandmarks: isXYZ && isInTurn) }
        if axes == [input.features] { return FrameAxes(count: 1, areLandmarks: false) }
        guard axes.count == 2 else { return nil }
        switch input.layout {
        case .x, .y, .z: return isXYZ && axes[0] == input.features ? FrameAxes(count: 2, areLandmarks: true) : nil
        case .xyzInterleaved, .xyzPlanar:
            return isXYZ && axes[0] * 3 == input.features ? FrameAxes(count: 2, areLandmarks: true) : nil
        case .raw:
            // Landmarks of up to four coordinates; with more, nothing says which axis comes first among the features.
            guard (1...4).contains(axes[1]), input.features.isMultiple(of: axes[1]),
                axes[0] == input.features / axes[1]
            else { return nil }
            return FrameAxes(count: 2, areLandmarks: isXYZ)
        }
    }

    /// - Throws: what is wrong with an array of which nothing is a frame of this model.
    func checkMismatch(_ extents: [Int]) throws(Fault) {
        // The model names what is wrong with features, and with landmarks of three coordinates.
        let isPlain = extents.count == 2 || ((3...4).contains(extents.count) && extents.last == 3)
        guard !isPlain || isVector else { return }
        let frame = input.frameShape.map(String.init).joined(separator: ", ")
        let single = isVector ? "(\(frame)\(input.frameShape.count == 1 ? "," : ""))" : "(frames, \(frame))"
        throw Fault(
            .featureCountMismatch, at: "", "the array is no clip of this model",
            found: "shape (\(extents.map(String.init).joined(separator: ", ")))",
            expected: "\(single) or (\(isVector ? "" : "clips, ")\(isVector ? "vectors" : "frames"), \(frame))")
    }

    /// `3 clips of 20 frames × 21 × 2`.
    private func description(of extents: [Int], frame count: Int) -> String {
        let frame = extents.suffix(count).map(String.init).joined(separator: " × ")
        let leading = extents.dropLast(count).map(String.init)
        return switch leading.count {
        case 0: "a frame of \(frame)"
        case 1: "a clip of \(leading[0]) frames × \(frame)"
        default: "\(leading[0]) clips of \(leading[1]) frames × \(frame)"
        }
    }

    /// The clips of a file as those of this model: each frame is one if it takes single frames.
    func clips(_ clips: [LandmarkClip]) throws(Fault) -> [LandmarkClip] {
        guard isVector, clips.contains(where: { $0.frameCount > 1 }) else { return clips }
        try ClipLimits.checkClips(clips.reduce(0) { $0 + $1.frameCount })
        return clips.flatMap { clip in (0..<clip.frameCount).map { clip[frames: $0..<$0 + 1] } }
    }
}
