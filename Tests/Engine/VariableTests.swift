import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
import EmotionFormerKernels
import Testing

/// Variables: what a session keeps from one run to the next.
@Suite struct VariableTests {
    /// `sum` is `total` + `x`, which `total` becomes; `first` and `second` change places; `picked` is an element of `sum`,
    /// and the run fails if `index` is not 0, 1 or 2.
    private func program() throws -> Program {
        func variable(_ name: String, becomes output: String) -> GraphVariable {
            GraphVariable(name: name, input: "\(name)/before", output: output, initial: "\(name)/initial")
        }
        func initial(_ values: [Float]) throws -> StoredTensor {
            StoredTensor(try Tensor(values, shape: Shape([1, 3])))
        }
        return try Program(
            graphs: [
                Graph(
                    name: "main",
                    inputs: [
                        GraphInput(name: "x", elementType: .float32, extents: [1, 3]),
                        GraphInput(name: "index", elementType: .int32, extents: [1]),
                    ], outputs: ["sum", "picked", "first/before", "second/before"],
                    nodes: [
                        Node(.add, name: "sum", inputs: ["total/before", "x"], outputs: ["sum"]),
                        Node(
                            .gather, name: "picked", inputs: ["sum", "index"], outputs: ["picked"],
                            attributes: ["axis": .integer(1)]),
                    ],
                    variables: [
                        variable("total", becomes: "sum"), variable("first", becomes: "second/before"),
                        variable("second", becomes: "first/before"),
                    ])
            ],
            tensors: [
                "total/initial": initial([1, 2, 3]), "first/initial": initial([5, 5, 5]),
                "second/initial": initial([7, 7, 7]),
            ]
        ).validated()
    }

    private static let options = InstructionSet.available.flatMap { set in
        PlanOptions.Stage.allCases.map { PlanOptions(instructionSet: set, stage: $0) }
    }

    private func session(_ options: PlanOptions = PlanOptions()) throws -> Session {
        Session(
            try Plan(program(), inputShapes: [Shape([1, 3]), Shape([1])], options: options))
    }

    /// The four outputs of the next run.
    private func run(_ session: Session, _ x: [Float], index: Int32 = 0) throws -> [[Float]] {
        x.withUnsafeBytes { session.input(0).copyMemory(from: $0) }
        session.input(1).storeBytes(of: index, as: Int32.self)
        try session.run()
        return session.plan.outputTypes.indices.map { Array(session.output($0).bindMemory(to: Float.self)) }
    }

    @Test(
        "a run finds the variables as the run before left them, and after a reset as the first did", arguments: options)
    func carried(_ options: PlanOptions) throws {
        let session = try session(options)
        #expect(session.plan.inputTypes.count == 2 && session.plan.outputTypes.count == 4)
        #expect(session.plan.variables.map(\.name) == ["total", "first", "second"])
        for _ in 0..<2 {
            #expect(try run(session, [10, 20, 30]) == [[11, 22, 33], [11], [5, 5, 5], [7, 7, 7]])
            #expect(try run(session, [1, 1, 1], index: 2) == [[12, 23, 34], [34], [7, 7, 7], [5, 5, 5]])
            #expect(try run(session, [0, 0, 0]) == [[12, 23, 34], [12], [5, 5, 5], [7, 7, 7]])
            #expect(session.variable(named: "total")?.doubles == [12, 23, 34])
            session.resetVariables()
            #expect(session.variable(named: "total")?.doubles == [1, 2, 3])
        }
    }

    @Test("a run that fails leaves the variables as they were", arguments: options)
    func failed(_ options: PlanOptions) throws {
        let session = try session(options)
        _ = try run(session, [10, 20, 30])
        #expect(throws: Fault.self) { try run(session, [1, 1, 1], index: 3) }
        #expect(session.variable(named: "total")?.doubles == [11, 22, 33])
        #expect(session.variable(named: "first")?.doubles == [7, 7, 7])
        #expect(try run(session, [0, 0, 0], index: 1) == [[11, 22, 33], [22], [7, 7, 7], [5, 5, 5]])
    }

