import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels
import EmotionFormerTestSupport
import Testing

@testable import EmotionFormerEngine

@Suite("One budget of work for a prediction")
struct OperationLimitTests {
    /// A counter goes from its start to `turns` by ones; each round runs the loop inside, if there is one.
    private func program(levels: Int, turns: Int32, startIsKnown: Bool = false) -> Program {
        let scalar = [GraphInput(name: "i", elementType: .int32, extents: [])]
        var graphs: [Graph] = []
        func constants(_ names: [String]) -> [Node] {
            names.map { Node(.constant, name: $0, inputs: [], outputs: [$0], weights: ["value": $0]) }
        }
        func loop(_ level: Int, from start: String) -> Node {
            Node(
                .while, name: "loop\(level)", inputs: [start], outputs: ["end\(level)"],
                attributes: ["condition": .text("condition\(level)"), "body": .text("body\(level)")])
        }
        graphs.append(
            Graph(
                name: "main", inputs: scalar, outputs: ["result"],
                nodes: constants(startIsKnown ? ["zero"] : []) + [
                    loop(0, from: startIsKnown ? "zero" : "i"),
                    Node(.add, name: "result", inputs: ["end0", "i"], outputs: ["result"]),
                ]))
        for level in 0..<levels {
            graphs.append(
                Graph(
                    name: "condition\(level)", inputs: scalar, outputs: ["goes on"],
                    nodes: constants(["turns"]) + [
                        Node(.less, name: "less", inputs: ["i", "turns"], outputs: ["goes on"])
                    ]))
            let isInnermost = level == levels - 1
            graphs.append(
                Graph(
                    name: "body\(level)", inputs: scalar, outputs: ["next"],
                    nodes: constants(isInnermost ? ["one"] : ["one", "zero"])
                        + (isInnermost
                            ? []
                            : [
                                Node(.multiply, name: "start", inputs: ["i", "zero"], outputs: ["start"]),
                                loop(level + 1, from: "start"),
                                Node(.multiply, name: "nothing", inputs: ["end\(level + 1)", "zero"], outputs: ["n"]),
                                Node(.add, name: "same", inputs: ["i", "n"], outputs: ["same"]),
                            ]) + [
                            Node(.add, name: "next", inputs: [isInnermost ? "i" : "same", "one"], outputs: ["next"])
                        ]))
        }
        var tensors: [String: StoredTensor] = [
            "turns": StoredTensor(Tensor(scalar: turns)), "one": StoredTensor(Tensor(scalar: Int32(1))),
        ]
        if levels > 1 || startIsKnown { tensors["zero"] = StoredTensor(Tensor(scalar: Int32(0))) }
        return Program(graphs: graphs, tensors: tensors)
    }

    private func plan(_ program: Program, operations: Int, threads: Int = 1) throws(Fault) -> Plan {
        var limits = Limits()
        limits.operations = operations
        return try Plan(
            program.validated(), inputShapes: [.scalar],
            options: PlanOptions(threads: threads, stage: .imported, limits: limits))
    }

    @Test("Loops within loops are bounded together, where each loop alone would pass", arguments: [1, 3])
    func nestedLoops(threads: Int) throws {
        // A hundred rounds of the one loop are far from the limit; a hundred million of four within each other are not.
        let limit = 10_000_000
        let single = Session(try plan(program(levels: 1, turns: 100), operations: limit, threads: threads))
        try single.run()
        #expect(single.output(0).load(as: Int32.self) == 100)
        let nested = Session(try plan(program(levels: 4, turns: 100), operations: limit, threads: threads))
        let fault = #expect(throws: Fault.self) { try nested.run() }
        #expect(fault?.code == .limitExceeded && fault?.place == "prediction")
        #expect(fault?.expected == "at most 10000000, the limit 'operations'")
    }

    @Test("A budget is for one prediction: the next has its own, also after one that failed")
    func budgetOfEachRun() throws {
        let session = Session(try plan(program(levels: 2, turns: 10), operations: 400_000))
        for start in [0, -1_000_000, 0, 0] as [Int32] {
            session.input(0).storeBytes(of: start, as: Int32.self)
            if start == 0 {
                try session.run()
            } else {
                #expect(
                    refusal { try session.run() }
                        == "prediction: the model's loops do not end in time (expected at most 400000, the limit 'operations')"
                )
            }
        }
        #expect(throws: Never.self) { for _ in 0..<100 { try session.run() } }
    }

    @Test("Loops whose variables are known beforehand are bounded while the model is compiled")
    func knownLoops() throws {
        #expect(throws: Never.self) {
            try plan(program(levels: 2, turns: 10, startIsKnown: true), operations: 10_000_000)
        }
        let fault = #expect(throws: Fault.self) {
            try plan(program(levels: 4, turns: 100, startIsKnown: true), operations: 10_000_000)
        }
        #expect(fault?.code == .limitExceeded)
        #expect(fault?.place == "graph 'main': node 'loop0' (while)")
    }

    @Test(
        "Work that is known beforehand, of products and of windows that are larger than what they give, is refused at once"
    )
    func knownWork() throws {
        func fault(_ nodes: [Node], _ extents: [Int], operations: Int) -> Fault? {
            let graph = Graph(
                name: "main", inputs: [GraphInput(name: "x", elementType: .float32, extents: extents)],
                outputs: nodes[nodes.count - 1].outputs, nodes: nodes)
            do throws(Fault) {
                var limits = Limits()
                limits.operations = operations
                _ = try Plan(
                    Program(graphs: [graph], tensors: [:]).validated(), inputShapes: [Shape(extents)],
                    options: PlanOptions(stage: .imported, limits: limits))
                return nil
            } catch {
                return error
            }
        }
        let product = [
            Node(
                .matmul, name: "m", inputs: ["x", "x"], outputs: ["y"], attributes: ["transposeSecond": .boolean(true)])
        ]
        #expect(fault(product, [64, 64], operations: 600_000) == nil)
        #expect(fault(product, [64, 64], operations: 500_000)?.code == .limitExceeded)
        let pooling = [
            Node(
                .pooling2D, name: "p", inputs: ["x"], outputs: ["y"],
                attributes: [
                    "kind": .text("maximum"), "poolSize": .integers([64, 64]), "strides": .integers([1, 1]),
                    "padding": .text("same"),
                ])
        ]
        #expect(fault(pooling, [1, 64, 64, 1], operations: 20_000_000) == nil)
        let refused = fault(pooling, [1, 64, 64, 1], operations: 10_000_000)
        #expect(refused?.code == .limitExceeded && refused?.place == "graph 'main'")
    }
}
