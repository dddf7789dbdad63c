/// A model's prediction for one window of a stream.
public struct StreamPrediction: Sendable, Hashable {
    /// The index of this prediction in the stream, from 0.
    public let index: Int
    /// The range of the stream's frames in the window, counted from 0.
    public let frames: Range<Int>
    /// The times of the window's first and last frames in seconds; nil if the frame has none.
    public let startTime: Double?
    public let endTime: Double?
    /// The prediction for this window, without smoothing.
    public let window: Prediction
    /// The smoothed probabilities, one for each label, in the labels' order.
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
