import EmotionFormerCore
import Testing

@testable import EmotionFormerGraph

/// The rules that hold for every program, whoever made it.
@Suite struct ProgramValidationTests {
    private static let input = GraphInput(name: "x", elementType: .float32, extents: [1, 2])

    private static func graph(_ nodes: [Node], outputs: [String] = ["y"], name: String = "main") -> Graph {
        Graph(name: name, inputs: [input], outputs: outputs, nodes: nodes)
    }

    private static func identity(_ output: String = "y", of input: String? = "x", name: String = "node") -> Node {
        Node(.identity, name: name, inputs: [input], outputs: [output])
    }

    private static func loop(_ body: String, condition: String = "condition") -> Node {
        Node(
            .while, name: "loop", inputs: ["x"], outputs: ["y"],
            attributes: ["condition": .text(condition), "body": .text(body)])
    }

    private static func code(_ graphs: Graph..., tensors: [String: StoredTensor] = [:]) -> Fault.Code? {
        code(of: Program(graphs: graphs, tensors: tensors))
    }

    private static func code(of program: Program) -> Fault.Code? {
        faultCode { () throws(Fault) in try program.validated() }
    }

    @Test("the program that the others spoil is valid")
    func control() {
        #expect(Self.code(Self.graph([Self.identity()])) == nil)
        let add = Node(.add, name: "sum", inputs: ["x", "x"], outputs: ["y"])
        #expect(Self.code(Self.graph([add])) == nil)
    }

    @Test("names are unique: of graphs, nodes, values and inputs")
    func names() {
        let twice = [Self.identity(), Self.identity(name: "other")]
        #expect(Self.code(Self.graph(twice)) == .duplicateName)
        #expect(Self.code(Self.graph([Self.identity(), Self.identity("z")])) == .duplicateName)
        #expect(Self.code(Self.graph([Self.identity("x")], outputs: ["x"])) == .duplicateName)
        #expect(Self.code(Self.graph([Self.identity()]), Self.graph([Self.identity()])) == .duplicateName)
        var graph = Self.graph([Self.identity()])
        graph.inputs.append(Self.input)
        #expect(Self.code(graph) == .duplicateName)
    }

    @Test("operands are made before, are there if they are needed, and are as many as the operation takes")
    func operands() {
        #expect(Self.code(Self.graph([Self.identity(of: "y")])) == .cyclicGraph)
        #expect(Self.code(Self.graph([Self.identity(of: "absent")])) == .unknownName)
        #expect(Self.code(Self.graph([Self.identity(of: nil)])) == .missingField)
        for inputs in [[nil, "x"], ["x", nil]] as [[String?]] {
            let sum = Node(.add, name: "sum", inputs: inputs, outputs: ["y"])
            #expect(Self.code(Self.graph([sum])) == .missingField)
        }
        let three = Node(.add, name: "sum", inputs: ["x", "x", "x"], outputs: ["y"])
        #expect(Self.code(Self.graph([three])) == .invalidValue)
        #expect(Self.code(Self.graph([Self.identity()], outputs: [])) == .missingField)
        #expect(Self.code(Self.graph([Self.identity()], outputs: ["absent"])) == .unknownName)
    }

    @Test("numbers are finite, and extents are not negative")
    func numbers() {
        func rescaling(_ scale: Double) -> Graph {
            Self.graph([
                Node(
                    .rescaling, name: "node", inputs: ["x"], outputs: ["y"], attributes: ["scale": .number(scale)])
            ])
        }
        #expect(Self.code(rescaling(2)) == nil)
        for scale in [Double.nan, .infinity] { #expect(Self.code(rescaling(scale)) == .notFinite) }
        var graph = Self.graph([Self.identity()])
        graph.inputs[0].extents = [1, -1]
        #expect(Self.code(graph) == .invalidValue)
        graph.inputs[0].extents = [1, nil]
        #expect(Self.code(graph) == nil)
    }

    @Test("every stored tensor has a use, and every weight a tensor")
    func tensors() {
        let kernel = StoredTensor(Tensor([1, 2] as [Float]))
        #expect(Self.code(Self.graph([Self.identity()]), tensors: ["kernel": kernel]) == .unusedName)
        let constant = Node(.constant, name: "node", outputs: ["y"], weights: ["value": "kernel"])
        #expect(Self.code(Self.graph([constant]), tensors: ["kernel": kernel]) == nil)
        #expect(Self.code(Self.graph([constant])) == .unknownName)
    }

    @Test("a loop's graphs are there, are not the main one, and do not run themselves")
    func bodies() {
        let condition = Self.graph([Self.identity()], name: "condition")
        let body = Self.graph([Self.identity()], name: "body")
        #expect(Self.code(Self.graph([Self.loop("body")]), condition, body) == nil)
        #expect(Self.code(Self.graph([Self.loop("absent")]), condition, body) == .unknownName)
        #expect(Self.code(Self.graph([Self.loop("main")]), condition) == .unknownName)
        #expect(Self.code(Self.graph([Self.loop("body", condition: "main")]), body) == .unknownName)
        let itself = Self.graph([Self.loop("body")], name: "body")
        #expect(Self.code(Self.graph([Self.loop("body")]), condition, itself) == .cyclicGraph)
    }

    @Test("graphs nest sixteen deep and no deeper")
    func nesting() {
        for depth in [16, 17] {
            var graphs = [Self.graph([Self.loop("1")])]
            for level in 1..<depth {
                let node = level + 1 < depth ? Self.loop("\(level + 1)") : Self.identity()
                graphs.append(Self.graph([node], name: "\(level)"))
            }
            graphs.append(Self.graph([Self.identity()], name: "condition"))
            #expect(Self.code(of: Program(graphs: graphs, tensors: [:])) == (depth == 16 ? nil : .limitExceeded))
        }
    }

    @Test("a graph that was reached by a short way is counted by the longest", arguments: [5, 6])
    func nestingByTwoWays(longer: Int) {
        func named(_ body: String) -> Node {
            Node(
                .while, name: body, inputs: ["x"], outputs: [body],
                attributes: ["condition": .text("condition"), "body": .text(body)])
        }
        // main runs a chain of ten, and another chain whose last graph runs the first one's head.
        var graphs = [Self.graph([named("a1"), named("b1")], outputs: ["b1"])]
        for level in 1...10 {
            graphs.append(Self.graph([level < 10 ? Self.loop("a\(level + 1)") : Self.identity()], name: "a\(level)"))
        }
        for level in 1...longer {
            graphs.append(Self.graph([Self.loop(level < longer ? "b\(level + 1)" : "a1")], name: "b\(level)"))
        }
        graphs.append(Self.graph([Self.identity()], name: "condition"))
        #expect(Self.code(of: Program(graphs: graphs, tensors: [:])) == (longer == 5 ? nil : .limitExceeded))
    }
}
