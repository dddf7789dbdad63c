import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct SimplifyLoopTests {
    /// What is wrong with a loop's body.
    enum Flaw: CaseIterable {
        case none, swappedStates, otherStep, otherRow, extraSummand, otherStart, otherBound, otherGate, fewerTurns
    }

    /// Four turns of an LSTM with two features and three units, as Keras 3 lowers it.
    private func loop(_ flaw: Flaw) throws -> TypedGraph {
        func variables(_ builder: inout GraphBuilder) throws -> [Int] {
            [
                try builder.input("i", [], .int32), try builder.input("rows", [4, 1, 3]),
                try builder.input("h", [1, 3]), try builder.input("c", [1, 3]), try builder.input("x", [4, 1, 2]),
            ]
        }
        var condition = GraphBuilder()
        let tested = try variables(&condition)
        let limit = condition.constant(Tensor(scalar: Int32(4)))
        var less = try condition.node(.less, [tested[0], limit], [], .bool)
        if flaw == .otherBound {
            let earlier = condition.constant(Tensor(scalar: Int32(3)))
            let other = try condition.node(.less, [tested[0], earlier], [], .bool)
            less = try condition.node(.logicalAnd, [less, other], [], .bool)
        }

        var body = GraphBuilder(seed: 3)
        let state = try variables(&body)
        let one = body.constant(Tensor(scalar: Int32(flaw == .otherStep ? 2 : 1)))
        let next = try body.node(.add, [state[0], one], [], .int32)
        let row = try body.node(.gather, [state[4], flaw == .otherRow ? next : state[0]], [1, 2])
        let fromInput = try body.node(.fullyConnected, [row, body.constant([12, 2])], [1, 12])
        let fromState = try body.node(.fullyConnected, [state[2], body.constant([12, 3])], [1, 12])
        var sum = try body.binary(.add, body.binary(.add, fromInput, fromState), body.constant([12]))
        if flaw == .extraSummand { sum = try body.binary(.add, sum, body.activation(.tanh, fromState)) }
        let input = try body.node(
            .split, [sum], [1, 3], attributes: ["axis": .integer(1)],
            further: Array(repeating: ([1, 3], .float32), count: 3))
        let kept = try body.binary(
            .multiply, body.activation(.sigmoid, input + 1), state[flaw == .swappedStates ? 2 : 3])
        let added = try body.binary(.multiply, body.activation(.sigmoid, input), body.activation(.tanh, input + 2))
        let cell = try body.binary(.add, kept, added)
        let hidden = try body.binary(
            .multiply, body.activation(flaw == .otherGate ? .hardSigmoid : .sigmoid, input + 3),
            body.activation(.tanh, cell))
        let place = try body.node(.reshape, [state[0]], [1], .int32, attributes: ["shape": .integers([1])])
        let zeros = body.constant(Tensor([Int32(0), 0]))
        let begin = try body.node(.concatenate, [place, zeros], [3], .int32, attributes: ["axis": .integer(0)])
        let rows = try body.node(.updateSlice, [state[1], body.reshape(hidden, [1, 1, 3]), begin], [4, 1, 3])

        var main = GraphBuilder()
        let sequence = try main.input("sequence", [1, 4, 2])
        let zero = main.constant(Tensor(scalar: Int32(flaw == .otherStart ? 1 : 0)))
        let blank = main.constant(Tensor(.float32, try Shape([4, 1, 3])) { _ in })
        let start = main.constant(Tensor(.float32, try Shape([1, 3])) { _ in })
        let steps = try main.reshape(sequence, [4, 1, 2])
        let types: [([Int], ElementType)] = [
            ([4, 1, 3], .float32), ([1, 3], .float32), ([1, 3], .float32), ([4, 1, 2], .float32),
        ]
        let first = try main.node(.while, [zero, blank, start, start, steps], [], .int32, further: types)
        main.graph.nodes[main.graph.nodes.count - 1].bodies = [
            "condition": condition.finished(less), "body": body.finished(next, rows, hidden, cell, state[4]),
        ]
        if flaw == .fewerTurns {
            main.graph.nodes[main.graph.nodes.count - 1].attributes["maximumTripCount"] = .integer(3)
        }
        let output = try main.reshape(first + 1, [1, 4, 3])
        return main.finished(output, first + 3)
    }

    @Test("a loop whose body is one step of an LSTM is an lstm that gives its sequence and its last cell")
    func lstm() throws {
        let graph = try loop(.none).simplifiedAndCompared()
        try #require(graph.operations == ["lstm"])
        #expect(graph.nodes[0].outputs.count == 3 && graph.nodes[0].inputs == [graph.inputs[0]])
    }

    @Test(
        "a body that is anything else stays a loop",
        arguments: Flaw.allCases.dropFirst())
    func controls(flaw: Flaw) throws {
        let graph = try loop(flaw).simplified()
        #expect(graph.operations.contains("while") && !graph.operations.contains("lstm"))
    }

    @Test("a loop that ends before its condition fails keeps its number of rounds")
    func fewerTurns() throws {
        let bounded = try loop(.fewerTurns)
        let graph = try bounded.simplifiedAndCompared()
        #expect(graph.operations.contains("while"))
        // The control: the last round counts.
        #expect(try loop(.none).largestDifference(from: bounded) > 1e-3)
    }
}
