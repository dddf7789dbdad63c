import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerReference
import Testing

@testable import EmotionFormerEngine

/// Nothing goes from one clip of a batch to another: the goldens' inputs, stacked with two variants of themselves, give what
/// they give one by one.
@Suite("A batch gives what its clips give alone") struct BatchTests {
    /// Operations of which no golden can be stacked: they have no batch axis, or attributes and bodies of the goldens state
    /// all extents.
    static let withoutBatch: Set<String> = [
        "constant", "fill", "range", "shape",
        "broadcastTo", "mirrorPad", "pad", "reshape", "slice", "updateSlice", "while",
    ]

    static let batches = EngineGolden.all().compactMap { golden in (try? Batch(golden)) ?? nil }

    @Test("every operation with a batch axis has a golden that is stacked")
    func coverage() {
        let covered = Set(Self.batches.map(\.golden.operation))
        // Operations on quantized integers are in files of LiteRT's, which have no other batch than 1.
        let all = Set(EmotionFormerGraph.Operation.allCases.filter { !$0.isInteger }.map(\.rawValue))
        #expect(all.subtracting(covered) == Self.withoutBatch)
        // No golden of a recurrence may drop out.
        for golden in EngineGolden.all() where ["lstm", "gru", "simpleRNN", "sequenceLSTM"].contains(golden.operation) {
            #expect(Self.batches.contains { $0.golden.description == golden.description }, "\(golden)")
        }
    }

    @Test(
        "stacked and alone, at every level, unfused and fused, on one thread and on three",
        arguments: InstructionSet.available)
    func results(_ instructionSet: InstructionSet) throws {
        for batch in Self.batches {
            for stage in [PlanOptions.Stage.imported, .fused] {
                // Layers made of others are expanded by the simplifier alone.
                if batch.golden.operation == "multiHeadAttention", stage == .imported { continue }
                for threads in [1, 3] {
                    let options = PlanOptions(instructionSet: instructionSet, threads: threads, stage: stage)
                    if let problem = batch.problem({ try EngineGolden.run($0, $1, options) }) {
                        Issue.record("\(batch.golden), \(instructionSet), \(stage), \(threads) threads: \(problem)")
                    }
                }
            }
        }
    }

    @Test("the control: clips in another order are seen")
    func control() {
        let options = PlanOptions()
        let seen = Self.batches.count { batch in
            batch.problem(order: [0, 2, 1]) { try EngineGolden.run($0, $1, options) } != nil
        }
        // Of ones and zeros every clip gives the same.
        #expect(seen * 10 > Self.batches.count * 9, "\(seen) of \(Self.batches.count)")
    }
}

/// A golden whose inputs are stacked; the reference executor says which of them are a batch's, and along which axes.
struct Batch: Sendable {
    let golden: EngineGolden
    /// Inputs of each clip alone: the golden's, their elements in reverse, and other numbers.
    private(set) var clips: [[Tensor]] = []
    /// By input: the axis along which clips stand, nil if they share it.
    private(set) var axes: [Int?] = []

    /// nil if no choice of axes makes a batch of the golden.
    init?(_ golden: EngineGolden) throws {
        self.golden = golden
        let inputs = try golden.program().inputs
        var choices: [[Int?]] = [[]]
        for input in inputs {
            let possible: [Int?] = [nil] + (0..<min(input.shape.rank, 3)).map(Optional.some)
            choices = choices.flatMap { choice in possible.map { choice + [$0] } }
        }
        // More operands rather than fewer, for a mask and a state belong to the clip; and first axes rather than others.
        func rank(_ choice: [Int?]) -> (Int, Int) {
            (choice.count(where: { $0 == nil }), choice.reduce(0) { $0 + ($1 ?? 0) })
        }
        for choice in choices.sorted(by: { rank($0) < rank($1) }) {
            let extents = zip(inputs, choice).compactMap { input, axis in axis.map { input.shape[$0] } }
            guard let extent = extents.first, extents.allSatisfy({ $0 == extent }) else { continue }
            axes = choice
            clips = (0..<3).map { clip in
                zip(inputs, choice).map { $1 == nil ? $0 : variant(clip, of: $0) }
            }
            if problem(Self.reference) == nil { return }
        }
        return nil
    }

    private static func reference(_ program: Program, _ inputs: [Tensor]) throws -> [Tensor] {
        let executor = ReferenceExecutor()
        let graph = try program.typed(inputShapes: inputs.map(\.shape), evaluator: executor)
        return try executor.run(graph, inputs: inputs.map { try ReferenceValue(StoredTensor($0)) }).outputs.map(
            \.tensor)
    }

    /// What is wrong with a batch's results, or nil.
    /// - Parameter order: the clips in the order in which they are stacked.
    func problem(order: [Int] = [0, 1, 2], _ run: (Program, [Tensor]) throws -> [Tensor]) -> String? {
        do {
            let alone = try clips.map { clip in
                let (program, inputs) = try golden.program(clip)
                return try run(program, inputs)
            }
            let stacked = axes.enumerated().map { index, axis in
                axis.map { axis in stack(order.map { clips[$0][index] }, axis) } ?? clips[0][index]
            }
            let (program, inputs) = try golden.program(stacked)
            let together = try run(program, inputs)
            let bound = max(golden.tolerance, 1e-5)
            for (index, found) in together.enumerated() {
                let expected = alone.map { $0[index] }
                let axis = expected[0].shape.extents.indices.first { axis in
                    var extents = expected[0].shape.extents
                    extents[axis] *= 3
                    return extents == found.shape.extents && extents[axis] > 0
                }
                guard let axis else { return "output \(index) is of shape \(found.shape)" }
                let difference = EngineGolden.difference(found.doubles, stack(expected, axis).doubles)
                if difference > bound { return "output \(index) differs by \(difference)" }
            }
            return together.isEmpty ? "no output" : nil
        } catch {
            return "\(error)"
        }
    }
}

/// Tensors one after the other along an axis.
private func stack(_ tensors: [Tensor], _ axis: Int) -> Tensor {
    var extents = tensors[0].shape.extents
    let outer = extents[..<axis].reduce(1, *)
    let inner = extents[axis...].reduce(1, *) * tensors[0].elementType.byteCount
    extents[axis] *= tensors.count
    let bytes = tensors.map(\.rawBytes)
    return Tensor(tensors[0].elementType, Shape(unchecked: extents)) { output in
        output.copyBytes(
            from: (0..<outer).flatMap { row in bytes.flatMap { $0[(row * inner)..<(row * inner + inner)] } })
    }
}

/// Other elements of the same range: the tensor itself, in reverse, and turned by a third with other signs.
private func variant(_ clip: Int, of tensor: Tensor) -> Tensor {
    let size = tensor.elementType.byteCount
    let bytes = tensor.rawBytes
    let count = tensor.shape.elementCount
    if clip == 0 || count == 0 { return tensor }
    return Tensor(tensor.elementType, tensor.shape) { output in
        for index in 0..<count {
            let from = clip == 1 ? count - 1 - index : (index + count / 3 + 1) % count
            for byte in 0..<size { output[index * size + byte] = bytes[from * size + byte] }
            if clip == 2, tensor.elementType == .float32 {
                let value = output.loadUnaligned(fromByteOffset: index * size, as: Float.self)
                output.storeBytes(of: value * -0.75, toByteOffset: index * size, as: Float.self)
            }
        }
    }
}
