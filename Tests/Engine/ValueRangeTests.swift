import EmotionFormerCore
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

/// The bounds that a proof computes hold for what the source frameworks computed.
@Suite("Bounds of values")
struct ValueRangeTests {
    /// The results of a golden that have bounds, and those that lie outside.
    private func found(_ golden: EngineGolden, isMoved: Bool = false) throws -> (bounded: Int, outside: Int)? {
        guard golden.operation != "multiHeadAttention" else { return nil }
        let (program, inputs) = try golden.program()
        let ranges = inputs.compactMap { tensor in tensor.extremes.flatMap { ValueRange($0.least, $0.largest) } }
        guard ranges.count == inputs.count else { return nil }
        let graph = try Plan.graph(
            program, inputShapes: inputs.map(\.shape), options: PlanOptions(stage: .imported))
        var bounds = ValueRanges(graph, inputs: ranges, WeightSums())
        var (bounded, outside) = (0, 0)
        for (output, numbers) in zip(graph.outputs, golden.outputs) where graph.constant(output) == nil {
            if numbers.isEmpty { continue }
            guard let range = bounds.range(of: output) else { continue }
            bounded += 1
            // What the framework rounds, beyond what the bounds are widened by.
            let slack = 1e-5 * max(1, range.magnitude)
            let shift = isMoved ? range.upper - range.lower + 3 * slack : 0
            let (least, largest) = (range.lower + shift - slack, range.upper + shift + slack)
            if !numbers.allSatisfy({ $0 >= least && $0 <= largest }) { outside += 1 }
        }
        return (bounded, outside)
    }

    @Test("every result of every operation lies within the bounds that are computed for it")
    func goldens() throws {
        var operations: [String: Int] = [:]
        for golden in EngineGolden.all() {
            guard let (bounded, outside) = try found(golden) else { continue }
            operations[golden.operation, default: 0] += bounded
            #expect(outside == 0, "\(golden)")
        }
        let bounded = Set(operations.filter { $0.value > 0 }.keys)
        let missing = Set([
            "dense", "attention", "embedding", "masking", "layerNormalization", "softmax", "fullyConnected", "matmul",
            "add", "subtract", "multiply", "maximum", "minimum", "squaredDifference", "negate", "absolute", "square",
            "squareRoot", "activation", "rescaling", "prelu", "select", "clip", "cast", "reduceSum", "reduceMean",
            "reduceMaximum", "reduceMinimum", "transpose", "slice", "gather", "updateSlice", "concatenate", "pad",
            "conv1D", "lstm", "gru", "globalPooling1D",
        ]).subtracting(bounded)
        #expect(missing.isEmpty, "\(missing.sorted())")
    }

    @Test("the control: bounds that are moved by their own width do not hold")
    func control() throws {
        for golden in EngineGolden.all() where ["add", "clip", "updateSlice", "slice"].contains(golden.operation) {
            guard let (bounded, outside) = try found(golden, isMoved: true) else { continue }
            #expect(outside == bounded, "\(golden)")
        }
    }
}
