import EmotionFormer
import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
import EmotionFormerReference

/// Runs a program that came from a file: planned, predicted with, and its numbers checked against those of two threads
/// and of the reference executor.
struct ModelRun {
    let program: Program
    let shapes: [Shape]
    /// Decides which of the dearer checks an input gets: the same for the same input.
    let seed: UInt64

    /// Far below the product's: larger models only cost time here, and an allocation that no limit bounds stands out.
    static let limits: Limits = {
        var limits = Limits()
        limits.valueBytes = 1 << 20
        limits.constantBytes = 1 << 20
        limits.memoryBytes = 1 << 22
        limits.operations = 2_000_000
        return limits
    }()
    /// The same limits for a model that is run as an app would.
    static let modelOptions: EmotionModel.Options = {
        var limits = ModelLimits()
        limits.values = ModelRun.limits
        return EmotionModel.Options(limits: limits)
    }()
    private static let elementLimit = 1 << 16

    init?(_ program: Program, frames: Int = 3, input: [UInt8]) {
        guard let main = program.graphs.first else { return nil }
        self.program = program
        var shapes: [Shape] = []
        for input in main.inputs {
            var extents = input.extents.map { $0 ?? frames }
            if input.extents.first == .some(nil) { extents[0] = 1 }
            guard let shape = try? Shape(extents) else { return nil }
            shapes.append(shape)
        }
        self.shapes = shapes
        seed = input.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// Whether an input gets a check that one in so many gets.
    func isChosen(oneIn count: UInt64) -> Bool { seed >> 8 % count == 0 }

    /// - Returns: whether the model ran, and is small.
    func check() -> Bool {
        guard let outputs = outputs(options()) else { return false }
        // Each of these takes longer than all that came before.
        switch seed % 32 {
        case 0:
            let parallel = options {
                $0.threads = 2
                // Each thread has memory of its own.
                $0.limits.memoryBytes *= 4
            }
            let other = self.outputs(parallel)
            guard areSame(other, outputs) else { finding("two threads give another result than one") }
        case 1:
            compareWithReference(outputs)
        case 2:
            // Kernels of one operation each, which `verify` and `inspect` run.
            let verifying = options {
                $0.stage = .imported
                $0.keepsEveryValue = true
            }
            guard let other = self.outputs(verifying) else { break }
            guard other.map(\.type) == outputs.map(\.type) else {
                finding("the joined plan has other outputs: \(outputs.map(\.type)), not \(other.map(\.type))")
            }
        case 3:
            // Levels round differently; here only that each of them stays in its memory counts.
            _ = self.outputs(options { $0.instructionSet = .portable })
        default: break
        }
        return true
    }

    private func options(_ change: (inout PlanOptions) -> Void = { _ in }) -> PlanOptions {
        var options = PlanOptions(limits: ModelRun.limits)
        change(&options)
        return options
    }

    /// The outputs' bytes; nil if the model is refused or its run ends in an error.
    private func outputs(_ options: PlanOptions) -> [(type: ValueType, bytes: [UInt8])]? {
        do throws(Fault) {
            let plan = try Plan(program, inputShapes: shapes, options: options)
            Statistics.planned += 1
            let session = Session(plan)
            for index in plan.inputTypes.indices {
                ModelRun.fill(session.input(index), plan.inputTypes[index].elementType, seed: UInt64(index))
            }
            try session.run()
            Statistics.predicted += 1
            return plan.outputTypes.indices.map { (plan.outputTypes[$0], Array(session.output($0))) }
        } catch {
            error.checkForm()
            return nil
        }
    }

    /// Small numbers, the same for every run: floats between −1 and 1, integers from 0 to 3.
    static func fill(_ bytes: UnsafeMutableRawBufferPointer, _ type: ElementType, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        switch type {
        case .float32:
            for index in 0..<bytes.count / 4 {
                bytes.storeBytes(of: Float.random(in: -1...1, using: &random), toByteOffset: 4 * index, as: Float.self)
            }
        default:
            for index in bytes.indices { bytes[index] = 0 }
            for index in stride(from: 0, to: bytes.count, by: type.byteCount) {
                bytes[index] = UInt8.random(in: 0...(type == .bool ? 1 : 3), using: &random)
            }
        }
    }

    private func areSame(
        _ first: [(type: ValueType, bytes: [UInt8])]?, _ second: [(type: ValueType, bytes: [UInt8])]
    ) -> Bool {
        guard let first, first.count == second.count else { return false }
        return zip(first, second).allSatisfy { $0.type == $1.type && $0.bytes == $1.bytes }
    }

    private func floats(_ output: (type: ValueType, bytes: [UInt8])) -> [Double]? {
        guard output.type.elementType == .float32 else { return nil }
        return output.bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { Double(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)) }
        }
    }
}

