import EmotionFormerCore

extension LandmarkClip {
    /// The clip's frames in `range`, as a clip with the same name and emotion. The range must lie within the clip.
    package subscript(frames range: Range<Int>) -> LandmarkClip {
        let range = range.clamped(to: 0..<frameCount)
        guard range != 0..<frameCount, !range.isEmpty else { return self }
        let part = values[range.lowerBound * featureCount..<range.upperBound * featureCount]
        var clip = try? LandmarkClip(
            values: Array(part), frameCount: range.count, featureCount: featureCount, landmarkCount: landmarkCount,
            name: name, emotion: emotion)
        clip?.isReordered = isReordered
        // What was checked for the whole clip holds for a part of it.
        return clip ?? self
    }

    /// Windows of `size` frames, `hop` frames apart. The last one ends where the clip ends, and may be closer than
    /// `hop` to the one before. A clip shorter than a window is one window.
    package func windows(_ size: Int, hop: Int) -> [Range<Int>] {
        let (size, hop) = (max(size, 1), max(hop, 1))
        guard frameCount > size else { return [0..<frameCount] }
        var windows = stride(from: 0, through: frameCount - size, by: hop).map { $0..<$0 + size }
        if let last = windows.last, last.upperBound < frameCount { windows.append(frameCount - size..<frameCount) }
        return windows
    }
}
