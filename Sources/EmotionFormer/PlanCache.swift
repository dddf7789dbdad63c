import EmotionFormerEngine
import EmotionFormerModelFormat
import EmotionFormerTensors

/// A model's plans: one for its number of frames, or one for each length of clip if the model takes any length.
final class PlanCache: Sendable {
    struct Output {
        let probabilities: [Float]
        let logits: [Float]?
    }

    let classCount: Int
    /// The package from which plans for shorter clips are compiled. nil if the model needs none; it then keeps its
    /// packed weights only.
    private let source: ModelPackage?
    private let frames: Int
    let hasLogits: Bool
    private let options: PlanOptions
    /// The plan for the model's full number of frames; most models need no other.
    private let whole: SessionPool
    /// Plans for shorter clips, most recently used last.
    private let shorter = Lock<[SessionPool]>([])
    private static let limit = 8

    /// - Throws: why the model cannot be compiled.
    init(_ contents: consuming ModelPackage, options: PlanOptions) throws(Fault) {
        source = contents.input.padding.side == .none ? contents : nil
        let frames = contents.input.frames
        self.frames = frames
        hasLogits = contents.outputs.logits != nil
        self.options = options
        whole = try PlanCache.pool(consume contents, options, rows: frames)
        classCount = whole.plan.outputTypes[0].shape.elementCount
        try PlanCache.check(whole.plan, classCount: classCount)
    }

    /// Checks a plan's outputs, whose number could depend on the number of frames.
    /// - Throws: `shapeMismatch` unless every output has one number for each class.
    private static func check(_ plan: Plan, classCount: Int) throws(Fault) {
        for type in plan.outputTypes {
            guard type.elementType == .float32, type.shape.elementCount == classCount, classCount > 0 else {
                throw Fault(
                    .shapeMismatch, at: "outputs", "an output is not one float32 a class", found: "\(type)",
                    expected: "float32 [1, \(max(classCount, 1))]")
            }
        }
    }

    /// Checks that the model's output can be the probabilities of a clip's classes.
    /// - Throws: `shapeMismatch` for a single number a clip, for several rows a clip, and for an output without the
    ///   batch's axis, which the input's first axis then is not; `unsupportedOperation` for scores that do not exclude
    ///   each other.
    func checkOutputs(areScores: Bool, hasOpenBatch: Bool) throws(Fault) {
        let shape = whole.plan.outputTypes[0].shape
        if hasOpenBatch, shape.rank < 2 {
            throw Fault(
                .shapeMismatch, at: "inputs",
                "the first axis is open and the output has no axis for it: so it is not a batch, but perhaps time",
                found: "an output of shape \(shape)", expected: "input [1, frames, features], output [1, classes]")
        }
        guard classCount > 1 else {
            throw Fault(
                .shapeMismatch, at: "outputs",
                "the model gives one number for a clip\(areScores ? " (a sigmoid)" : ""), but a clip needs two classes or more",
                found: "\(shape)",
                expected: "probabilities of two classes or more"
                    + (areScores ? "; convert it with \(Parameter.fromSigmoid) for 1 − p and p" : ""))
        }
        guard shape.extents.dropLast().allSatisfy({ $0 == 1 }) else {
            throw Fault(
                .shapeMismatch, at: "outputs",
                "the model gives several rows for a clip, not one row of classes",
                found: "\(shape)", expected: "[1, classes]")
        }
        if areScores {
            throw Fault(
                .unsupportedOperation, at: "outputs",
                "the model ends in a sigmoid: its outputs are scores that do not exclude each other",
                expected: "a softmax over the classes")
        }
    }

    /// The outputs of a session's last run.
    func output(of session: Session) -> Output {
        func values(_ index: Int) -> [Float] { Array(session.output(index).bindMemory(to: Float.self)) }
        return Output(probabilities: values(0), logits: hasLogits ? values(1) : nil)
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
            try PlanCache.check(pool.plan, classCount: classCount)
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
        let outputs = [contents.outputs.probabilities] + (contents.outputs.logits.map { [$0] } ?? [])
        let shape = try Shape([1, rows, contents.input.features])
        // The plan is then the only owner of the program, and frees each tensor as soon as it is packed.
        let program = contents.program
        _ = consume contents
        let plan = try Plan(consume program, inputShapes: [shape], outputs: outputs, options: options)
        return SessionPool(plan, rows: rows)
    }
}
