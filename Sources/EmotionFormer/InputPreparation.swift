package import EmotionFormerTensors

/// Turns a clip into a model's input: picks frames, lays out features, normalises, pads.
package struct InputPreparation: Sendable {
    package let input: ModelInput
    let normalizer: Normalizer?

    package init(_ input: ModelInput, normalizer: Normalizer?) {
        self.input = input
        self.normalizer = normalizer
    }

    /// The clip's frames that become the model's, in order: at most `input.frames`, at least one.
    /// - Throws: `featureCountMismatch` or `layoutMismatch` if the clip is not for this model, `emptyClip` if no frame is
    ///   left.
    package func frames(of clip: LandmarkClip) throws(Fault) -> [Int] {
        try check(clip)
        let present = try presentFrames(of: clip)
        let count = present.count
        guard count > input.frames else { return present }
        return (0..<input.frames).map { present[pick($0, of: count)] }
    }

    /// Which of `count` frames, of which not too few are there, becomes the model's frame `index`.
    func pick(_ index: Int, of count: Int) -> Int {
        guard count > input.frames else { return index }
        return switch input.truncation {
        case .end: index
        case .start: count - input.frames + index
        case .uniform: index * (count - 1) / max(input.frames - 1, 1)
        }
    }

    /// Writes `frames` of `clip` and the padding around them into `rows` rows of features.
    package func write(
        _ clip: LandmarkClip, frames: [Int], rows: Int, to output: UnsafeMutableBufferPointer<Float>
    ) {
        let features = input.features
        let first = input.padding.side == .start ? rows - frames.count : 0
        for row in 0..<rows {
            let target = UnsafeMutableBufferPointer(rebasing: output[row * features..<(row + 1) * features])
            let isClip = row >= first && row - first < frames.count
            if isClip {
                layOut(clip, frame: frames[row - first], to: target)
            } else {
                target.update(repeating: input.padding.value)
            }
            if isClip || input.padding.order == .beforeNormalization { normalizer?.apply(to: target, frame: row) }
        }
    }

    /// The frames that there are after the rule for those without a face; a frame that becomes zeros is its own index.
    private func presentFrames(of clip: LandmarkClip) throws(Fault) -> [Int] {
        guard !clip.missingFrames.isEmpty else { return Array(0..<clip.frameCount) }
        let missing = Set(clip.missingFrames)
        guard missing.count < clip.frameCount else {
            throw Fault(.emptyClip, at: clip.name ?? "", "no frame of the clip has a face")
        }
        switch input.missingFrame {
        case .drop: return (0..<clip.frameCount).filter { !missing.contains($0) }
        case .zeros: return Array(0..<clip.frameCount)
        case .repeatPrevious:
            var last = (0..<clip.frameCount).first { !missing.contains($0) } ?? 0
            return (0..<clip.frameCount).map { frame in
                if !missing.contains(frame) { last = frame }
                return last
            }
        }
    }

    private func layOut(_ clip: LandmarkClip, frame: Int, to target: UnsafeMutableBufferPointer<Float>) {
        clip.values.withUnsafeBufferPointer { values in
            let row = UnsafeBufferPointer(
                rebasing: values[frame * clip.featureCount..<(frame + 1) * clip.featureCount])
            if row.allSatisfy(\.isNaN) { return target.update(repeating: 0) }
            layOut(row, landmarkCount: clip.landmarkCount, to: target)
        }
    }

    /// A frame's values, x, y, z of each landmark or features, as the model wants its features.
    func layOut(
        _ row: UnsafeBufferPointer<Float>, landmarkCount: Int?, to target: UnsafeMutableBufferPointer<Float>
    ) {
        guard let landmarks = landmarkCount else {
            _ = target.update(fromContentsOf: row)
            return
        }
        switch input.layout {
        case .raw, .xyzInterleaved: _ = target.update(fromContentsOf: row)
        case .xyzPlanar:
            for landmark in 0..<landmarks {
                for axis in 0..<3 { target[axis * landmarks + landmark] = row[landmark * 3 + axis] }
            }
        case .x: for landmark in 0..<landmarks { target[landmark] = row[landmark * 3] }
        case .y: for landmark in 0..<landmarks { target[landmark] = row[landmark * 3 + 1] }
        case .z: for landmark in 0..<landmarks { target[landmark] = row[landmark * 3 + 2] }
        }
    }

    private func check(_ clip: LandmarkClip) throws(Fault) {
        try check(featureCount: clip.featureCount, landmarkCount: clip.landmarkCount, at: clip.name ?? "")
    }

    /// - Throws: `featureCountMismatch` or `layoutMismatch` unless a frame of so many values is for this model.
    func check(featureCount: Int, landmarkCount: Int?, at place: String) throws(Fault) {
        let isSingle = [.x, .y, .z].contains(input.layout)
        let count = isSingle ? landmarkCount ?? featureCount : featureCount
        if input.layout == .raw, let landmarks = landmarkCount, landmarks == input.features, count != input.features {
            throw Fault(
                .layoutMismatch, at: place,
                "the clip holds landmarks with three coordinates, and the model does not say which of them it takes: "
                    + "export or convert it with --layout x, y or z",
                found: "\(landmarks) × 3", expected: "\(input.features) features a frame")
        }
        guard count == input.features else {
            throw Fault(
                .featureCountMismatch, at: place, "the clip does not have as many features a frame as the model",
                found: "\(count)", expected: "\(input.features)")
        }
    }
}