// MARK: - Right numbers
extension ModelRun {
    /// Small causes have large effects at steps and at poles; what these give is not compared.
    private static let steps: Set<EmotionFormerGraph.Operation> = [
        .floor, .ceiling, .round, .sign, .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual, .argMaximum,
        .argMinimum, .cast, .quantize, .floorDivide, .floorModulo, .while, .if,
    ]
    /// Operations that give NaN for arguments hardly beyond those that they are for.
    private static let domains: Set<EmotionFormerGraph.Operation> = [
        .squareRoot, .reciprocalSquareRoot, .logarithm, .power, .divide,
    ]
    /// Below it float32 says something of the numbers.
    private static let comparableMagnitude = 1e3
    /// Below it no square, and no sum of squares, is infinite in float32.
    private static let finiteMagnitude = 1e12

    /// The program in double precision, where its numbers are of a size at which float32 has some as well: no quantized
    /// constants, no steps, every value finite and below 10¹².
    /// - Returns: with the tolerance of each number, where they are of a size at which float32 says something of them:
    ///   below 10³, and hardly another result from hardly another input. Infinite where only NaN would be wrong.
    private func reference() -> (outputs: [[Double]], tolerance: Double)? {
        let hasOthers = program.tensors.values.contains {
            $0.quantization != nil || !ModelRun.isBelow(ModelRun.finiteMagnitude, $0.tensor)
        }
        guard !hasOthers,
            !program.graphs.contains(where: { $0.nodes.contains { ModelRun.steps.contains($0.operation) } })
        else { return nil }
        let executor = ReferenceExecutor(
            maximumOperations: ModelRun.limits.operations, maximumElementCount: ModelRun.elementLimit)
        guard let graph = try? program.typed(inputShapes: shapes, evaluator: executor, limits: ModelRun.limits) else {
            return nil
        }
        var runs: [ReferenceRun] = []
        for factor in [1, 1 + 1e-5] {
            var inputs: [ReferenceValue] = []
            for (index, input) in graph.inputs.enumerated() {
                let type = graph.values[input].type
                guard type.elementType == .float32, type.shape.elementCount <= ModelRun.elementLimit else { return nil }
                var values = [Float](repeating: 0, count: type.shape.elementCount)
                values.withUnsafeMutableBytes { ModelRun.fill($0, .float32, seed: UInt64(index)) }
                guard let value = try? ReferenceValue(type, values.map { Double($0) * factor }) else { return nil }
                inputs.append(value)
            }
            guard let run = try? executor.run(graph, inputs: inputs, recordsAll: true) else { return nil }
            runs.append(run)
        }
        var scale = 1.0
        for value in runs[0].values.values where value.type.elementType == .float32 {
            for element in value.elements {
                guard element.magnitude < ModelRun.finiteMagnitude else { return nil }
                scale = max(scale, element.magnitude)
            }
        }
        let hasLargeWeights = program.tensors.values.contains {
            !ModelRun.isBelow(ModelRun.comparableMagnitude, $0.tensor)
        }
        guard scale < ModelRun.comparableMagnitude, !hasLargeWeights else {
            let hasDomains = program.graphs.contains { $0.nodes.contains { ModelRun.domains.contains($0.operation) } }
            return hasDomains ? nil : (runs[0].outputs.map(\.elements), .infinity)
        }
        var sensitivity = 0.0
        for (first, second) in zip(runs[0].outputs, runs[1].outputs) {
            for (a, b) in zip(first.elements, second.elements) { sensitivity = max(sensitivity, (a - b).magnitude) }
        }
        guard sensitivity < 1e-3 * scale else { return nil }
        return (runs[0].outputs.map(\.elements), 1e-3 * scale + 100 * sensitivity)
    }

    /// Inside layers no values are seen; with such weights they are of a size like the inputs'.
    private static func isBelow(_ magnitude: Double, _ tensor: Tensor) -> Bool {
        tensor.elements(as: Float.self)?.allSatisfy { $0.magnitude < Float(magnitude) } ?? true
    }

    private func compareWithReference(_ outputs: [(type: ValueType, bytes: [UInt8])]) {
        guard let reference = reference() else { return }
        Statistics.compared += 1
        let tolerance = reference.tolerance
        for (index, output) in outputs.enumerated() {
            guard let found = floats(output) else { continue }
            let expected = reference.outputs[index]
            guard found.count == expected.count else {
                finding("output \(index) has another size than the reference's")
            }
            for (place, pair) in zip(found, expected).enumerated() where !((pair.0 - pair.1).magnitude <= tolerance) {
                finding("output \(index)[\(place)] is \(pair.0), by the reference \(pair.1), tolerance \(tolerance)")
            }
        }
    }
}
