import EmotionFormerCore
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("What keeps a clip from its own frames")
struct FrameBarrierTests {
    /// A graph whose last value is `output`, and a part of the reason why it takes all frames; nil if it does not.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let reason: String?
        let make: @Sendable (inout FrameGraph, _ mask: String, _ value: String) -> String

        init(
            _ name: String, _ reason: String?,
            _ make: @escaping @Sendable (inout FrameGraph, _ mask: String, _ value: String) -> String
        ) {
            testDescription = name
            self.reason = reason
            self.make = make
        }
    }

    private static func pooled(_ graph: inout FrameGraph, _ value: String, _ mask: String) -> String {
        graph.node(.globalPooling1D, [value, mask])
    }

    static let cases: [Case] = [
        Case("a masked mean", nil) { pooled(&$0, $2, $1) },
        Case("a mean of all frames", "pools all frames") { graph, _, value in
            graph.node(.globalPooling1D, [value])
        },
        Case("a maximum of all frames", "pools all frames") { graph, _, value in
            graph.node(.globalPooling1D, [value], ["kind": .text("maximum")])
        },
        Case("attention without a mask", "it has no mask") { graph, mask, value in
            let attended = graph.attention(value, mask: nil)
            return pooled(&graph, attended, mask)
        },
        Case("attention with a mask of queries alone", "mask") { graph, mask, value in
            let queries = graph.node(.expandDimensions, [mask], ["axis": .integer(-1)])
            let all = graph.constant(
                (try? Tensor([Bool](repeating: true, count: 24), shape: Shape([1, 1, 24]))) ?? Tensor(scalar: true))
            let both = graph.node(.logicalAnd, [queries, all])
            let attended = graph.attention(value, mask: both)
            return pooled(&graph, attended, mask)
        },
        Case("scores that a clip makes as low as those of masked frames", "scores below those of masked frames") {
            graph, mask, value in
            let queries = graph.node(.clip, [value], ["minimum": .number(2e15)])
            let keys = graph.node(.clip, [value], ["maximum": .number(-2e15)])
            let attended = graph.attention(keys, mask: mask, query: queries)
            return pooled(&graph, attended, mask)
        },
        Case("causal attention without a mask", nil) { graph, mask, value in
            let attended = graph.attention(graph.norm(value), mask: nil, causal: true)
            return pooled(&graph, attended, mask)
        },
        Case("a convolution over time", "mixes neighboring frames") { graph, mask, value in
            let mixed = graph.node(
                .conv1D, [value], ["padding": .text("same")], weights: ["kernel": [3, 8, 8]])
            return pooled(&graph, mixed, mask)
        },
        Case("a convolution of single frames", nil) { graph, mask, value in
            let mixed = graph.node(.conv1D, [value], [:], weights: ["kernel": [1, 8, 8]])
            return pooled(&graph, mixed, mask)
        },
        Case("a layer norm over time", "brings all frames together") { graph, mask, value in
            let mixed = graph.node(
                .layerNormalization, [value], ["epsilon": .number(1e-3), "axes": .integers([1, 2])])
            return pooled(&graph, mixed, mask)
        },
        Case("a softmax over time", "weighs all frames") { graph, mask, value in
            let weights = graph.node(.softmax, [value], ["axes": .integers([1])])
            return pooled(&graph, weights, mask)
        },
        Case("all frames in one row", "brings frames together") { graph, _, value in
            graph.dense(graph.node(.reshape, [value], ["shape": .integers([1, 192])]), 3, from: 192)
        },
        Case("the last frame", "takes some of the frames") { graph, _, value in
            graph.node(
                .stridedSlice, [value],
                [
                    "begin": .integers([0, -1]), "end": .integers([0, 0]), "strides": .integers([1, 1]),
                    "beginMask": .integer(1), "endMask": .integer(1), "shrinkAxisMask": .integer(2),
                ])
        },
        Case("frames back to front", "brings different frames together") { graph, mask, value in
            let turned = graph.node(.reverse, [value], ["axes": .integers([1])])
            return pooled(&graph, graph.node(.add, [turned, value]), mask)
        },
        Case("a recurrence from the end without a mask", "it has no mask") { graph, mask, value in
            let turned = graph.node(
                .reverse, [graph.recurrent(.lstm, value, mask: nil, backward: true)], ["axes": .integers([1])])
            return pooled(&graph, turned, mask)
        },
        Case("a recurrence over reversed frames without a mask", "steps over padding: it has no mask") {
            graph, mask, value in
            let turned = graph.node(.reverse, [value], ["axes": .integers([1])])
            let steps = graph.node(
                .reverse, [graph.recurrent(.gru, turned, mask: nil)], ["axes": .integers([1])])
            return pooled(&graph, steps, mask)
        },
        Case("a recurrence's last state without a mask", "it has no mask") { graph, _, value in
            graph.recurrent(.gru, value, mask: nil, all: false)
        },
        Case("a recurrence from the start without a mask", nil) { graph, mask, value in
            let steps = graph.recurrent(.gru, value, mask: nil)
            return pooled(&graph, steps, mask)
        },
        Case("sums from the end", "brings all frames together") { graph, mask, value in
            let sums = graph.node(.cumulativeSum, [value], ["axis": .integer(1), "reverse": .boolean(true)])
            return pooled(&graph, sums, mask)
        },
        Case("a mask that padding does not make false", "pools all frames") { graph, _, value in
            let differs = graph.node(.notEqual, ["clip", graph.number(1)])
            let other = graph.node(.reduceAny, [differs], ["axes": .integers([2])])
            return pooled(&graph, value, other)
        },
        Case("a mask of what frames are together", "pools all frames") { graph, mask, value in
            let sums = graph.node(
                .cumulativeSum, [graph.node(.cast, [mask], ["to": .text("float32")])], ["axis": .integer(1)])
            return pooled(&graph, value, graph.node(.greater, [sums, graph.number(0)]))
        },
        Case("queries that another mask keeps out, pooled by none of it", "another mask") { graph, mask, value in
            let attended = graph.attention(graph.norm(value), mask: graph.pairs(mask))
            let large = graph.node(.greater, ["clip", graph.number(0.5)])
            let other = graph.node(.reduceAny, [large], ["axes": .integers([2])])
            return pooled(&graph, attended, other)
        },
        Case("a summand of −1 for −1e9", "weighs all frames") { graph, mask, value in
            graph.attentionPooling(value, mask, lowered: -1)
        },
        Case("a summand of −1e9", nil) { graph, mask, value in graph.attentionPooling(value, mask, lowered: -1e9) },
        Case("scores without bounds", "weighs all frames") { graph, mask, value in
            let scores = graph.dense(graph.node(.exponential, [value]), 1)
            let dropped = graph.node(.subtract, [graph.number(1), graph.factors(mask)])
            let lowered = graph.node(.add, [scores, graph.node(.multiply, [dropped, graph.number(-1e9)])])
            let weights = graph.node(.softmax, [lowered], ["axes": .integers([1])])
            return graph.node(.matmul, [weights, value], ["transposeFirst": .boolean(true)])
        },
        Case("padding that may be infinite", "may not be finite") { graph, mask, value in
            let logarithms = graph.node(.logarithm, [value])
            let attended = graph.attention(logarithms, mask: mask)
            return pooled(&graph, attended, mask)
        },
        Case("scores below those of masked frames", "scores below") { graph, mask, value in
            let large = graph.node(.multiply, [graph.norm(value), graph.number(1e15)])
            let attended = graph.attention(large, mask: mask)
            return pooled(&graph, attended, mask)
        },
        Case("frames in the place of features", "brings all frames together") { graph, mask, value in
            let turned = graph.node(.transpose, [value], ["permutation": .integers([0, 2, 1])])
            return graph.attention(graph.dense(turned, 8, from: 24), mask: nil)
        },
        Case("a frame in front of all", "beside those of the frames") { graph, mask, value in
            let all = graph.node(.concatenate, [graph.table([1, 1, 8]), value], ["axis": .integer(1)])
            return graph.node(.globalPooling1D, [all])
        },
        Case("windows that do not overlap", nil) { graph, _, _ in
            let joined = graph.node(
                .pooling1D, ["clip"], ["kind": .text("average"), "poolSize": .integer(3), "stride": .integer(3)])
            let differs = graph.node(.notEqual, [joined, graph.number(0)])
            let mask = graph.node(.reduceAny, [differs], ["axes": .integers([2])])
            let value = graph.dense(joined, from: FrameGraph.features)
            let attended = graph.attention(value, mask: graph.pairs(mask))
            return pooled(&graph, attended, mask)
        },
        Case("windows that overlap", "mixes neighboring frames") { graph, _, _ in
            let joined = graph.node(
                .pooling1D, ["clip"], ["kind": .text("average"), "poolSize": .integer(3), "stride": .integer(1)])
            let differs = graph.node(.notEqual, [joined, graph.number(0)])
            let mask = graph.node(.reduceAny, [differs], ["axes": .integers([2])])
            return pooled(&graph, joined, mask)
        },
        Case("rows of all frames", "has rows of all frames") { graph, _, value in graph.norm(value) },
    ]

    @Test("What brings padding in is named, and what looks like it is not", arguments: cases)
    func barriers(_ example: Case) throws {
        var graph = FrameGraph()
        let mask = graph.mask()
        let value = graph.dense("clip", from: FrameGraph.features)
        let output = example.make(&graph, mask, value)
        let barrier = try graph.barrier(output)
        guard let reason = example.reason else {
            #expect(barrier == nil, "\(barrier?.place ?? "") \(barrier?.reason ?? "")")
            return
        }
        let found = try #require(barrier)
        #expect(found.reason.contains(reason), "\(found.place) \(found.reason)")
    }

    @Test("A model with a row for each frame needs no mask if frames stay apart, and none that keeps frames out")
    func rows() throws {
        var graph = FrameGraph()
        let mask = graph.mask()
        let value = graph.norm(graph.dense("clip", from: FrameGraph.features))
        #expect(throws: Never.self) { try graph.proof(value, byFrame: true) }
        let attended = graph.attention(value, mask: graph.pairs(mask))
        let output = graph.norm(attended)
        #expect(throws: FrameBarrier.self) { try graph.proof(output, byFrame: true) }
    }

    @Test("Numbers of frames are multiples of the windows'")
    func unit() throws {
        var graph = FrameGraph()
        let output = try #require(Self.cases.first { $0.testDescription == "windows that do not overlap" })
            .make(&graph, "", "")
        let proof = try graph.proof(output)
        #expect(proof.unit == 3)
        let clip = (0..<10 * FrameGraph.features).map { Float($0 % 7) - 3 }
        let whole = try FrameGraph.run(Plan(graph.typed(output), options: PlanOptions()), clip, padding: 0)
        let short = try FrameGraph.run(Plan(proof.graph(frames: 15), options: PlanOptions()), clip, padding: 0)
        #expect(zip(whole[0], short[0]).allSatisfy { abs(Float(bitPattern: $0) - Float(bitPattern: $1)) < 1e-6 })
        #expect(throws: Fault.self) { try proof.graph(frames: 8) }
    }
}
