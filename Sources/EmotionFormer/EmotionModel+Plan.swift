package import EmotionFormerEngine
package import EmotionFormerTensors

extension EmotionModel {
    /// The plan that predictions of clips with `frames` frames run, for measurements.
    /// - Parameter frames: the model's own number if nil.
    /// - Throws: `invalidArgument` if the model cannot take that number.
    package func plan(frames: Int?) throws(Fault) -> Plan {
        let rows = frames ?? input.frames
        guard rows == input.frames || input.padding.side == .none && rows > 0 && rows < input.frames else {
            throw Fault(
                .invalidArgument, at: "frames", "the model does not take this number of frames", found: "\(rows)",
                expected: input.padding.side == .none ? "1 to \(input.frames)" : "\(input.frames)")
        }
        return try plans.plan(rows: rows)
    }
}
