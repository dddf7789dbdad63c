import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct AnalysisLimitTests {
    private struct NoEvaluator: ConstantEvaluator {
        func evaluate(
            _ node: TypedGraph.Node, inputs: [StoredTensor?], outputTypes: [ValueType]
        ) throws(Fault) -> [Tensor] {
            throw Fault(.unsupportedOperation, at: "", "nothing is known in this test")
        }
    }

    private func code(_ nodes: [Node], extent: Int = 4) -> Fault.Code? {
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "x", elementType: .float32, extents: [nil])],
            outputs: [nodes.last?.outputs[0] ?? "x"], nodes: nodes)
        return faultCode { () throws(Fault) in
            try Program(graphs: [graph], tensors: [:]).validated()
                .typed(inputShapes: [Shape([extent])], evaluator: NoEvaluator())
        }
    }

    @Test("a value of more than 1 GiB is refused before it is made, as an input and from a node")
    func largeValues() {
        let small = Node(.tile, name: "t", inputs: ["x"], outputs: ["y"], attributes: ["multiples": [1024]])
        var large = small
        large.attributes["multiples"] = .integers([1 << 28])
        #expect(code([small]) == nil)
        #expect(code([large]) == .limitExceeded)
        #expect(code([], extent: (1 << 28) + 1) == .limitExceeded)
    }
}
