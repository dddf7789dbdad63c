package import EmotionFormerCore

extension Session {
    /// Runs the work that does not depend on a frame's place, for frames whose features are the first rows of the
    /// input, and keeps the results. The rest of the session's memory is undefined afterwards.
    /// - Parameters:
    ///   - slots: one for each frame, at most as many as the input has rows.
    ///   - memory: `frameLayout.byteCount` bytes for each slot.
    package func keepFrames(_ slots: [Int], in memory: UnsafeMutableRawPointer) throws(Fault) {
        guard let work = plan.compiled.frameWork else { return }
        resetFault()
        let count = min(slots.count, work.frameCount)
        let execution = execution(thread: 0)
        for step in work.singles {
            step.body(execution, 0..<count * step.rowsPerFrame)
            for index in step.kept {
                let value = work.kept[index]
                let source = value.destination.bytes(execution)
                for frame in 0..<count {
                    let target = memory + (slots[frame] * work.byteCount + value.offset)
                    target.copyMemory(from: source + frame * value.byteCount, byteCount: value.byteCount)
                }
            }
        }
        try checkFault()
    }

    /// Computes the outputs from kept frames instead of the input.
    /// - Parameters:
    ///   - slots: the slot of each row of the input.
    ///   - memory: where `keepFrames` put them.
    /// - Throws: like `run()`.
    package func run(keptFrames slots: [Int], in memory: UnsafeRawPointer) throws(Fault) {
        guard let work = plan.compiled.frameWork, slots.count == work.frameCount else {
            throw Fault(
                .invalidArgument, at: "frames", "the plan does not take this number of kept frames",
                found: "\(slots.count)")
        }
        let result: Result<Void, Fault> = slots.withUnsafeBufferPointer { slots in
            frames.pointee = KeptFrames(memory: memory, stride: work.byteCount, slots: slots.baseAddress)
            defer { frames.pointee = KeptFrames() }
            return Result { () throws(Fault) in try run(resumed: true) }
        }
        try result.get()
    }
}
