import EmotionFormerCore
import EmotionFormerGraph
import Testing

/// Masks come out in one form, whichever road they took.
@Suite struct SimplifyLogicTests {
    @Test("a mask that is stacked on itself and reduced is the mask; two different ones meet once")
    func stacked() throws {
        for isSame in [true, false] {
            var builder = GraphBuilder()
            let first = try builder.input("first", [1, 6], .bool)
            let second = try builder.input("second", [1, 6], .bool)
            let parts = try [first, isSame ? first : second].map { try builder.reshape($0, [1, 1, 6]) }
            let stack = try builder.node(
                .concatenate, parts, [2, 1, 6], .bool, attributes: ["axis": .integer(0)])
            let all = try builder.node(.reduceAll, [stack], [1, 6], .bool, attributes: ["axes": .integers([0])])
            let again = try builder.node(.logicalAnd, [all, first], [1, 6], .bool)
            let output = try builder.node(.logicalNot, [again], [1, 6], .bool)
            let graph = try builder.finished(output).simplifiedAndCompared()
            #expect(graph.operations == (isSame ? ["logicalNot"] : ["logicalAnd", "logicalNot"]))
        }
    }

    @Test("true in a conjunction goes, also where it spreads a mask that a selection spreads itself; false stays")
    func spread() throws {
        for isTrue in [true, false] {
            var builder = GraphBuilder()
            let mask = try builder.input("mask", [1, 1, 3, 3], .bool)
            let scores = try builder.input("scores", [1, 2, 3, 3])
            var kept = [Bool](repeating: true, count: 18)
            kept[4] = isTrue
            let ones = builder.constant(try Tensor(kept, shape: Shape([1, 2, 3, 3])))
            let both = try builder.node(.logicalAnd, [mask, ones], [1, 2, 3, 3], .bool)
            let output = try builder.node(.select, [both, scores, builder.scalar(-5)], [1, 2, 3, 3])
            let graph = try builder.finished(output).simplifiedAndCompared()
            #expect(graph.operations == (isTrue ? ["select"] : ["logicalAnd", "select"]))
        }
    }

    @Test(
        "a bias in the place of a dense layer's rows is a row of zeros before it; another constant is not",
        arguments: [5, 1])
    func rows(count: Int) throws {
        for isBias in [true, false] {
            var builder = GraphBuilder()
            let rows = try builder.input("rows", [1, count, 1], .bool)
            let input = try builder.input("input", [1, 5, 4])
            let bias = try builder.tensor([3])
            let dense = try builder.node(
                .dense, [input], [1, 5, 3],
                weights: ["kernel": builder.weight([4, 3]), "bias": StoredTensor(bias)])
            let other = isBias ? builder.constant(bias) : try builder.constant([3])
            let output = try builder.node(.select, [rows, dense, other], [1, 5, 3])
            let graph = try builder.finished(output).simplifiedAndCompared()
            #expect(graph.operations == (isBias ? ["select", "dense"] : ["dense", "select"]))
        }
    }

    @Test("pooling of one row is pooling along time, whichever axis the row is", arguments: [1, 2])
    func pooling(row: Int) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", row == 1 ? [1, 1, 7, 3] : [1, 7, 1, 3])
        let output = try builder.node(
            .pooling2D, [input], row == 1 ? [1, 1, 3, 3] : [1, 3, 1, 3],
            attributes: [
                "kind": .text("maximum"), "poolSize": .integers(row == 1 ? [1, 3] : [3, 1]),
                "strides": .integers(row == 1 ? [1, 2] : [2, 1]),
            ])
        let graph = try builder.finished(output).simplifiedAndCompared()
        #expect(graph.operations.filter { $0 != "reshape" } == ["pooling1D"])
    }
}
