import EmotionFormer

/// A model's predictions at several times of one clip.
struct ProbabilitySeries {
    struct Point {
        /// The first and the last frame that the model was given.
        let first: Int
        let last: Int
        /// Whatever they are: the prediction's `kind` says it.
        let outputs: [Float]
    }

    let points: [Point]
    /// What a point shows, in one sentence.
    let explanation: String
}

extension ProbabilitySeries {
    private static let pointLimit = 60

    /// Predictions over windows of a clip. Without a window: over the first 1, 2, … frames, or over windows of the
    /// model's number of frames if the clip is longer than that.
    init(_ clip: LandmarkClip, _ model: EmotionModel, window: Int?, hop: Int?, width: Int) async throws {
        let windows: [Range<Int>]
        if let size = window ?? (clip.frameCount > model.input.frames ? model.input.frames : nil) {
            let step = hop ?? max(1, (clip.frameCount - size + Self.pointLimit - 1) / Self.pointLimit)
            windows = clip.windows(size, hop: step)
            explanation =
                "Each point is what the model says of the last \(size) frames, every \(step == 1 ? "frame" : "\(step) frames")."
        } else {
            let step = hop ?? max(1, (clip.frameCount + Self.pointLimit - 1) / Self.pointLimit)
            let ends = stride(from: clip.frameCount, to: 0, by: -step).reversed()
            windows = ends.map { 0..<$0 }
            explanation =
                "The clip grows: each point is what the model says of all frames up to there, every "
                + "\(step == 1 ? "frame" : "\(step) frames"); the last point is the whole clip."
        }
        let missing = Set(clip.missingFrames)
        // A window without any face has no prediction.
        let answered = windows.filter { !$0.allSatisfy(missing.contains) }
        var points: [Point] = []
        // In parts, because the windows of a long clip, each as a clip, could take much memory.
        let step = max(32, width)
        for start in stride(from: 0, to: answered.count, by: step) {
            let part = answered[start..<min(start + step, answered.count)]
            let predictions = try await model.predict(part.map { clip[frames: $0] }, concurrency: width)
            points += zip(part, predictions).map {
                Point(first: $0.lowerBound, last: $0.upperBound - 1, outputs: $1.outputs)
            }
        }
        self.points = points
    }
}
