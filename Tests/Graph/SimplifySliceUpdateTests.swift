import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct SimplifySliceUpdateTests {
    private struct NoConstants: ConstantEvaluator {
        func evaluate(_ node: TypedGraph.Node, inputs: [StoredTensor?], outputTypes: [ValueType]) throws(Fault)
            -> [Tensor]
        {
            throw Fault(.unsupportedOperation, at: node.name, "nothing here is constant")
        }
    }

    /// A loop that writes `row` into a (4, 1, 3) tensor, one row a turn, as TensorFlow Lite's converter lowers it.
    private func program(step: Int32 = 1, rows: Int = 1, rest: Int = -1) throws -> Program {
        let tensors = [
            "limit": StoredTensor(Tensor(scalar: Int32(4))), "one": StoredTensor(Tensor(scalar: step)),
            "rest": StoredTensor(Tensor([Int32(-1), -1])), "zeros": StoredTensor(Tensor([Int32(0), 0])),
        ]
        func constant(_ name: String) -> Node {
            Node(.constant, name: "constant/\(name)", outputs: [name], weights: ["value": name])
        }
        let condition = Graph(
            name: "condition",
            inputs: [
                GraphInput(name: "i", elementType: .int32, extents: []),
                GraphInput(name: "x", elementType: .float32, extents: [4, 1, 3]),
                GraphInput(name: "row", elementType: .float32, extents: [1, 3]),
            ],
            outputs: ["less"],
            nodes: [constant("limit"), Node(.less, name: "less", inputs: ["i", "limit"], outputs: ["less"])])
        let body = Graph(
            name: "body", inputs: condition.inputs, outputs: ["next", "written", "row"],
            nodes: [
                constant("one"), constant("rest"), constant("zeros"),
                Node(.add, name: "next", inputs: ["i", "one"], outputs: ["next"]),
                Node(.reshape, name: "r1", inputs: ["i"], outputs: ["i1"], attributes: ["shape": .integers([1])]),
                Node(
                    .concatenate, name: "c1", inputs: ["i1", "rest"], outputs: ["size"],
                    attributes: ["axis": .integer(0)]),
                Node(
                    .slice, name: "head", inputs: ["x", nil, "size"], outputs: ["head"],
                    attributes: ["begin": .integers([0, 0, 0])]),
                Node(.reshape, name: "r2", inputs: ["next"], outputs: ["n1"], attributes: ["shape": .integers([1])]),
                Node(
                    .concatenate, name: "c2", inputs: ["n1", "zeros"], outputs: ["begin"],
                    attributes: ["axis": .integer(0)]),
                Node(
                    .slice, name: "tail", inputs: ["x", "begin"], outputs: ["tail"],
                    attributes: ["size": .integers([rest, -1, -1])]),
                Node(
                    .reshape, name: "r3", inputs: ["row"], outputs: ["row3"],
                    attributes: ["shape": .integers([rows, 1, 3])]),
                Node(
                    .concatenate, name: "write", inputs: ["head", "row3", "tail"], outputs: ["written"],
                    attributes: ["axis": .integer(0)]),
            ])
        let main = Graph(
            name: "main", inputs: condition.inputs, outputs: ["out:1"],
            nodes: [
                Node(
                    .while, name: "loop", inputs: ["i", "x", "row"], outputs: ["out:0", "out:1", "out:2"],
                    attributes: ["condition": .text("condition"), "body": .text("body")])
            ])
        return Program(graphs: [main, condition, body], tensors: tensors)
    }

    @Test("the lowered write of one row gets a type, because it becomes one updateSlice")
    func write() throws {
        let program = try program().validated()
        let graph = try program.typed(
            inputShapes: [.scalar, Shape([4, 1, 3]), Shape([1, 3])], evaluator: NoConstants())
        let body = try #require(graph.nodes.first?.bodies["body"])
        #expect(body.operations.contains("updateSlice") && !body.operations.contains("slice"))
        #expect(body.shape(of: body.outputs[1]).extents == [4, 1, 3])
    }

    @Test(
        "parts that leave another gap, are more than one row, or stop early are no write: slices stay, without a type",
        arguments: [(2, 1, -1), (1, -1, -1), (1, 1, 1), (1, 1, -1)] as [(Int32, Int, Int)])
    func otherWrites(step: Int32, rows: Int, rest: Int) throws {
        let program = try program(step: step, rows: rows, rest: rest).validated()
        let isWrite = (step, rows, rest) == (1, 1, -1)
        let fault = faultCode { () throws(Fault) in
            try program.typed(inputShapes: [.scalar, Shape([4, 1, 3]), Shape([1, 3])], evaluator: NoConstants())
        }
        #expect(fault == (isWrite ? nil : .unsupportedOperation))
    }
}
