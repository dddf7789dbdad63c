package import EmotionFormerCore
import EmotionFormerGraph

/// The working memory of a plan, and its variables, which a run finds as the run before left them. Only one thread at a
/// time may use it. After `init` nothing is allocated.
package final class Session {
    package let plan: Plan
    private let arena: Buffer
    private let scratch: Buffer
    /// The elements of the variables between runs.
    let variableMemory: Buffer
    private let threads: Int
    /// Of whole runs, and of resumed ones.
    private var (teamwork, resumedTeamwork) = (Teamwork(), Teamwork())
    private let fault = FaultWord()
    private let operations: UnsafeMutablePointer<Int>
    /// The kept frames of the current resumed run.
    let frames: UnsafeMutablePointer<KeptFrames>

    package init(_ plan: Plan) {
        self.plan = plan
        threads = max(plan.options.threads, 1)
        arena = Buffer(byteCount: plan.compiled.arenaByteCount)
        scratch = Buffer(byteCount: plan.compiled.scratchByteCount * threads)
        variableMemory = Buffer(byteCount: plan.compiled.variables.byteCount)
        operations = .allocate(capacity: 1)
        operations.initialize(to: 0)
        frames = .allocate(capacity: 1)
        frames.initialize(to: KeptFrames())
        resetVariables()
    }

    deinit {
        fault.deallocate()
        operations.deallocate()
        frames.deallocate()
    }

    /// The elements of an input, to be written before `run`, which does not change them.
    ///
    /// The pointer is valid as long as the session.
    package func input(_ index: Int) -> UnsafeMutableRawBufferPointer {
        let type = plan.compiled.inputTypes[index]
        return UnsafeMutableRawBufferPointer(
            start: plan.compiled.inputs[index].bytes(execution(thread: 0)), count: type.byteCount)
    }

    /// The elements of an output, to be read after `run`.
    package func output(_ index: Int) -> UnsafeRawBufferPointer {
        let type = plan.compiled.outputTypes[index]
        return UnsafeRawBufferPointer(
            start: plan.compiled.outputs[index].bytes(execution(thread: 0)), count: type.byteCount)
    }

    /// A copy of a value after `run`, by its name in the graph; nil if there is no such value, or if its memory may
    /// have been reused. Only a plan with `keepsEveryValue` has them all.
    package func value(named name: String) -> Tensor? {
        guard plan.options.keepsEveryValue, let value = plan.compiled.values.first(where: { $0.name == name }) else {
            return nil
        }
        return copy(value.type, value.operand)
    }

    /// Every value after a run, in the graph's order; empty without `keepsEveryValue`.
    package func values() -> [(name: String, tensor: Tensor)] {
        guard plan.options.keepsEveryValue else { return [] }
        return plan.compiled.values.map { ($0.name, copy($0.type, $0.operand)) }
    }

    private func copy(_ type: ValueType, _ operand: Operand) -> Tensor {
        let bytes = operand.bytes(execution(thread: 0))
        return Tensor(type.elementType, type.shape) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: $0.count))
        }
    }

    /// Computes the outputs from the inputs and the variables, and the variables that the next run finds.
    /// - Throws: `outOfBounds` or `limitExceeded` if an element of an input makes an operation impossible; the variables
    ///   are then unchanged.
    package func run() throws(Fault) { try run(resumed: false) }

    /// - Parameter resumed: whether to run the steps after `frameWork`, whose results `frames` gives.
    func run(resumed: Bool) throws(Fault) {
        resetFault()
        plan.compiled.variables.give(variableMemory.address, to: execution(thread: 0))
        if threads > 1 {
            runOnThreads(resumed: resumed)
        } else {
            runAlone(resumed: resumed)
        }
        try checkFault()
        plan.compiled.variables.take(variableMemory.address, from: execution(thread: 0))
    }

    private func segments(_ resumed: Bool) -> [Segment] {
        if resumed, let work = plan.compiled.frameWork { return work.resumed }
        return plan.compiled.segments
    }

    func resetFault() {
        fault.reset()
        operations.pointee = plan.options.limits.operations - plan.compiled.operations
    }

    /// - Throws: the fault that a step reported.
    func checkFault() throws(Fault) {
        switch fault.fault {
        case nil: return
        case .indexOutside:
            throw Fault(.outOfBounds, at: "prediction", "an index lies outside the table it points into")
        case .tooManyOperations:
            throw plan.options.limits.exceeded(.operations, at: "prediction", "the model's loops do not end in time")
        }
    }

    private func runOnThreads(resumed: Bool) {
        let start = MonotonicClock.nanoseconds
        let isTogether = resumed ? resumedTeamwork.isTogether : teamwork.isTogether
        if isTogether {
            // What is not measured as planned is not recorded.
            guard WorkerPool.shared.acquire(threads: threads) else { return runAlone(resumed: resumed) }
            runTogether(resumed: resumed)
            WorkerPool.shared.release()
        } else {
            runAlone(resumed: resumed)
        }
        let duration = MonotonicClock.nanoseconds - start
        if resumed {
            resumedTeamwork.record(duration: duration)
        } else {
            teamwork.record(duration: duration)
        }
    }

    private func runAlone(resumed: Bool) {
        let execution = execution(thread: 0)
        for segment in segments(resumed) {
            for step in segment.steps { step.body(execution, 0..<segment.rows) }
        }
    }

    private func runTogether(resumed: Bool) {
        let segments = segments(resumed)
        var context = RunContext(session: Unmanaged.passUnretained(self), isResumed: resumed, segment: 0)
        withUnsafeMutablePointer(to: &context) { context in
            for index in segments.indices {
                let pieces = Pieces(segments[index], threads: threads).count
                guard pieces > 1 else {
                    runPiece(0, of: segments[index], thread: 0)
                    continue
                }
                context.pointee.segment = index
                WorkerPool.shared.run(
                    pieces: pieces, threads: threads,
                    { context, thread, piece in
                        let context = context.assumingMemoryBound(to: RunContext.self).pointee
                        context.session._withUnsafeGuaranteedRef {
                            $0.runPiece(piece, of: $0.segments(context.isResumed)[context.segment], thread: thread)
                        }
                    }, context)
            }
        }
    }

    private func runPiece(_ piece: Int, of segment: Segment, thread: Int) {
        let execution = execution(thread: thread)
        let rows = Pieces(segment, threads: threads)[piece]
        for step in segment.steps { step.body(execution, rows) }
    }

    func execution(thread: Int) -> Execution {
        Execution(
            arena: arena.address, scratch: scratch.address + thread * plan.compiled.scratchByteCount, fault: fault,
            operations: operations, frames: UnsafePointer(frames))
    }
}

