import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
import EmotionFormerModelFormat

/// A model's plans by the shapes of its inputs, compiled when they are first used.
final class ModelPlans: Sendable {
    private struct Entry: Sendable {
        let shapes: [Shape]
        let pool: SessionPool
    }

    /// The plan's output of each of the model's outputs.
    let outputIndices: [(name: String, index: Int)]
    /// For each input, the axis of a clip's frames.
    let timeAxes: [Int?]
    private let values: [String]
    /// nil once the only plan of a model whose shapes are all known is compiled: its packed weights are then enough.
    private let contents: Lock<ModelPackage?>
    private let hasOneShape: Bool
    private let options: PlanOptions
    /// Most recently used last.
    private let entries = Lock<[Entry]>([])
    private static let limit = 8

    init(_ contents: consuming ModelPackage, options: PlanOptions) throws(Fault) {
        self.options = options
        let values = OutputReading.values(contents.outputs)
        self.values = values
        outputIndices = contents.outputs.map { ($0.name, values.firstIndex(of: $0.value) ?? 0) }
        timeAxes = zip(contents.inputs, contents.main?.inputs ?? []).map { input, taken in
            input.description.flatMap {
                ClipAxes(taken, $0, isVector: input.role.name == .vector)?.time
            }
        }
        hasOneShape = contents.main?.inputs.allSatisfy { !$0.extents.contains(nil) } ?? false
        self.contents = Lock(contents)
    }

    /// - Throws: why the model cannot be compiled for these shapes.
    func pool(_ shapes: [Shape]) throws(Fault) -> SessionPool {
        let found = entries.withLock { entries -> SessionPool? in
            guard let index = entries.firstIndex(where: { $0.shapes == shapes }) else { return nil }
            let entry = entries.remove(at: index)
            entries.append(entry)
            return entry.pool
        }
        if let found { return found }
        guard hasOneShape else {
            // Two threads may compile the same plan at once; that is harmless.
            guard let program = contents.withLock({ $0?.program }) else { throw ModelPlans.gone }
            return keep(try compiled(program, shapes), shapes)
        }
        return try contents.withLock { contents throws(Fault) in
            // Another thread may have compiled the plan while this one waited.
            if let entry = entries.withLock({ $0.first }) { return entry.pool }
            guard let program = contents?.program else { throw ModelPlans.gone }
            // The plan is then the only owner of the program, and frees each tensor as soon as it is packed.
            contents = nil
            return keep(try compiled(consume program, shapes), shapes)
        }
    }

    /// A model that could not be compiled cannot be compiled again.
    private static var gone: Fault {
        Fault(.invalidArgument, at: "model", "the model could not be compiled before: load it again")
    }

    private func compiled(_ program: consuming Program, _ shapes: [Shape]) throws(Fault) -> Plan {
        try Plan(consume program, inputShapes: shapes, outputs: values, options: options)
    }

    private func keep(_ plan: Plan, _ shapes: [Shape]) -> SessionPool {
        let pool = SessionPool(plan, rows: 0)
        entries.withLock { entries in
            entries.append(Entry(shapes: shapes, pool: pool))
            if entries.count > ModelPlans.limit { entries.removeFirst() }
        }
        return pool
    }
}
