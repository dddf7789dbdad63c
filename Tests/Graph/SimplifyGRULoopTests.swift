import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct SimplifyGRULoopTests {
    /// What is wrong with a loop's body.
    enum Flaw: CaseIterable {
        case none, swappedUpdate, otherGate, otherOne, sharedPart, otherRow, resetsBefore, otherState, shortPlaces,
            shiftedPlaces
    }

    /// How a body cuts the state's product.
    enum Cut: CaseIterable { case split, slices }

    /// Four turns of a GRU with two features and three units, as Keras lowers it; rows are written at places that were
    /// looked up.
    private func loop(_ flaw: Flaw, _ cut: Cut = .slices, units: Int = 3) throws -> TypedGraph {
        func variables(_ builder: inout GraphBuilder) throws -> [Int] {
            [
                try builder.input("i", [], .int32), try builder.input("rows", [4, 1, units]),
                try builder.input("h", [1, units]), try builder.input("x", [4, 1, 2]),
            ]
        }
        var condition = GraphBuilder()
        let tested = try variables(&condition)
        let limit = condition.constant(Tensor(scalar: Int32(4)))
        let less = try condition.node(.less, [tested[0], limit], [], .bool)

        var body = GraphBuilder(seed: 3)
        let state = try variables(&body)
        let next = try body.node(
            .add, [state[0], body.constant(Tensor(scalar: Int32(1)))], [], .int32)
        let row = try body.node(.gather, [state[3], flaw == .otherRow ? next : state[0]], [1, 2])
        let fromInput = try body.node(
            .fullyConnected, [row, body.constant([3 * units, 2]), body.constant([3 * units])], [1, 3 * units])
        let fromState = try body.node(
            .fullyConnected,
            [
                flaw == .otherState ? body.activation(.tanh, state[2]) : state[2], body.constant([3 * units, units]),
                body.constant([3 * units]),
            ], [1, 3 * units])
        func parts(_ value: Int, _ cut: Cut, _ body: inout GraphBuilder) throws -> [Int] {
            guard cut == .slices else {
                let first = try body.node(
                    .split, [value], [1, units], attributes: ["axis": .integer(-1)],
                    further: Array(repeating: ([1, units], .float32), count: 2))
                return [first, first + 1, first + 2]
            }
            return try (0..<3).map { block in
                try body.node(
                    .stridedSlice, [value], [1, units],
                    attributes: [
                        "begin": .integers([0, units * block]), "end": .integers([0, units * (block + 1)]),
                        "strides": .integers([1, 1]), "beginMask": .integer(1), "endMask": .integer(1),
                    ])
            }
        }
        let inputs = try parts(fromInput, .split, &body)
        let states = try parts(fromState, cut, &body)
        let update = try body.activation(.sigmoid, body.binary(.add, inputs[0], states[0]))
        let reset = try body.activation(
            flaw == .otherGate ? .hardSigmoid : .sigmoid,
            body.binary(.add, inputs[flaw == .sharedPart ? 0 : 1], states[1]))
        let scaled = try body.binary(.multiply, reset, flaw == .resetsBefore ? state[2] : states[2])
        let candidate = try body.activation(.tanh, body.binary(.add, inputs[2], scaled))
        let one = body.scalar(flaw == .otherOne ? 2 : 1)
        let rest = try body.node(.subtract, [one, update], [1, units])
        let kept = try body.binary(.multiply, flaw == .swappedUpdate ? rest : update, state[2])
        let hidden = try body.binary(
            .add, kept, body.binary(.multiply, flaw == .swappedUpdate ? update : rest, candidate))
        let places: [Int32] = flaw == .shortPlaces ? [0, 1, 2] : flaw == .shiftedPlaces ? [1, 2, 3, 4] : [0, 1, 2, 3]
        let place = try body.node(.gather, [body.constant(Tensor(places)), state[0]], [], .int32)
        let first = try body.node(.reshape, [place], [1], .int32, attributes: ["shape": .integers([1])])
        let zeros = body.constant(Tensor([Int32(0), 0]))
        let begin = try body.node(.concatenate, [first, zeros], [3], .int32, attributes: ["axis": .integer(0)])
        let rows = try body.node(.updateSlice, [state[1], body.reshape(hidden, [1, 1, units]), begin], [4, 1, units])

        var main = GraphBuilder()
        let sequence = try main.input("sequence", [1, 4, 2])
        let zero = main.constant(Tensor(scalar: Int32(0)))
        let blank = main.constant(Tensor(.float32, try Shape([4, 1, units])) { _ in })
        let start = main.constant(Tensor(.float32, try Shape([1, units])) { _ in })
        let steps = try main.reshape(sequence, [4, 1, 2])
        let types: [([Int], ElementType)] = [
            ([4, 1, units], .float32), ([1, units], .float32), ([4, 1, 2], .float32),
        ]
        let loop = try main.node(.while, [zero, blank, start, steps], [], .int32, further: types)
        main.graph.nodes[main.graph.nodes.count - 1].bodies = [
            "condition": condition.finished(less), "body": body.finished(next, rows, hidden, state[3]),
        ]
        return main.finished(try main.reshape(loop + 1, [1, 4, units]), loop + 2)
    }

    @Test("a loop whose body is one step of a GRU is a gru", arguments: Cut.allCases)
    func gru(_ cut: Cut) throws {
        let graph = try loop(.none, cut).simplifiedAndCompared()
        try #require(graph.operations == ["gru"])
        #expect(graph.nodes[0].outputs.count == 2 && graph.nodes[0].inputs == [graph.inputs[0]])
    }

    @Test("a body that is anything else stays a loop", arguments: Flaw.allCases.dropFirst(), Cut.allCases)
    func controls(_ flaw: Flaw, _ cut: Cut) throws {
        let graph = try loop(flaw, cut).simplified()
        #expect(graph.operations.contains("while") && !graph.operations.contains("gru"))
    }

    @Test("a loop without units is no gru", arguments: Cut.allCases)
    func noUnits(_ cut: Cut) throws {
        #expect(try !loop(.none, cut, units: 0).simplified().operations.contains("gru"))
    }

    @Test("an update of everything at a known place is the update; at a place that is looked up it stays")
    func wholeUpdate() throws {
        for isKnown in [true, false] {
            var builder = GraphBuilder()
            let list = try builder.input("list", [1, 3])
            let item = try builder.input("item", [1, 3])
            let begin = try isKnown ? nil : builder.input("begin", [2], .int32)
            let written = try builder.node(
                .updateSlice, [list, item, begin], [1, 3], attributes: isKnown ? ["begin": .integers([0, 0])] : [:])
            let output = try builder.activation(.tanh, written)
            let graph = try builder.finished(output).simplified()
            #expect(graph.operations == (isKnown ? ["activation"] : ["updateSlice", "activation"]))
            if isKnown { #expect(graph.nodes[0].inputs == [graph.inputs[1]]) }
        }
    }
}
