package import EmotionFormerCore

/// Turns a clip into a model's input: selects frames, lays out features, normalizes and pads.
package struct InputPreparation: Sendable {
    package let input: ModelInput
    let normalizer: Normalizer?

    package init(_ input: ModelInput, normalizer: Normalizer?) {
        self.input = input
        self.normalizer = normalizer
    }

    /// The indices of the clip's frames that the model uses, in order: at least one, at most `input.frames`.
    /// - Throws: `featureCountMismatch` or `layoutMismatch` if the clip does not fit this model, `emptyClip` if no
    ///   frame is left.
    package func frames(of clip: LandmarkClip) throws(Fault) -> [Int] {
        let count = try frameCount(of: clip)
        return [Int](unsafeUninitializedCapacity: count) { buffer, initialized in
            var index = 0
            eachFrame(of: clip) { frame in
                buffer.initializeElement(at: index, to: frame)
                index += 1
            }
            initialized = index
        }
    }

    /// How many of the clip's frames the model uses.
    /// - Throws: like `frames(of:)`.
    func frameCount(of clip: LandmarkClip) throws(Fault) -> Int {
        try check(clip)
        let count = presentCount(of: clip)
        guard count > 0, clip.missingFrames.count < clip.frameCount else {
            throw Fault(.emptyClip, at: clip.name ?? "", "no frame of the clip has a face")
        }
        return min(count, input.frames)
    }

    /// The number of frames after the rule for frames without a face.
    private func presentCount(of clip: LandmarkClip) -> Int {
        input.missingFrame == .drop ? clip.frameCount - clip.missingFrames.count : clip.frameCount
    }

    /// Calls `body` with the index of each frame that the model uses, in order. A frame that is replaced by zeros keeps
    /// its own index. Nothing is allocated.
    private func eachFrame(of clip: LandmarkClip, _ body: (Int) -> Void) {
        let count = presentCount(of: clip)
        let wanted = min(count, input.frames)
        clip.missingFrames.withUnsafeBufferPointer { missing in
            var nextMissing = 0
            var present = 0
            var done = 0
            var last = -1
            for frame in 0..<clip.frameCount where done < wanted {
                let isMissing = nextMissing < missing.count && missing[nextMissing] == frame
                if isMissing { nextMissing += 1 }
                if isMissing, input.missingFrame == .drop { continue }
                if !isMissing || input.missingFrame == .zeros { last = frame }
                // Before the first face, use the first one.
                if last < 0 { last = firstFace(clip.frameCount, missing) }
                while done < wanted, pick(done, of: count) == present {
                    body(last)
                    done += 1
                }
                present += 1
            }
        }
    }

    /// The first frame that is not missing.
    private func firstFace(_ frameCount: Int, _ missing: UnsafeBufferPointer<Int>) -> Int {
        var frame = 0
        while frame < missing.count, missing[frame] == frame { frame += 1 }
        return min(frame, frameCount - 1)
    }

    /// Which of `count` frames becomes the model's frame `index`; `count` must be large enough.
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
        let first = input.padding.side == .start ? rows - frames.count : 0
        for (index, frame) in frames.enumerated() { write(clip, frame: frame, to: output, row: first + index) }
        pad(frameCount: frames.count, rows: rows, output)
    }

    /// Writes the clip's frames, `frameCount` of them, and the padding around them into `rows` rows of features;
    /// nothing is allocated.
    func write(_ clip: LandmarkClip, frameCount: Int, rows: Int, to output: UnsafeMutableBufferPointer<Float>) {
        var row = input.padding.side == .start ? rows - frameCount : 0
        eachFrame(of: clip) { frame in
            write(clip, frame: frame, to: output, row: row)
            row += 1
        }
        pad(frameCount: frameCount, rows: rows, output)
    }

    private func write(
        _ clip: LandmarkClip, frame: Int, to output: UnsafeMutableBufferPointer<Float>, row: Int
    ) {
        let features = input.features
        let target = UnsafeMutableBufferPointer(rebasing: output[row * features..<(row + 1) * features])
        layOut(clip, frame: frame, to: target)
        normalizer?.apply(to: target, frame: row)
    }

    /// Writes the rows of a clip that is padding from beginning to end.
    func writePadding(rows: Int, to output: UnsafeMutableBufferPointer<Float>) {
        pad(frameCount: 0, rows: rows, output)
    }

    /// Writes the rows of padding.
    private func pad(frameCount: Int, rows: Int, _ output: UnsafeMutableBufferPointer<Float>) {
        let features = input.features
        let padding = input.padding.side == .start ? 0..<rows - frameCount : frameCount..<rows
        for row in padding {
            let target = UnsafeMutableBufferPointer(rebasing: output[row * features..<(row + 1) * features])
            target.update(repeating: input.padding.value)
            if input.padding.order == .beforeNormalization { normalizer?.apply(to: target, frame: row) }
        }
    }

    private func layOut(_ clip: LandmarkClip, frame: Int, to target: UnsafeMutableBufferPointer<Float>) {
        clip.values.withUnsafeBufferPointer { values in
            let row = UnsafeBufferPointer(
                rebasing: values[frame * clip.featureCount..<(frame + 1) * clip.featureCount])
            if row.allSatisfy({ $0.isNaN }) { return target.update(repeating: 0) }
            layOut(row, landmarkCount: clip.landmarkCount, to: target)
            if clip.firstMissingValue != nil { replaceMissingValues(target) }
        }
    }

    /// Writes zero for each NaN, if that is the model's rule.
    func replaceMissingValues(_ target: UnsafeMutableBufferPointer<Float>) {
        guard input.missingValue == .zeros else { return }
        for index in target.indices where target[index].isNaN { target[index] = 0 }
    }

    /// Writes a frame's values (x, y, z of each landmark, or features) in the model's layout of features.
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
        if clip.isReordered, input.layout == .raw {
            throw Fault(
                .layoutMismatch, at: clip.name ?? "",
                "the file's columns are not x, y, z of each landmark in turn, and the model does not say in which order "
                    + "it takes them: export or convert it with \(Parameter.layout) set to xyz-planar or xyz-interleaved",
                found: "raw")
        }
        guard clip.firstMissingValue != nil, input.missingValue == .refuse else { return }
        for frame in 0..<clip.frameCount {
            let row = clip.values[frame * clip.featureCount..<(frame + 1) * clip.featureCount]
            try checkMissingValues(row, landmarkCount: clip.landmarkCount, at: "frame \(frame)", of: clip.name)
        }
    }

    /// - Throws: `notFinite` for a NaN among the values that the model takes, unless all are, if its rule is to refuse.
    func checkMissingValues(
        _ row: ArraySlice<Float>, landmarkCount: Int?, at place: String, of clip: String? = nil
    ) throws(Fault) {
        guard input.missingValue == .refuse, !row.allSatisfy(\.isNaN) else { return }
        let axis: Int? =
            switch input.layout {
            case .raw, .xyzInterleaved, .xyzPlanar: nil
            case .x: 0
            case .y: 1
            case .z: 2
            }
        for (index, value) in row.enumerated() where value.isNaN {
            if let axis, landmarkCount != nil, index % 3 != axis { continue }
            let fault = Fault(
                .notFinite, at: "\(place), feature \(index)",
                "the value is missing in a frame that has others, and the model does not say how that is treated: "
                    + "set \(Parameter.missingValue) to zeros, or to keep for a model that takes NaN",
                found: "nan")
            throw clip.map { fault.within($0) } ?? fault
        }
    }

    /// - Throws: `featureCountMismatch` or `layoutMismatch` unless a frame with these numbers of values fits this
    ///   model.
    func check(featureCount: Int, landmarkCount: Int?, at place: String) throws(Fault) {
        let count =
            switch input.layout {
            case .x, .y, .z: landmarkCount ?? featureCount
            case .raw, .xyzInterleaved, .xyzPlanar: featureCount
            }
        if input.layout == .raw, let landmarks = landmarkCount, landmarks == input.features, count != input.features {
            throw Fault(
                .layoutMismatch, at: place,
                "the clip holds landmarks with three coordinates, and the model does not say which of them it takes: "
                    + "export or convert it with \(Parameter.layout) set to x, y or z",
                found: "\(landmarks) × 3", expected: "\(input.features) features a frame")
        }
        guard count == input.features else {
            throw Fault(
                .featureCountMismatch, at: place, "the clip does not have as many features a frame as the model",
                found: "\(count)", expected: "\(input.features)")
        }
    }
}
