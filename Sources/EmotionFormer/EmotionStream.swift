import EmotionFormerCore
import EmotionFormerEngine

/// Predicts emotions of a stream of frames: a sliding window over the last frames, predicted every `hop` frames.
///
/// ```swift
/// var stream = try EmotionStream(model, options: .init(hop: 10, smoothing: 0.6))
/// for frame in camera {
///     if let prediction = try stream.append(frame) { print(prediction.label) }
/// }
/// ```
/// Each prediction equals that of `EmotionModel.predict(_:)` for a clip of the window's frames: bit for bit with the
/// AVX2 and AVX-512 kernels, within 2e-6 in the probabilities with the portable ones. Frames without a face, padding
/// and truncation follow the model's rules. Results that depend on one frame alone are computed once for each frame,
/// not once for each window.
///
/// A model with variables (``EmotionModel/variables``) hands them on from window to window. Its windows must not share
/// frames: `hop` is the length of the window. Frames at the end that do not fill a window are not predicted.
///
/// A stream is a value: a copy continues independently. Streams of one model share its weights, and can run on any
/// threads.
public struct EmotionStream: Sendable {
    public struct Options: Sendable, Hashable {
        /// The length of the window in frames; the model's number of frames if nil. The model's rules apply to a
        /// shorter window (padding) and to a longer one (truncation).
        public var window: Int?
        /// The number of frames from one prediction to the next.
        public var hop: Int
        /// The factor of exponential smoothing, 0 ..< 1. With p the probabilities of the windows and s the smoothed
        /// ones, s₀ = p₀ and sₖ = smoothing · sₖ₋₁ + (1 − smoothing) · pₖ. 0 means no smoothing.
        public var smoothing: Double
        /// The number of frames before the first prediction; the whole window if nil. A window that is not full is
        /// treated as a short clip.
        public var minimumFrames: Int?

        public init(window: Int? = nil, hop: Int = 1, smoothing: Double = 0, minimumFrames: Int? = nil) {
            self.window = window
            self.hop = hop
            self.smoothing = smoothing
            self.minimumFrames = minimumFrames
        }
    }

    public let model: EmotionModel
    /// The options of the stream, with the defaults filled in.
    public let options: Options
    /// The number of frames appended so far.
    public var frameCount: Int { window.count }

    private let minimumFrames: Int
    private var window: FrameWindow
    private var kept: KeptWork
    private var slots: [Int] = []
    private var smoothed: [Double] = []
    /// The model's variables after the last window; empty before the first.
    private var variables: [UInt8] = []
    private var predictionCount = 0
    /// `frameCount` at the last prediction.
    private var predictedCount = 0

    /// Makes a stream without frames.
    /// - Throws: `invalidArgument` for a window, hop or smoothing that is out of range, or more `minimumFrames` than
    ///   the window holds; `limitExceeded` for a window that takes too much memory.
    public init(_ model: EmotionModel, options: Options = Options()) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in try EmotionStream(checking: options, model) }
    }

    private init(checking options: Options, _ model: EmotionModel) throws(Fault) {
        guard model.plans.reading.rowCount == 1 else {
            throw Fault(
                .invalidArgument, at: "stream", "the model gives several rows for a window",
                found: "\(model.plans.reading.rowCount) rows", expected: "one row for the window; predict clips with it"
            )
        }
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
        // A frame that is in two windows would be two steps of such a model.
        guard !model.hasVariables || (options.hop == length && minimumFrames == length) else {
            throw Fault(
                .invalidArgument, at: "hop",
                "the model has variables, which it hands on from window to window, so that windows must not share frames",
                found: "hop \(options.hop), minimumFrames \(minimumFrames)",
                expected: "\(length) for both, the length of the window")
        }
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

    /// The number of frames, padding included, whose results were computed and kept; nil if nothing can be kept for
    /// this model.
    package var keptFrameCount: Int? { kept.layout == nil ? nil : kept.computedCount }

    /// Adds the next frame.
    /// - Returns: a prediction after `minimumFrames` frames and every `hop` frames from then on; nil otherwise, and
    ///   when no frame of the window has a face.
    /// - Throws: `featureCountMismatch` or `layoutMismatch` if the frame does not fit the model: the stream is
    ///   unchanged and can continue. `notFinite` if the model's output is not finite: the frame stays in the window.
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

    /// The prediction of the last window at the end of a stream, whether or not one is due. A stream that is too short
    /// for a prediction is treated as a short clip.
    /// - Returns: nil if no frame was added since the last prediction, or no frame of the window has a face; always for a
    ///   model with variables, since the window would share frames with the last one.
    /// - Throws: `notFinite` if the model's output is not finite.
    public mutating func finish() throws(EmotionFormerError) -> StreamPrediction? {
        guard frameCount > predictedCount, !model.hasVariables else { return nil }
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
        var prediction = Prediction()
        try model.plans.withSession(rows: slots.count) { session throws(Fault) in
            if session.plan.frameLayout == kept.layout, kept.layout != nil {
                try kept.run(session, slots, &window)
            } else {
                window.write(slots, to: session.input(0).bindMemory(to: Float.self))
                session.setVariables(variables)
                try session.run()
            }
            try model.fill(&prediction, session, framesUsed: used, rows: slots.count, of: "window")
            session.saveVariables(&variables)
        }
        let share = options.smoothing
        if smoothed.isEmpty {
            smoothed = prediction.outputs.map { Double($0) }
        } else {
            for (index, output) in prediction.outputs.enumerated() {
                smoothed[index] = share * smoothed[index] + (1 - share) * Double(output)
            }
        }
        defer { predictionCount += 1 }
        return StreamPrediction(
            index: predictionCount, frames: window.frames, startTime: window.time(of: window.frames.lowerBound),
            endTime: window.time(of: window.frames.upperBound - 1), window: prediction,
            outputs: smoothed.map { Float($0) })
    }
}