    @Test("sessions in turn do not see each other's variables, and a state that is saved goes on in another")
    func sessions() throws {
        let (one, other) = (try session(), try session(PlanOptions(threads: 2)))
        for turn in 1...50 {
            #expect(try run(one, [1, 0, 0])[0] == [1 + Float(turn), 2, 3])
            #expect(try run(other, [0, 2, 0])[0] == [1, 2 + 2 * Float(turn), 3])
        }
        var state: [UInt8] = []
        one.saveVariables(&state)
        other.setVariables(state)
        #expect(try run(other, [0, 0, 0])[0] == [51, 2, 3])
        other.setVariables([])
        #expect(try run(other, [0, 0, 0])[0] == [1, 2, 3])
    }

    @Test("timing the steps is a run")
    func timed() throws {
        let session = try session()
        _ = try run(session, [1, 1, 1])
        _ = session.runTimingSteps()
        #expect(session.variable(named: "total")?.doubles == [3, 4, 5])
    }

    @Test("a loop without end leaves the variables as they were")
    func endless() throws {
        let one = StoredTensor(try Tensor([1] as [Float], shape: Shape([1])))
        func body(_ name: String, _ outputs: [String], _ nodes: [Node]) -> Graph {
            Graph(
                name: name, inputs: [GraphInput(name: "v", elementType: .float32, extents: [1])], outputs: outputs,
                nodes: nodes)
        }
        let program = try Program(
            graphs: [
                Graph(
                    name: "main", inputs: [GraphInput(name: "x", elementType: .float32, extents: [1])],
                    outputs: ["after"],
                    nodes: [
                        Node(.add, name: "sum", inputs: ["before", "x"], outputs: ["sum"]),
                        Node(
                            .while, name: "loop", inputs: ["sum"], outputs: ["after"],
                            attributes: ["condition": .text("condition"), "body": .text("body")]),
                    ], variables: [GraphVariable(name: "total", input: "before", output: "after", initial: "one")]),
                // Goes on while the number is at least 100.
                body(
                    "condition", ["goes on"],
                    [
                        Node(.constant, name: "limit", outputs: ["limit"], weights: ["value": "limit"]),
                        Node(.greaterEqual, name: "goes on", inputs: ["v", "limit"], outputs: ["goes on"]),
                    ]),
                body("body", ["w"], [Node(.add, name: "w", inputs: ["v", "v"], outputs: ["w"])]),
            ],
            tensors: ["one": one, "limit": StoredTensor(try Tensor([100] as [Float], shape: Shape([1])))]
        ).validated()
        let session = Session(
            try Plan(
                program, inputShapes: [Shape([1])],
                options: PlanOptions(
                    limits: {
                        var limits = Limits()
                        limits.operations = 1_000_000
                        return limits
                    }())))
        func run(_ x: Float) throws -> Float {
            session.input(0).storeBytes(of: x, as: Float.self)
            try session.run()
            return session.output(0).load(as: Float.self)
        }
        #expect(try run(2) == 3)
        #expect(throws: Fault.self) { try run(1000) }
        #expect(try run(2) == 5)
    }

    @Test("what a variable becomes is of its type, and only the main graph has any")
    func refused() throws {
        func message(_ change: (inout Program) throws -> Void) -> String {
            do {
                var program = try program()
                try change(&program)
                _ = try Plan(program.validated(), inputShapes: [Shape([1, 3]), Shape([1])])
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(message { _ in }.isEmpty)
        #expect(
            message { $0.graphs[0].variables[0].output = "picked" }.contains(
                "variable 'total': the variable becomes a value of another type (found float32 [1, 1], "
                    + "expected float32 [1, 3])"))
        #expect(
            message { $0.graphs[0].variables[0].output = "other" }.contains(
                "variable 'total': nothing makes the value that it becomes (found 'other')"))
        #expect(message { $0.graphs[0].variables[1].name = "total" }.contains("two variables have one name"))
        #expect(message { $0.graphs[0].variables[1].input = "x" }.contains("two values have one name (found 'x')"))
        #expect(message { $0.graphs[0].variables[1].input = "sum" }.contains("two values have one name"))
        #expect(
            message { $0.graphs[0].variables[1].initial = "none" }.contains("there is no such tensor (found 'none')"))
        #expect(
            message { program in
                program.tensors["one"] = program.tensors["total/initial"]
                program.graphs.append(
                    Graph(
                        name: "body", inputs: [], outputs: ["v"], nodes: [],
                        variables: [GraphVariable(name: "v", input: "v", output: "v", initial: "one")]))
            }.contains("graph 'body': variables: only the main graph keeps variables"))
        #expect(
            message { $0.graphs[0].variables.removeLast() }.contains(
                "nothing makes the output (found 'second/before')"))
    }
}
