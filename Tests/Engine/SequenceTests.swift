import EmotionFormerCore
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("The fused LSTM, loops and branches equal the reference") struct SequenceTests {
    /// Which operands a fused LSTM has.
    struct Parts: OptionSet {
        let rawValue: Int
        static let coupled = Parts(rawValue: 1)
        static let peepholes = Parts(rawValue: 2)
        static let projection = Parts(rawValue: 4)
        static let int8 = Parts(rawValue: 8)
    }

    private func sequence(_ parts: Parts, _ attributes: Attributes, extents: [Int] = [2, 9, 5]) -> OperationCase {
        let units = 6
        let width = parts.contains(.projection) ? 4 : units
        var inputs: [Tensor?] = Array(repeating: nil, count: 18)
        func weights(_ shape: [Int], _ seed: Int) -> Tensor {
            parts.contains(.int8)
                ? integers(shape, in: -127...127, seed: UInt64(seed), as: Int8.self)
                : floats(shape, seed: UInt64(seed), scale: 0.6)
        }
        inputs[0] = floats(extents)
        let isCoupled = parts.contains(.coupled)
        for gate in (isCoupled ? 1 : 0)..<4 {
            inputs[1 + gate] = weights([units, extents[2]], 10 + gate)
            inputs[5 + gate] = weights([units, width], 20 + gate)
            inputs[12 + gate] = floats([units], seed: UInt64(40 + gate))
        }
        if parts.contains(.peepholes) {
            for gate in (isCoupled ? 1 : 0)..<3 { inputs[9 + gate] = weights([units], 30 + gate) }
        }
        if parts.contains(.projection) {
            inputs[16] = weights([width, units], 50)
            inputs[17] = floats([width], seed: 51)
        }
        var attributes = attributes
        attributes["asymmetricQuantizeInputs"] = .boolean(true)
        var result = OperationCase(.sequenceLSTM, inputs, attributes, constants: Set(1...17))
        if parts.contains(.int8) {
            for index in inputs.indices where inputs[index]?.elementType == .int8 {
                result.inputs[index]?.quantization = Quantization(
                    scales: [0.004 + 0.0001 * Float(index)], zeroPoints: [0], axis: nil)
            }
            result.tolerance = 1e-4
        }
        return result
    }

    @Test(
        "float",
        arguments: [
            [], .coupled, .peepholes, .projection, [.coupled, .peepholes], [.peepholes, .projection],
        ] as [Parts])
    func float(_ parts: Parts) {
        sequence(parts, [:]).check()
        sequence(parts, ["timeMajor": .boolean(true)]).check()
        sequence(parts, ["goBackwards": .boolean(true)]).check()
        sequence(parts, ["cellClip": .number(0.4), "activation": .text("relu")]).check()
        sequence(parts, ["cellClip": .number(0.4)]).check()
        sequence(parts, ["projectionClip": .number(0.2)]).check()
    }

    @Test(
        "dynamic-range int8",
        arguments: [[.int8], [.int8, .coupled], [.int8, .peepholes], [.int8, .projection]] as [Parts])
    func int8(_ parts: Parts) {
        sequence(parts, [:]).check()
        sequence(parts, ["cellClip": .number(10), "goBackwards": .boolean(true)]).check()
        sequence(parts, ["timeMajor": .boolean(true)], extents: [7, 1, 40]).check()
    }

    /// count, x → count − 1, x · 2 + y, y, as long as count > 0.
    private func loop(bound: Int32) throws -> OperationCase {
        var condition = TypedGraph(name: "condition")
        let zero = StoredTensor(Tensor(scalar: Int32(0)))
        let types = [ValueType(.int32, .scalar), ValueType(.float32, Shape(unchecked: [2, 3]))]
        let operands = [types[0], types[1], types[1]]
        condition.inputs = operands.enumerated().map { condition.addValue(named: "c\($0)", $1) }
        let limit = condition.addValue(named: "zero", types[0], constant: zero)
        condition.outputs = [condition.addValue(named: "more", ValueType(.bool, .scalar))]
        condition.nodes = [
            TypedGraph.Node(
                .greater, name: "more", inputs: [condition.inputs[0], limit], outputs: condition.outputs)
        ]
        var body = TypedGraph(name: "body")
        body.inputs = operands.enumerated().map { body.addValue(named: "b\($0)", $1) }
        let one = body.addValue(named: "one", types[0], constant: StoredTensor(Tensor(scalar: Int32(1))))
        let two = body.addValue(
            named: "two", ValueType(.float32, .scalar), constant: StoredTensor(Tensor(scalar: Float(0.5))))
        let less = body.addValue(named: "less", types[0])
        let doubled = body.addValue(named: "doubled", types[1])
        let sum = body.addValue(named: "sum", types[1])
        body.nodes = [
            TypedGraph.Node(.subtract, name: "less", inputs: [body.inputs[0], one], outputs: [less]),
            TypedGraph.Node(.multiply, name: "doubled", inputs: [body.inputs[1], two], outputs: [doubled]),
            TypedGraph.Node(.add, name: "sum", inputs: [doubled, body.inputs[2]], outputs: [sum]),
        ]
        body.outputs = [less, sum, body.inputs[2]]
        var result = OperationCase(
            .while, [Tensor(scalar: bound), floats([2, 3]), floats([2, 3], seed: 2)],
            ["condition": .text("condition"), "body": .text("body")], outputs: 3)
        result.bodies = ["condition": condition, "body": body]
        return result
    }

    @Test("a loop, also one that does not turn", arguments: [0, 1, 7, -3] as [Int32])
    func loops(_ bound: Int32) throws { try loop(bound: bound).check() }

    @Test("a loop ends at its trip count, if that comes first", arguments: [0, 2, 3, 4])
    func tripCount(count: Int) throws {
        var bounded = try loop(bound: 3)
        bounded.attributes["maximumTripCount"] = .integer(count)
        bounded.check()
    }

    @Test("a loop without end is an error")
    func endlessLoop() throws {
        var endless = try loop(bound: 1)
        // The condition's counter never changes.
        if var body = endless.bodies["body"] {
            body.outputs[0] = body.inputs[0]
            endless.bodies["body"] = body
        }
        var limits = Limits()
        limits.operations = 1_000_000
        let fault = #expect(throws: Fault.self) { try endless.engine(limits: limits) }
        #expect(fault?.code == .limitExceeded && fault?.place == "prediction")
    }

    @Test("a loop that swaps its variables")
    func swap() throws {
        var swapping = try loop(bound: 3)
        if var body = swapping.bodies["body"] {
            body.outputs[1] = body.inputs[2]
            body.outputs[2] = body.inputs[1]
            swapping.bodies["body"] = body
        }
        swapping.check()
    }

    @Test("a branch", arguments: [true, false])
    func branch(_ condition: Bool) {
        func graph(_ operation: EmotionFormerGraph.Operation) -> TypedGraph {
            var graph = TypedGraph(name: operation.rawValue)
            let type = ValueType(.float32, Shape(unchecked: [2, 3]))
            graph.inputs = [graph.addValue(named: "x", type), graph.addValue(named: "y", type)]
            graph.outputs = [graph.addValue(named: "z", type), graph.inputs[1]]
            graph.nodes = [
                TypedGraph.Node(
                    operation, name: "z", inputs: [graph.inputs[0], graph.inputs[1]], outputs: [graph.outputs[0]])
            ]
            return graph
        }
        var result = OperationCase(
            .if, [Tensor(scalar: condition), floats([2, 3]), floats([2, 3], seed: 2)],
            ["then": .text("add"), "else": .text("subtract")], outputs: 2)
        result.bodies = ["then": graph(.add), "else": graph(.subtract)]
        result.check()
    }
}
