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
    /// The smoothed outputs, whatever they are, one for each label, in the labels' order.
    public let outputs: [Float]

    /// The smoothed outputs if they are probabilities; empty for others.
    public var probabilities: [Float] { smoothed.probabilities }

    /// The model's class names.
    public var labels: [String] { window.labels }

    /// The label with the largest output after smoothing; empty like `Prediction.label`.
    public var label: String { smoothed.label }

    /// The output for a label after smoothing; nil if the model has no such label.
    public subscript(label: String) -> Float? { smoothed[label] }

    /// The window's prediction with the smoothed outputs in place of its own, and without logits.
    public var smoothed: Prediction { window.replacing(outputs: outputs) }
}
