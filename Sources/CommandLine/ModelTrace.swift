import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
import EmotionFormerTFLiteImport

/// Runs a whole model on clips and writes the values that its plan keeps.
struct ModelTrace {
    private let program: Program
    private let index: TraceIndex
    private let stage: PlanOptions.Stage
    private let limits: Limits
    private let outputsOnly: Bool

    init(
        _ model: ImportedModel, index: TraceIndex, stage: PlanOptions.Stage, outputsOnly: Bool, limits: Limits
    ) {
        self.limits = limits
        var program = model.program
        // A fused plan keeps the logits as a separate value, as for `predict`.
        if let logits = index.logits.flatMap({ index.valueNames[$0] }), !program.graphs[0].outputs.contains(logits) {
            program.graphs[0].outputs.append(logits)
        }
        self.program = program
        self.index = index
        self.stage = stage
        self.outputsOnly = outputsOnly
    }

    /// - Parameter inputs: one tensor for each input of the model: clips × the input's shape, with or without the batch
    ///   axis.
    /// - Throws: `shapeMismatch` and `elementTypeMismatch` for clips that do not fit, or the error of compiling or
    ///   running the plan.
    func write(to folder: inout TraceFolder, inputs: [Tensor]) throws(Fault) {
        let main = program.graphs[0]
        guard inputs.count == main.inputs.count else {
            throw Fault(
                .invalidArgument, at: "--input", "wrong number of inputs", found: "\(inputs.count)",
                expected: "\(main.inputs.count)")
        }
        var shapes: [Shape] = []
        for (tensor, input) in zip(inputs, main.inputs) { shapes.append(try clipShape(tensor, input)) }
        let clipCount = inputs.first.map { $0.shape[0] } ?? 1
        guard inputs.allSatisfy({ $0.shape[0] == clipCount }) else {
            throw Fault(.shapeMismatch, at: "--input", "the inputs hold different numbers of clips")
        }
        let options = PlanOptions(stage: stage, keepsEveryValue: true, limits: limits)
        let session = Session(try Plan(program, inputShapes: shapes, options: options))
        var written = Set<Int>()
        for clip in 0..<clipCount {
            for (position, tensor) in inputs.enumerated() {
                let memory = session.input(position)
                tensor.withUnsafeBytes { bytes in
                    memory.copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: bytes[clip * memory.count..<(clip + 1) * memory.count]))
                }
            }
            try session.run()
            let values = Dictionary(
                session.values().map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
            for tensor in index.tensors(outputsOnly: outputsOnly) {
                guard let name = index.valueNames[tensor], let value = values[name] else { continue }
                try folder.write(value, index: tensor, clip: clip)
                written.insert(tensor)
            }
        }
        try folder.write(
            index.json(stage: stage.rawValue, isFed: false, clipCount: clipCount, written: written))
    }

    /// The shape of one clip in the array: the array's shape without the axis of clips, with a batch axis of 1 added if
    /// it is missing.
    private func clipShape(_ tensor: Tensor, _ input: GraphInput) throws(Fault) -> Shape {
        let place = "--input: '\(input.name)'"
        guard tensor.elementType == input.elementType else {
            throw Fault(
                .elementTypeMismatch, at: place, "the array's elements are of another type",
                found: tensor.elementType.rawValue, expected: input.elementType.rawValue)
        }
        let extents = tensor.shape.extents
        switch extents.count - input.extents.count {
        case 1: return try Shape(Array(extents.dropFirst()))
        case 0 where input.extents.first == .some(1): return try Shape([1] + extents.dropFirst())
        default:
            throw Fault(
                .shapeMismatch, at: place, "the array does not hold clips of the model's shape",
                found: "\(tensor.shape)",
                expected: "clips × \(input.extents.map { $0.map(String.init) ?? "?" }.joined(separator: " × "))")
        }
    }
}
