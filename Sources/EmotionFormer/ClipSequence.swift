import EmotionFormerCore

/// Predictions of clips that follow each other in time, by a model with variables (``EmotionModel/variables``): each finds
/// them as the one before left them. With a model without variables every prediction equals that of
/// `EmotionModel.predict(_:)`.
///
/// ```swift
/// var sequence = ClipSequence(model)
/// for clip in clips { print(try sequence.predict(clip).label) }
/// ```
/// A sequence is a value: a copy continues independently, on any thread.
public struct ClipSequence: Sendable {
    public let model: EmotionModel
    /// The variables; empty before the first clip.
    private var state: [UInt8] = []

    /// Makes a sequence that starts anew.
    public init(_ model: EmotionModel) { self.model = model }

    /// Predicts the next clip.
    /// - Throws: like `EmotionModel.predict(_:)`; the sequence is then unchanged and can continue.
    public mutating func predict(_ clip: LandmarkClip) throws(EmotionFormerError) -> Prediction {
        do throws(Fault) {
            return try prediction(of: clip)
        } catch {
            throw EmotionFormerError(error)
        }
    }

    /// Starts anew.
    public mutating func resetVariables() { state.removeAll(keepingCapacity: true) }

    mutating func prediction(of clip: LandmarkClip) throws(Fault) -> Prediction {
        try model.prediction(of: clip, state: &state)
    }
}
