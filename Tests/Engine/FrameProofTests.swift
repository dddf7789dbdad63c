import EmotionFormerCore
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("Clips on their own frames")
struct FrameProofTests {
    /// A graph of random layers that a mask keeps padding out of, as a rule.
    private static func graph(_ seed: UInt64) -> (graph: FrameGraph, output: String) {
        var graph = FrameGraph(seed: seed)
        graph.padding = [0, 0, -2][graph.choose(3)]
        let mask = graph.mask()
        var value = graph.dense(
            "clip", FrameGraph.width, from: FrameGraph.features, graph.choose(2) == 0 ? "linear" : "relu")
        if graph.choose(2) == 0 {
            value = graph.node(.add, [value, graph.table([1, graph.frames, FrameGraph.width])])
        }
        for _ in 0..<graph.choose(4) {
            switch graph.choose(10) {
            case 0: value = graph.norm(graph.node(.add, [value, graph.attention(value, mask: mask)]))
            case 1, 2:
                value = graph.norm(graph.node(.add, [value, graph.attention(value, mask: graph.pairs(mask))]))
            case 3: value = graph.node(.add, [value, graph.attention(graph.norm(value), mask: mask, causal: true)])
            case 4: value = graph.bidirectional(value, mask: mask, zeroes: graph.choose(2) == 0)
            case 5: value = graph.recurrent(.gru, value, mask: graph.choose(3) == 0 ? nil : mask)
            case 6: value = graph.node(.multiply, [value, graph.factors(mask)])
            case 7:
                let kept = graph.node(.expandDimensions, [mask], ["axis": .integer(2)])
                value = graph.node(.select, [kept, value, graph.number(0)])
            case 8:
                value = graph.node(
                    .add, [value, graph.dense(graph.dense(value, 16, from: FrameGraph.width, "gelu"), from: 16)])
            default: value = graph.node(.cumulativeSum, [graph.norm(value)], ["axis": .integer(1)])
            }
        }
        let pooled: String
        switch graph.choose(7) {
        case 0: pooled = graph.maskedMean(value, mask)
        case 1: pooled = graph.attentionPooling(graph.norm(value), mask)
        case 2: pooled = graph.attentionPooling(graph.norm(value), mask, lowered: -1e9)
        case 3: pooled = graph.recurrent(.lstm, value, mask: mask, backward: graph.choose(2) == 0, all: false)
        case 4:
            let query = graph.table([1, 1, FrameGraph.width])
            let attended = graph.attention(graph.norm(value), mask: mask, query: query)
            pooled = graph.node(.squeeze, [attended], ["axes": .integers([1])])
        default: pooled = graph.node(.globalPooling1D, [value, mask])
        }
        let output = graph.dense(pooled, 3)
        return (graph, output)
    }

    /// A clip of random frames, some of which hold what padding holds.
    private static func clip(_ graph: inout FrameGraph, frames: Int, largest: Float) -> [Float] {
        (0..<frames).flatMap { _ in
            let isEmpty = graph.random() < 0.15
            return (0..<FrameGraph.features).map { _ in
                let value = Float(graph.random() * 2 - 1) * largest
                return isEmpty ? graph.padding : value
            }
        }
    }

    /// Whether each guard's masks are all true somewhere.
    private static func holds(_ proof: FrameProof, _ outputs: [[UInt32]]) -> Bool {
        var next = 1
        return proof.guards.allSatisfy { masks in
            defer { next += masks.count }
            return outputs[next].indices.contains { index in
                (next..<next + masks.count).allSatisfy { outputs[$0][index] != 0 }
            }
        }
    }

    private static func floats(_ bits: [UInt32]) -> [Float] { bits.map { Float(bitPattern: $0) } }

