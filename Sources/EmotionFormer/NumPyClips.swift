import EmotionFormerCore
import EmotionFormerFiles

extension NumPyArray {
    /// The clips in the array. Without a model, two axes are frames × features, or clips × frames × features with three;
    /// if the last of three or four axes has extent 3 the last two are landmarks × coordinates.
    /// - Parameter model: says which axes are a frame.
    /// - Throws: `malformedClip` for any other number of axes and for an array that can be read in two ways, `emptyClip`
    ///   if an axis has extent 0, `featureCountMismatch` for one of which nothing is a frame of the model.
    func clips(_ model: ClipShape? = nil) throws(Fault) -> [LandmarkClip] {
        let rank = shape.rank
        if let model, shape.elementCount > 0 {
            if let axes = try model.frameAxes(of: shape.extents, leading: model.isVector ? 0...1 : 1...2) {
                return try clips(frameAxes: axes.count, areLandmarks: axes.areLandmarks)
            }
            try model.checkMismatch(shape.extents)
        }
        let isLandmarks = rank >= 3 && shape[rank - 1] == 3
        guard rank == 2 || rank == 3 || (rank == 4 && isLandmarks) else {
            throw Fault(
                .malformedClip, at: "", "the array does not have the axes of a clip", found: "shape \(shape)",
                expected: "(frames, features), (frames, landmarks, 3) or (clips, frames, features)")
        }
        guard shape.elementCount > 0 else {
            throw Fault(.emptyClip, at: "", "the array is empty", found: "shape \(shape)")
        }
        return try clips(frameAxes: isLandmarks ? 2 : 1, areLandmarks: isLandmarks)
    }

    /// The clips in an array whose last axes are a frame.
    private func clips(frameAxes: Int, areLandmarks: Bool) throws(Fault) -> [LandmarkClip] {
        let rank = shape.rank
        let clipCount = shape.elementCount(of: 0..<max(rank - frameAxes - 1, 0))
        let frameCount = rank > frameAxes ? shape[rank - frameAxes - 1] : 1
        let featureCount = shape.elementCount(of: rank - frameAxes..<rank)
        try ClipLimits.checkClips(clipCount)
        let size = frameCount &* featureCount
        var clips: [LandmarkClip] = []
        clips.reserveCapacity(clipCount)
        for index in 0..<clipCount {
            do throws(Fault) {
                clips.append(
                    try LandmarkClip(
                        values: floats(index &* size..<(index &+ 1) &* size), frameCount: frameCount,
                        featureCount: featureCount, landmarkCount: areLandmarks ? featureCount / 3 : nil))
            } catch {
                throw clipCount == 1 ? error : error.within("clip \(index)")
            }
        }
        return clips
    }
}

extension ZipArchive {
    /// The clips of a NumPy archive: every array with two axes or more, in the archive's order; other arrays (labels,
    /// scalars) are ignored.
    func clips(_ model: ClipShape? = nil) throws(Fault) -> [LandmarkClip] {
        let budget = ClipBudget(fileBytes: bytes.count)
        var clips: [LandmarkClip] = []
        for member in members where member.name.hasSuffix(".npy") {
            do throws(Fault) {
                let start = try readingClip(beginning(of: member, byteCount: NumPyHeader.maximumByteCount))
                let header = try readingClip(NumPyHeader(start))
                guard header.extents.count >= 2 else { continue }
                let count = try readingClip(header.shape().elementCount)
                let size = try readingClip(header.elementBytes())
                guard size == member.byteCount - header.byteCount else {
                    throw Fault(
                        .sizeMismatch, at: "", "the member's size is not its array's",
                        found: "\(member.byteCount - header.byteCount) bytes of elements",
                        expected: size.map { "\($0)" } ?? "more")
                }
                try budget.spend(max(member.byteCount, count * MemoryLayout<Float>.size))
                for var clip in try readingClip(NumPyArray(contents(of: member))).clips(model) {
                    try ClipLimits.checkClips(clips.count + 1)
                    clip.name = String(member.name.dropLast(4))
                    clips.append(clip)
                }
            } catch {
                throw error.within(member.name)
            }
        }
        guard !clips.isEmpty else {
            throw Fault(
                .emptyClip, at: "", "the archive holds no clip",
                found: members.prefix(4).map(\.name).joined(separator: ", "), expected: "an array with two axes or more"
            )
        }
        return clips
    }
}
