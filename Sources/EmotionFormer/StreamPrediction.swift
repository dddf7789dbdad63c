/// What a model says of one window of a stream.
public struct StreamPrediction: Sendable, Hashable {
    /// Which of the stream's predictions it is, from 0.
    public let index: Int
    /// The stream's frames, from 0, that the window held.
    public let frames: Range<Int>
    /// Times of the window's first and last frame in seconds; nil where the frame had none.
    public let startTime: Double?
    public let endTime: Double?
    /// What the model says of this window alone.
    public let window: Prediction
    /// One a label, in the labels' order: the window's, smoothed as the stream's options say.
    public let probabilities: [Float]

    /// The model's class names.
    public var labels: [String] { window.labels }

    /// The most probable label after smoothing.
    public var label: String { smoothed.label }

    /// The probability of a label after smoothing; nil if the model has no such label.
    public subscript(label: String) -> Float? { smoothed[label] }

    /// The window's prediction with the smoothed probabilities in place of its own, and without logits.
    public var smoothed: Prediction {
        Prediction(labels: labels, probabilities: probabilities, logits: nil, framesUsed: window.framesUsed)
    }
}