private struct RunContext {
    let session: Unmanaged<Session>
    let isResumed: Bool
    var segment: Int
}

extension Session {
    /// Runs like `run`, but on the calling thread, in the pieces and the order given for each segment, each in the
    /// scratch memory of a thread. Whatever pieces threads take, and whenever they do, they run like this.
    func run(inPieces divide: (Segment) -> [(rows: Range<Int>, thread: Int)]) throws(Fault) {
        resetFault()
        for segment in plan.compiled.segments {
            for piece in divide(segment) {
                let execution = execution(thread: piece.thread)
                for step in segment.steps { step.body(execution, piece.rows) }
            }
        }
        try checkFault()
    }

    /// Runs like `run`, on the calling thread only, and returns the time of each step, in the order of `Plan.steps`.
    package func runTimingSteps() -> [Duration] {
        resetFault()
        let execution = execution(thread: 0)
        plan.compiled.variables.give(variableMemory.address, to: execution)
        var durations: [Duration] = []
        for segment in plan.compiled.segments {
            for step in segment.steps {
                let start = ContinuousClock.now
                step.body(execution, 0..<segment.rows)
                durations.append(ContinuousClock.now - start)
            }
        }
        if fault.fault == nil { plan.compiled.variables.take(variableMemory.address, from: execution) }
        return durations
    }
}
