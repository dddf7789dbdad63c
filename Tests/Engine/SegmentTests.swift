import EmotionFormerCore
import EmotionFormerKernels
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("Segments")
struct SegmentTests {
    /// The steps that share a segment with one whose label begins so.
    private func company(_ label: String, _ graph: FrameGraph, _ output: String, _ level: InstructionSet) throws
        -> [String]
    {
        let plan = try Plan(graph.typed(output, level), options: PlanOptions(instructionSet: level, threads: 2))
        let step = try #require(plan.steps.first { $0.label.hasPrefix(label) && $0.rows > 1 })
        return plan.steps.filter { $0.segment == step.segment && $0.name != step.name }.map(\.label)
    }

    @Test(
        "Directions and heads are no rows: nothing is joined to them, even if it has as many rows",
        arguments: InstructionSet.available)
    func apart(_ level: InstructionSet) throws {
        // Two directions, and two frames that are normalized after them.
        var recurrent = FrameGraph(frames: 2)
        let both = recurrent.bidirectional(recurrent.dense("clip", from: FrameGraph.features), mask: nil)
        let normalized = recurrent.norm(both)
        #expect(try company("bidirectional", recurrent, normalized, level) == [])
        // Two heads of each clip, and two frames.
        var attention = FrameGraph(frames: 2)
        attention.clips = 2
        let attended = attention.attention(attention.dense("clip", from: FrameGraph.features), mask: nil)
        #expect(try company("attention", attention, attended, level) == [])
    }

    @Test("Clips of two frames give the same on two threads", arguments: InstructionSet.available)
    func twoFrames(_ level: InstructionSet) throws {
        var graph = FrameGraph(frames: 2)
        let both = graph.bidirectional(graph.dense("clip", from: FrameGraph.features), mask: nil)
        let output = graph.norm(both)
        let plans = try [1, 2].map {
            try Plan(graph.typed(output, level), options: PlanOptions(instructionSet: level, threads: $0))
        }
        let clip = (0..<12).map { Float($0 % 5) - 2 }
        let expected = try FrameGraph.run(plans[0], clip, padding: 0)
        for _ in 0..<200 { #expect(try FrameGraph.run(plans[1], clip, padding: 0) == expected) }
    }
}
