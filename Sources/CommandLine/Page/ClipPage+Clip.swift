import EmotionFormer

extension ClipPage {
    /// The page of a whole clip.
    /// - Parameters:
    ///   - window, hop: for the probabilities over time; see `ProbabilitySeries`.
    ///   - pictures: of the video; nil for a clip of landmarks.
    ///   - concurrency: the number of predictions at once.
    init(
        _ clip: LandmarkClip, of file: String, _ model: EmotionModel, modelNote: String?, window: Int?, hop: Int?,
        pictures: ClipPictures?, concurrency: Int
    ) async throws {
        let prediction = try model.predict(clip)
        self.init(
            name: file == "-" ? clip.name ?? "standard input" : clip.name.map { "\(file) (\($0))" } ?? file,
            modelName: model.name, modelNote: modelNote,
            labels: model.labels, prediction: prediction, frameCount: clip.frameCount,
            faces: FaceFrames(clip, size: pictures?.size),
            series: try await ProbabilitySeries(clip, model, window: window, hop: hop, width: concurrency),
            attention: AttentionSummary(try model.attention(of: clip), frameCount: clip.frameCount),
            statistics: try InputStatistics(clip, model, framesUsed: prediction.framesUsed),
            featureName: ClipPage.featureName(model, clip))
        self.pictures = pictures
    }
}
