package import EmotionFormerCore
package import EmotionFormerEngine
package import EmotionFormerGraph

extension EmotionModel {
    /// The plan that predictions of clips with `frames` frames run, for measurements.
    /// - Parameter frames: the model's own number if nil.
    /// - Throws: `invalidArgument` if the model cannot take that number.
    package func plan(frames: Int?) throws(Fault) -> Plan {
        let count = frames ?? input.frames
        guard (1...input.frames).contains(count), !input.isVector || count == input.frames else {
            throw Fault(
                .invalidArgument, at: "frames", "the model does not take this number of frames", found: "\(count)",
                expected: input.isVector ? "\(input.frames)" : "1 to \(input.frames)")
        }
        if input.padding.side == .none { return try plans.plan(rows: count) }
        if let size = plans.sizes?.size(for: count) { return size.pool.plan }
        return try plans.plan(rows: input.frames)
    }

    /// The numbers of frames, below the model's own, that clips are rounded up to if their padding influences nothing;
    /// empty if there are none.
    package var clipSizes: [Int] { plans.sizes?.sizes.map(\.frames) ?? [] }

    /// Why every clip takes all frames of the model; nil if it does not, or if the model pads none.
    package var frameBarrier: FrameBarrier? { plans.barrier }
}