    @Test(
        "With fewer frames every output is the same: to the bit, or with BLAS within 1e-6",
        arguments: InstructionSet.available)
    func random(_ level: InstructionSet) throws {
        var proven = 0
        var compared = 0
        let count = 120
        for seed in 0..<UInt64(count) {
            var (graph, output) = Self.graph(seed)
            let proof: FrameProof
            do {
                proof = try graph.proof(output, level)
            } catch is FrameBarrier {
                continue
            }
            proven += 1
            let options = PlanOptions(instructionSet: level, threads: seed % 3 == 0 ? 2 : 1)
            let sizes = [2, 5, 8, 13, 16, 23]
            let graphs = try [graph.typed(output, level)] + sizes.map { try proof.graph(frames: $0) }
            let plans = try Plan.plans(graphs, options: options)
            for (frames, plan) in zip(sizes, plans.dropFirst()) {
                let length = 1 + graph.choose(frames - 1)
                // Some as large as the proof allows.
                let largest = graph.choose(4) == 0 ? proof.largestInput : 2
                let clip = Self.clip(&graph, frames: length, largest: largest)
                let expected = try FrameGraph.run(plans[0], clip, padding: graph.padding)[0]
                let found = try FrameGraph.run(plan, clip, padding: graph.padding)
                guard Self.holds(proof, found) else { continue }
                compared += 1
                let same =
                    level == .portable
                    ? zip(Self.floats(expected), Self.floats(found[0])).allSatisfy {
                        $0.isNaN && $1.isNaN || abs($0 - $1) <= 1e-6 * max(1, abs($0))
                    } : expected == found[0]
                #expect(
                    same,
                    "seed \(seed), \(length) of \(frames) frames: \(Self.floats(found[0])), \(Self.floats(expected))")
            }
        }
        #expect(proven > count * 2 / 3, "\(proven) graphs")
        #expect(compared > proven * 4, "\(compared) clips")
    }

    @Test(
        "A masked frame has no weight, however low the scores of the others", arguments: InstructionSet.available)
    func lowScores(_ level: InstructionSet) throws {
        for (low, isProven) in [(1e3, true), (1e6, true), (1e12, true), (1e15, false)] {
            var graph = FrameGraph()
            let mask = graph.mask()
            let value = graph.dense("clip", from: FrameGraph.features)
            // The scores of frames that are kept are all around −low².
            let queries = graph.node(.add, [graph.norm(value), graph.number(Float(low))])
            let keys = graph.node(.subtract, [graph.norm(value), graph.number(Float(low))])
            let attended = graph.node(
                .attention, [queries, keys, value, mask], ["headCount": .integer(2), "scale": .number(0.5)])
            let output = graph.dense(graph.node(.globalPooling1D, [attended, mask]), 3)
            guard isProven else {
                #expect(try graph.barrier(output)?.reason.contains("scores below") == true)
                continue
            }
            let proof = try graph.proof(output, level)
            let plans = try Plan.plans(
                [graph.typed(output, level), proof.graph(frames: 8)], options: PlanOptions(instructionSet: level))
            let clip = Self.clip(&graph, frames: 5, largest: 2)
            let whole = try FrameGraph.run(plans[0], clip, padding: graph.padding)[0]
            let short = try FrameGraph.run(plans[1], clip, padding: graph.padding)[0]
            let same = zip(Self.floats(whole), Self.floats(short)).allSatisfy {
                level == .portable ? abs($0 - $1) <= 1e-6 * max(1, abs($0)) : $0.bitPattern == $1.bitPattern
            }
            #expect(same && Self.floats(whole).allSatisfy(\.isFinite), "\(low): \(whole), \(short)")
        }
    }

    @Test("The control: without the guards, a clip of nothing but padding differs")
    func guards() throws {
        var graph = FrameGraph()
        let mask = graph.mask()
        let query = graph.table([1, 1, FrameGraph.width])
        var value = graph.dense("clip", from: FrameGraph.features)
        value = graph.node(.add, [value, graph.table([1, graph.frames, FrameGraph.width])])
        let output = graph.node(.squeeze, [graph.attention(value, mask: mask, query: query)], ["axes": .integers([1])])
        let proof = try graph.proof(output)
        #expect(proof.guards.count == 1)
        let clip = [Float](repeating: 0, count: 4 * FrameGraph.features)
        let whole = try FrameGraph.run(Plan(graph.typed(output), options: PlanOptions()), clip, padding: 0)
        let short = try FrameGraph.run(Plan(proof.graph(frames: 8), options: PlanOptions()), clip, padding: 0)
        #expect(whole[0] != short[0])
        #expect(!Self.holds(proof, short))
        let kept = try FrameGraph.run(
            Plan(proof.graph(frames: 8), options: PlanOptions()), clip + [1, 0, 0, 0, 0, 0], padding: 0)
        #expect(Self.holds(proof, kept))
    }
}
