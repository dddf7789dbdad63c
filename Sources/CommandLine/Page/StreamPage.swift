import EmotionFormer
import EmotionFormerFiles

/// Passes a stream's output on to another output, and makes a page of it at the end.
///
/// From a long stream only every second, fourth, … frame and prediction is kept, so that memory is bounded.
final class StreamPage: StreamOutput {
    private let path: String
    private let modelNote: String?
    private let keepsPictures: Bool
    private var pictures: ClipPictures?
    private let next: any StreamOutput
    private var name = ""
    private var stream: EmotionStream?
    private var frameCount = 0
    /// Every `step`th frame.
    private var frames: [LandmarkFrame] = []
    private var step = 1
    /// The last frames, at least as many as a window has.
    private var lastFrames: [LandmarkFrame] = []
    private var predictions: [StreamPrediction] = []
    private var predictionStep = 1
    private var last: StreamPrediction?

    private static let limit = 2048

    /// - Parameter keepsPictures: whether the page shows a video's pictures.
    init(_ path: String, modelNote: String?, keepsPictures: Bool, next: any StreamOutput) {
        self.path = path
        self.modelNote = modelNote
        self.keepsPictures = keepsPictures
        self.next = next
    }

    func begin(clip: String, stream: EmotionStream) throws {
        guard self.stream == nil else {
            throw Failure("\(clip): a page is of one clip, and the stream holds several")
        }
        self.stream = stream
        name = clip
        try next.begin(clip: clip, stream: stream)
    }

    func add(_ frame: LandmarkFrame, number: Int) throws {
        if frameCount % step == 0 { frames.append(frame) }
        frameCount += 1
        if frames.count > StreamPage.limit {
            frames = StreamPage.everySecond(frames)
            step *= 2
        }
        lastFrames.append(frame)
        // Up to twice the window, so that frames are moved rarely.
        if let window = stream?.options.window, lastFrames.count > 2 * window {
            lastFrames.removeFirst(lastFrames.count - window)
        }
        try next.add(frame, number: number)
    }

    /// Called for the picture of the frame that is added next, if there is one.
    func add(_ picture: TimedPicture, number: Int) {
        var pictures = pictures ?? ClipPictures(keepsPictures: keepsPictures)
        self.pictures = nil
        pictures.add(picture, number: number)
        self.pictures = pictures
    }

    func add(_ prediction: StreamPrediction) throws {
        if prediction.index % predictionStep == 0 { predictions.append(prediction) }
        if predictions.count > StreamPage.limit {
            predictions = StreamPage.everySecond(predictions)
            predictionStep *= 2
        }
        last = prediction
        try next.add(prediction)
    }

    func end() throws {
        try next.end()
        guard let stream, let last else { throw Failure("\(name): no prediction came out of the stream for a page") }
        if predictions.last != last { predictions.append(last) }
        let model = stream.model
        let window = try LandmarkClip(frames: lastFrames.suffix(last.frames.count), name: name)
        let shown = try LandmarkClip(frames: frames, name: name)
        let smoothing = stream.options.smoothing
        let explanation =
            "Each point is what the model says of the last \(stream.options.window ?? last.frames.count) frames, every "
            + "\(stream.options.hop * predictionStep) frames"
            + (smoothing > 0 ? ", smoothed by \(DecimalText.fixed(smoothing, 2))." : ".")
        var page = ClipPage(
            name: name, modelName: model.name, modelNote: modelNote, labels: model.labels, prediction: last.smoothed,
            scope: "of the last window", frameCount: frameCount,
            faces: FaceFrames(shown, step: step, size: pictures?.size),
            series: ProbabilitySeries(
                points: predictions.map {
                    .init(first: $0.frames.lowerBound, last: $0.frames.upperBound - 1, outputs: $0.outputs)
                }, explanation: explanation),
            attention: AttentionSummary(try model.attention(of: window), frameCount: window.frameCount),
            statistics: try InputStatistics(window, model, framesUsed: last.window.framesUsed),
            featureName: ClipPage.featureName(model, window))
        page.attended = last.frames
        page.pictures = pictures
        try PageFile.write(page.html, to: path)
    }

    private static func everySecond<Element>(_ elements: [Element]) -> [Element] {
        stride(from: 0, to: elements.count, by: 2).map { elements[$0] }
    }
}
