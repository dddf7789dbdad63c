import EmotionFormerCore
import EmotionFormerGraph
import Testing

@Suite struct SimplifyAttentionTests {
    enum Mask: CaseIterable {
        case none, select, additive, causal, zeroed
    }

    /// Attention of two heads of three columns as TensorFlow Lite's converter writes it: keys times queries, turned.
    private func lowered(_ kind: Mask, softmaxAxis: Int = -1, masked: Float = -1e9) throws -> TypedGraph {
        var builder = GraphBuilder()
        let query = try builder.input("query", [1, 4, 6])
        let key = try builder.input("key", [1, 4, 6])
        let value = try builder.input("value", [1, 4, 10])
        let keep = try builder.input("keep", [1, 4], .bool)
        let queries = try builder.transpose(builder.reshape(query, [1, 4, 2, 3]), [0, 2, 3, 1])
        let keys = try builder.transpose(builder.reshape(key, [1, 4, 2, 3]), [0, 2, 1, 3])
        let values = try builder.transpose(builder.reshape(value, [1, 4, 2, 5]), [0, 2, 1, 3])
        var scores = try builder.transpose(builder.node(.matmul, [keys, queries], [1, 2, 4, 4]), [0, 1, 3, 2])
        scores = try builder.binary(.multiply, scores, builder.scalar(0.5))
        let mask = try builder.reshape(keep, [1, 1, 1, 4])
        switch kind {
        case .none: break
        case .select, .zeroed:
            scores = try builder.node(.select, [mask, scores, builder.scalar(masked)], [1, 2, 4, 4])
        case .additive:
            let cast = try builder.node(.cast, [mask], [1, 1, 1, 4], attributes: ["to": .text("float32")])
            let dropped = try builder.binary(.subtract, builder.scalar(1), cast)
            scores = try builder.binary(.add, scores, builder.binary(.multiply, dropped, builder.scalar(masked)))
        case .causal:
            let numbers = (0..<16).map { Float($0 % 4 <= $0 / 4 ? 0 : -1e9) }
            scores = try builder.binary(.add, scores, builder.constant(Tensor(numbers, shape: Shape([4, 4]))))
        }
        var weights = try builder.node(
            .softmax, [scores], [1, 2, 4, 4], attributes: ["axes": .integers([softmaxAxis])])
        if kind == .zeroed { weights = try builder.node(.select, [mask, weights, builder.scalar(0)], [1, 2, 4, 4]) }
        let sums = try builder.node(.matmul, [weights, values], [1, 2, 4, 5])
        let output = try builder.reshape(builder.transpose(sums, [0, 2, 1, 3]), [1, 4, 10])
        return builder.finished(output)
    }

    @Test("heads, scores, mask and weighted sum become attention", arguments: Mask.allCases)
    func attention(kind: Mask) throws {
        let graph = try lowered(kind).simplifiedAndCompared()
        let attention = try #require(graph.nodes.first { $0.operation == .attention })
        #expect(
            graph.operations.filter { $0 != "reshape" }
                == (kind == .zeroed ? ["reduceAny", "attention", "select"] : ["attention"]))
        #expect(attention.attributes["headCount"] == .integer(2) && attention.attributes["scale"] == .number(0.5))
        #expect(attention.inputs.prefix(3).elementsEqual(graph.inputs.prefix(3).map(Optional.some)))
        #expect(attention.attributes["causal"] == .boolean(kind == .causal))
        if kind == .select || kind == .additive { #expect(attention.input(3) == graph.inputs[3]) }
    }

    @Test("a clip without a kept frame gives zeros where the file says so")
    func emptyRows() throws {
        var graph = try lowered(.zeroed)
        graph.inputs.removeLast()
        graph.values[3].constant = StoredTensor(try Tensor([false, false, false, false], shape: Shape([1, 4])))
        let result = try graph.simplifiedAndCompared()
        #expect(result.operations.contains("attention"))
    }

    @Test("a softmax over the queries, or a mask that only weakens scores, is not an attention and stays")
    func controls() throws {
        #expect(try !lowered(.none, softmaxAxis: 2).simplifiedAndCompared().operations.contains("attention"))
        #expect(try !lowered(.select, masked: -10).simplifiedAndCompared().operations.contains("attention"))
        #expect(try !lowered(.additive, masked: -10).simplifiedAndCompared().operations.contains("attention"))
    }

    @Test("swapped heads would be seen: the comparison is not blind")
    func negativeControl() throws {
        let graph = try lowered(.none)
        var wrong = try graph.simplified()
        let index = try #require(wrong.nodes.firstIndex { $0.operation == .attention })
        wrong.nodes[index].inputs.swapAt(0, 1)
        #expect(try graph.largestDifference(from: wrong) > 1e-3)
    }
}
