import EmotionFormerCore
import EmotionFormerGraph
import Testing

@testable import EmotionFormerModelFormat

/// What a graph proves of its outputs, and what it does not.
@Suite struct OutputProofTests {
    /// Two dense layers over (1, 5, 2), of three classes each: `a` and `b`; then the nodes of a test, of which the last
    /// makes the output.
    private func kind(_ nodes: [Node], extents: [Int?]? = [1, 5, 3]) throws -> OutputSpecification.Kind {
        let layers = ["a", "b"].map {
            Node(.dense, name: $0, inputs: ["x"], outputs: [$0], weights: ["kernel": "kernel"])
        }
        let output = try #require(nodes.last?.outputs.first)
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "x", elementType: .float32, extents: [1, 5, 2])], outputs: [output],
            nodes: layers + [
                Node(.constant, name: "half", outputs: ["half"], weights: ["value": "half"]),
                Node(.softmax, name: "pa", inputs: ["a"], outputs: ["pa"]),
                Node(.softmax, name: "pb", inputs: ["b"], outputs: ["pb"]),
            ] + nodes)
        let program = Program(
            graphs: [graph],
            tensors: [
                "kernel": StoredTensor(try SmallPackage.floats([1, 2, 3, 4, 5, 6], 2, 3)),
                "half": StoredTensor(Tensor(scalar: Float(0.5))),
            ])
        return try #require(OutputProof(program)).kind(of: output, extents: extents)
    }

    private func node(_ operation: EmotionFormerGraph.Operation, _ inputs: String..., attributes: Attributes = [:])
        -> Node
    {
        Node(
            operation, name: "\(operation)(\(inputs))", inputs: inputs, outputs: ["\(operation)(\(inputs))"],
            attributes: attributes)
    }

    @Test("A softmax over the last axis is probabilities, through what keeps its rows")
    func softmax() throws {
        #expect(try kind([node(.softmax, "a")]) == .probabilities)
        #expect(try kind([node(.softmax, "a", attributes: ["axes": .integers([2])])]) == .probabilities)
        #expect(try kind([node(.softmax, "a", attributes: ["axes": .integers([1])])]) == .values)
        #expect(try kind([node(.cast, "pa", attributes: ["to": .text("float16")])]) == .probabilities)
        #expect(try kind([node(.cast, "pa", attributes: ["to": .text("int32")])]) == .values)
        let mean = node(.reduceMean, "pa", attributes: ["axes": .integers([1])])
        #expect(try kind([mean], extents: [1, 3]) == .probabilities)
        let classes = node(.reduceMean, "pa", attributes: ["axes": .integers([2])])
        #expect(try kind([classes], extents: [1, 5]) == .values)
        // A row of all frames' classes sums to their number.
        let flat = node(.reshape, "pa", attributes: ["shape": .integers([1, 15])])
        #expect(try kind([flat], extents: [1, 15]) == .values)
    }

    @Test("The mean of two models is probabilities; another sum of them is not")
    func ensembles() throws {
        let sum = node(.add, "pa", "pb")
        #expect(try kind([sum, node(.multiply, sum.outputs[0], "half")]) == .probabilities)
        #expect(try kind([sum]) == .values)
        #expect(try kind([node(.multiply, "pa", "half")]) == .values)
        #expect(try kind([node(.add, "pa", "b")]) == .values)
    }

    @Test("Sigmoids are scores, and integers made of them are not; log-softmax is logits, a plain layer values")
    func others() throws {
        let sigmoid = node(.activation, "a", attributes: ["function": .text("sigmoid")])
        #expect(try kind([sigmoid]) == .scores)
        #expect(try kind([sigmoid, node(.transpose, sigmoid.outputs[0])]) == .scores)
        #expect(try kind([sigmoid, node(.cast, sigmoid.outputs[0], attributes: ["to": .text("int64")])]) == .values)
        #expect(try kind([node(.activation, "a", attributes: ["function": .text("tanh")])]) == .values)
        #expect(try kind([node(.logSoftmax, "a", attributes: ["axis": .integer(-1)])]) == .logits)
        #expect(try kind([node(.negate, "a")]) == .values)
    }

    @Test("Long chains, and sums of the same value again and again, take no time and no stack")
    func chains() throws {
        var nodes = [node(.add, "pa", "pa")]
        for index in 0..<200 {
            let last = nodes[nodes.count - 1].outputs[0]
            nodes.append(Node(.add, name: "sum\(index)", inputs: [last, last], outputs: ["sum\(index)"]))
        }
        #expect(try kind(nodes) == .values)
        var copies = [node(.quantize, "pa")]
        for index in 0..<50_000 {
            copies.append(
                Node(
                    .integerFunction, name: "copy\(index)", inputs: [copies[index].outputs[0]],
                    outputs: ["copy\(index)"],
                    attributes: ["function": .text("linear")]))
        }
        // Beyond what is looked through, nothing is claimed.
        #expect(try kind(copies) == .values)
    }
}
