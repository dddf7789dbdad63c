package import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
package import EmotionFormerModelFormat

/// A model's plans: one for its number of frames, or one for each length of clip if the model takes any length.
final class PlanCache: Sendable {
    /// How the whole plan's outputs are read.
    let reading: OutputReading
    /// The package from which plans for shorter clips are compiled. nil if the model needs none; it then keeps its
    /// packed weights only.
    private let source: ModelPackage?
    private let frames: Int
    private let input: InputDescription
    /// The graph's input that takes the clip.
    private let taken: GraphInput
    private let isVector: Bool
    private let options: PlanOptions
    /// The plan for the model's full number of frames; most models need no other.
    private let whole: SessionPool
    /// Plans for shorter clips, most recently used last.
    private let shorter = Lock<[SessionPool]>([])
    private static let limit = 8
    /// Plans for clips whose padding influences nothing; nil if all clips take the whole plan.
    let sizes: ClipSizes?
    /// Why all clips take the whole plan; nil if they do not, or if the model pads none.
    let barrier: FrameBarrier?

    /// - Parameters:
    ///   - contents: a model of one clip or vector.
    ///   - preparation: how clips are padded; nil if padding is not looked at.
    /// - Throws: why the model cannot be compiled.
    init(
        _ contents: consuming ModelPackage, preparation: InputPreparation? = nil, options: PlanOptions
    ) throws(Fault) {
        guard let input = contents.clip, let taken = contents.main?.inputs.first else {
            throw Fault(.shapeMismatch, at: "inputs", "the model does not take one clip")
        }
        self.taken = taken
        self.input = input
        source = input.padding.side == .none ? contents : nil
        frames = input.frames
        isVector = contents.inputs[0].role.name == .vector
        self.options = options
        let outputs = contents.outputs
        if let preparation, !isVector, input.padding.side != .none {
            let compiled = try PaddedPlans(consume contents, preparation, options, rows: frames)
            whole = SessionPool(compiled.whole, rows: frames)
            sizes = compiled.sizes
            barrier = compiled.barrier
        } else {
            whole = try PlanCache.pool(consume contents, options, rows: frames)
            sizes = nil
            barrier = nil
        }
        reading = try OutputReading(outputs, of: whole.plan, rows: frames)
    }

    /// Checks a plan for a shorter clip, whose outputs could depend on the number of frames.
    /// - Throws: `shapeMismatch` unless the main output has the same rows, or one for each frame, of as many numbers.
    private func check(_ plan: Plan, rows: Int) throws(Fault) {
        let type = plan.outputTypes[0]
        let expected = reading.classCount * (reading.isPerFrame ? rows : reading.rowCount)
        let sizes = [type] + (reading.logits.map { [plan.outputTypes[$0]] } ?? [])
        guard type.elementType == .float32, type.shape.extents.last ?? 1 == reading.classCount,
            sizes.allSatisfy({ $0.shape.elementCount == expected })
        else {
            throw Fault(
                .shapeMismatch, at: "outputs", "the number of outputs follows the number of frames", found: "\(type)",
                expected: "\(expected) numbers")
        }
    }

    /// Lends a session of the plan for this number of rows. Nothing is allocated if a session was returned before.
    func withSession<Result>(
        rows: Int, _ body: (Session) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        let pool = rows == frames ? whole : try shorterPool(rows)
        let lease = pool.take()
        defer { pool.give(lease) }
        return try body(lease.session)
    }

    /// The shape of the graph's input for so many rows.
    func inputShape(rows: Int) throws(Fault) -> Shape { try input.shape(of: taken, rows: rows, isVector: isVector) }

    /// The plan for this number of rows.
    func plan(rows: Int) throws(Fault) -> Plan {
        rows == frames ? whole.plan : try shorterPool(rows).plan
    }

    private func shorterPool(_ rows: Int) throws(Fault) -> SessionPool {
        let found = shorter.withLock { pools -> SessionPool? in
            guard let index = pools.firstIndex(where: { $0.rows == rows }) else { return nil }
            let pool = pools.remove(at: index)
            pools.append(pool)
            return pool
        }
        if let found { return found }
        guard let source else { return whole }
        // Two threads may compile the same plan at once; that is harmless.
        let pool = try PlanCache.pool(source, options, rows: rows)
        do throws(Fault) {
            try check(pool.plan, rows: rows)
        } catch {
            throw error.within("a clip of \(rows) frames")
        }
        shorter.withLock { pools in
            pools.append(pool)
            if pools.count > PlanCache.limit { pools.removeFirst() }
        }
        return pool
    }

    private static func pool(
        _ contents: consuming ModelPackage, _ options: PlanOptions, rows: Int
    ) throws(Fault) -> SessionPool {
        let outputs = OutputReading.values(contents.outputs)
        let shape = try contents.clipShape(rows: rows)
        // The plan is then the only owner of the program, and frees each tensor as soon as it is packed.
        let program = contents.program
        _ = consume contents
        let plan = try Plan(consume program, inputShapes: [shape], outputs: outputs, options: options)
        return SessionPool(plan, rows: rows)
    }
}

extension ModelPackage {
    /// The shape of the graph's only input for a clip of so many frames.
    /// - Throws: `limitExceeded` for a shape that is too large.
    package func clipShape(rows: Int) throws(Fault) -> Shape {
        guard let taken = main?.inputs.first, let input = clip else {
            throw Fault(.shapeMismatch, at: "inputs", "the model does not take one clip")
        }
        return try input.shape(of: taken, rows: rows, isVector: inputs[0].role.name == .vector)
    }
}
