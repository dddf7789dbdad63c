import EmotionFormerCore
import EmotionFormerGraph
import Testing

/// The passes' negative conditions: what only looks like a pattern computes the same after simplification, to the last
/// digits that weights in float32 leave.
@Suite struct SimplifyLookalikeTests {
    @Test(arguments: Lookalike.all)
    func staysWhatItIs(_ lookalike: Lookalike) throws {
        let graph = try lookalike.graph().simplifiedAndCompared(tolerance: 1e-6)
        #expect(lookalike.absent.isDisjoint(with: graph.operations), "\(graph.operations)")
    }

    @Test("every pass has a graph that it must leave alone")
    func coverage() {
        let passes = Set(SimplifierPass.all.map(\.name))
        #expect(passes.subtracting(Lookalike.all.map(\.pass)).isEmpty)
        #expect(Set(Lookalike.all.map(\.pass)).subtracting(passes).isEmpty)
    }

    /// The comparison sees one element of a constant that is off by a hundred-thousandth.
    @Test func theComparisonIsNotBlind() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 3, 4])
        var numbers = builder.numbers(4)
        var graphs: [TypedGraph] = []
        for _ in 0..<2 {
            var copy = builder
            let row = copy.constant(try Tensor(numbers, shape: Shape([4])))
            graphs.append(try copy.finished(copy.binary(.multiply, input, row)))
            numbers[2] *= 1.000_02
        }
        #expect(try graphs[0].largestDifference(from: graphs[1]) > 1e-6)
    }
}
