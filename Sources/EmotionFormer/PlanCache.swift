import EmotionFormerEngine
import EmotionFormerModelFormat
import EmotionFormerTensors

/// A model's plans: one for its frames, or one for each length of clips where the model takes any.
final class PlanCache: Sendable {
    struct Output {
        let probabilities: [Float]
        let logits: [Float]?
    }

    let classCount: Int
    /// What shorter plans are made from. A model that needs none keeps its packed weights alone.
    private let source: ModelPackage?
    private let frames: Int
    let hasLogits: Bool
    private let options: PlanOptions
    /// The plan for all of the model's frames, which most models need alone.
    private let whole: SessionPool
    /// Plans for shorter clips, the one used last at the end.
    private let shorter = Lock<[SessionPool]>([])
    private static let limit = 8

    /// - Throws: what the model cannot be compiled for.
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

    /// A model's number of outputs may depend on its number of frames, which no label does.
    /// - Throws: `shapeMismatch` unless every output is one number a class.
    private static func check(_ plan: Plan, classCount: Int) throws(Fault) {
        for type in plan.outputTypes {
            guard type.elementType == .float32, type.shape.elementCount == classCount, classCount > 0 else {
                throw Fault(
                    .shapeMismatch, at: "outputs", "an output is not one float32 a class", found: "\(type)",
                    expected: "float32 [1, \(max(classCount, 1))]")
            }
        }
    }

    /// What a session's run gave.
    func output(of session: Session) -> Output {
        func values(_ index: Int) -> [Float] { Array(session.output(index).bindMemory(to: Float.self)) }
        return Output(probabilities: values(0), logits: hasLogits ? values(1) : nil)
    }

    /// Lends a session of the plan for so many rows; nothing is allocated when one has come back before.
    func withSession<Result>(
        rows: Int, _ body: (Session) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        let pool = rows == frames ? whole : try shorterPool(rows)
        let lease = pool.take()
        defer { pool.give(lease) }
        return try body(lease.session)
    }

    /// The plan for so many rows.
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
        // Two threads may compile the same plan at once; that costs time once and no correctness.
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
        // Nothing else holds the program then, and the plan gives its tensors back as it packs them.
        let program = contents.program
        _ = consume contents
        let plan = try Plan(consume program, inputShapes: [shape], outputs: outputs, options: options)
        return SessionPool(plan, rows: rows)
    }
}
