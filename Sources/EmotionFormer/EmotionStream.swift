import EmotionFormerEngine
import EmotionFormerTensors

/// Emotions of a stream of frames: a window over the last frames, predicted again every few of them.
///
/// ```swift
/// var stream = try EmotionStream(model, options: .init(hop: 10, smoothing: 0.6))
/// for frame in camera {
///     if let prediction = try stream.append(frame) { print(prediction.label) }
/// }
/// ```
/// A prediction is what `EmotionModel.predict(_:)` gives for a clip of the window's frames, to the bit on processors
/// with kernels of their own (within 2e-6 in the probabilities on the portable level): frames without a face, padding
/// and truncation follow the model's rules. What can be computed of a frame wherever it stands is computed once, not
/// once a window.
///
/// A stream is a value: a copy goes on by itself. Streams of one model share its weights, and run on any threads.
public struct EmotionStream: Sendable {
    public struct Options: Sendable, Hashable {
        /// Frames that a prediction looks back on; the model's own number if nil. The model's rules say what becomes of
        /// fewer frames than it takes (padding), and of more (truncation).
        public var window: Int?
        /// Frames from one prediction to the next.
        public var hop: Int
        /// How much of the past goes into the probabilities, 0 ..< 1: with p the window's probabilities and s those
        /// given out, s₀ = p₀ and sₖ = smoothing · sₖ₋₁ + (1 − smoothing) · pₖ. 0 leaves each window by itself.
        public var smoothing: Double
        /// Frames after which the first prediction is given, of a window that is not full yet and is treated as a short
        /// clip; the whole window if nil.
        public var minimumFrames: Int?

        public init(window: Int? = nil, hop: Int = 1, smoothing: Double = 0, minimumFrames: Int? = nil) {
            self.window = window
            self.hop = hop
            self.smoothing = smoothing
            self.minimumFrames = minimumFrames
        }
    }

    public let model: EmotionModel
    /// What the stream was made with, the defaults filled in.
    public let options: Options
    /// Frames that have been appended.
    public var frameCount: Int { window.count }

    private let minimumFrames: Int
    private var window: FrameWindow
    private var kept: KeptWork
    private var slots: [Int] = []
    private var smoothed: [Double] = []
    private var predictionCount = 0
    /// Frames that there were at the last prediction.
    private var predictedCount = 0

    /// A stream that has seen nothing yet.
    /// - Throws: `invalidArgument` for a window, hop or smoothing that is out of range, or more `minimumFrames` than
    ///   the window holds; `limitExceeded` for a window that takes too much memory.
    public init(_ model: EmotionModel, options: Options = Options()) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in try EmotionStream(checking: options, model) }
    }

    private init(checking options: Options, _ model: EmotionModel) throws(Fault) {
        let length = options.window ?? model.input.frames
        func check(_ value: Int, _ name: String, atMost limit: Int) throws(Fault) {
            guard value >= 1, value <= limit else {
                throw Fault(
                    .invalidArgument, at: name, "the number of frames is out of range", found: "\(value)",
                    expected: "1 to \(limit)")
            }
        }
        try check(length, "window", atMost: FrameWindow.limit)
        try check(options.hop, "hop", atMost: Int(Int32.max))
        minimumFrames = options.minimumFrames ?? length
        try check(minimumFrames, "minimumFrames", atMost: length)
        guard options.smoothing >= 0, options.smoothing < 1 else {
            throw Fault(
                .invalidArgument, at: "smoothing", "the share of the past is out of range",
                found: "\(options.smoothing)", expected: "0 or more, less than 1")
        }
        self.model = model
        self.options = Options(
            window: length, hop: options.hop, smoothing: options.smoothing, minimumFrames: minimumFrames)
        window = try FrameWindow(capacity: length, preparation: model.preparation)
        kept = try KeptWork(
            layout: window.dependsOnPlace ? nil : model.plans.plan(rows: model.input.frames).frameLayout,
            slotCount: window.slotCount)
    }

    /// Frames, padding among them, for which work was done that is kept; nil if the model has no such work.
    package var keptFrameCount: Int? { kept.layout == nil ? nil : kept.computedCount }

    /// Takes the next frame.
    /// - Returns: a prediction after `minimumFrames` frames and every `hop` frames from then on; otherwise, and when no
    ///   frame of the window has a face, nil.
    /// - Throws: `featureCountMismatch` or `layoutMismatch` if the frame is not for the model: the stream is as it was,
    ///   and can go on. `notFinite` if the model's output is not finite: the frame is in the window.
    public mutating func append(_ frame: LandmarkFrame) throws(EmotionFormerError) -> StreamPrediction? {
        do throws(Fault) {
            try window.append(frame)
            guard frameCount >= minimumFrames, (frameCount - minimumFrames).isMultiple(of: options.hop) else {
                return nil
            }
            return try predict()
        } catch {
            throw EmotionFormerError(error)
        }
    }

    /// The prediction of the last window at the end of a stream, whether or not it is due: also of a stream that was
    /// too short for any, treated as a short clip.
    /// - Returns: nil if no frame has come since the last prediction, or no frame of the window has a face.
    /// - Throws: `notFinite` if the model's output is not finite.
    public mutating func finish() throws(EmotionFormerError) -> StreamPrediction? {
        guard frameCount > predictedCount else { return nil }
        do throws(Fault) {
            return try predict()
        } catch {
            throw EmotionFormerError(error)
        }
    }

    private mutating func predict() throws(Fault) -> StreamPrediction? {
        predictedCount = frameCount
        let used = window.arrange(into: &slots)
        guard used > 0 else { return nil }
        let output = try model.plans.withSession(rows: slots.count) { session throws(Fault) in
            if session.plan.frameLayout == kept.layout, kept.layout != nil {
                try kept.run(session, slots, &window)
            } else {
                window.write(slots, to: session.input(0).bindMemory(to: Float.self))
                try session.run()
            }
            return model.plans.output(of: session)
        }
        let prediction = try model.prediction(output, framesUsed: used, of: "window")
        let share = options.smoothing
        if smoothed.isEmpty {
            smoothed = prediction.probabilities.map { Double($0) }
        } else {
            for (index, probability) in prediction.probabilities.enumerated() {
                smoothed[index] = share * smoothed[index] + (1 - share) * Double(probability)
            }
        }
        defer { predictionCount += 1 }
        return StreamPrediction(
            index: predictionCount, frames: window.frames, startTime: window.time(of: window.frames.lowerBound),
            endTime: window.time(of: window.frames.upperBound - 1), window: prediction,
            probabilities: smoothed.map { Float($0) })
    }
}
