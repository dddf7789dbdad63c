import EmotionFormerCore
import EmotionFormerGraph
import Testing

/// What passes ask before they rewrite: graphs for which the answer is no compute the same afterwards.
@Suite struct SimplifyConditionTests {
    private typealias Operation = EmotionFormerGraph.Operation

    /// Something behind a value, so that it is not an output of the graph and its producer may go.
    private static func used(_ builder: inout GraphBuilder, _ value: Int) throws -> Int {
        try builder.binary(.multiply, value, value)
    }

    @Test("reversals of different axes, one after the other, both count")
    func reversals() throws {
        var builder = GraphBuilder()
        var value = try builder.input("input", [1, 2, 3])
        for axis in [1, 2] {
            value = try builder.node(.reverse, [value], [1, 2, 3], attributes: ["axes": .integers([axis])])
        }
        let graph = try builder.finished(Self.used(&builder, value)).simplifiedAndCompared()
        #expect(graph.operations.contains("reverse"))
    }

    @Test("transposes are joined in their order", arguments: [[1, 2, 0], [2, 1, 0], [0, 2, 1]])
    func transposes(second: [Int]) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [2, 3, 4])
        let output = try builder.transpose(builder.transpose(input, [1, 2, 0]), second)
        _ = try builder.finished(Self.used(&builder, output)).simplifiedAndCompared()
    }

    @Test("a slice of every element, from the end to the beginning, is not the tensor itself")
    func backwardSlice() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [2, 3])
        let turned = try builder.node(
            .stridedSlice, [input], [2, 3],
            attributes: [
                "begin": .integers([0, 0]), "end": .integers([0, 0]), "strides": .integers([1, -1]),
                "beginMask": .integer(3), "endMask": .integer(3),
            ])
        _ = try builder.finished(Self.used(&builder, turned)).simplifiedAndCompared()
    }

    @Test("constants whose product is not float stay apart")
    func hugeConstants() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 3])
        let scaled = try builder.binary(.multiply, input, builder.scalar(1e30))
        let output = try builder.binary(.multiply, scaled, builder.scalar(1e30))
        let graph = try builder.finished(output).simplified()
        #expect(graph.operations == ["multiply", "multiply"])
        for value in graph.values { #expect(value.constant?.tensor.doubles.allSatisfy(\.isFinite) ?? true) }
    }

    @Test("minus the input, minus the mean is no normalization")
    func negatedNormalization() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 5, 4])
        let beta = try builder.constant([4])
        let mean = try builder.mean(input, [2])
        let variance = try builder.mean(builder.binary(.squaredDifference, input, mean), [2])
        let sum = try builder.binary(.add, variance, builder.scalar(0.001))
        let root = try builder.node(.reciprocalSquareRoot, [sum], [1, 5, 1])
        let rest = try builder.binary(.subtract, beta, builder.binary(.multiply, input, root))
        let output = try builder.binary(.subtract, rest, builder.binary(.multiply, mean, root))
        let graph = try builder.finished(output).simplifiedAndCompared()
        #expect(!graph.operations.contains("layerNormalization"))
    }

    @Test("the sum of some steps over the count of others is not a masked mean", arguments: [true, false])
    func otherCount(isSame: Bool) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 6, 3])
        let kept = try builder.input("kept", [1, 6, 1], .bool)
        let counted = isSame ? kept : try builder.input("counted", [1, 6, 1], .bool)
        let masked = try builder.node(.select, [kept, input, builder.scalar(0)], [1, 6, 3])
        let sum = try builder.node(.reduceSum, [masked], [1, 3], attributes: ["axes": .integers([1])])
        let ones = try builder.node(.cast, [counted], [1, 6, 1], attributes: ["to": .text("float32")])
        let count = try builder.node(.reduceSum, [ones], [1, 1], attributes: ["axes": .integers([1])])
        let graph = try builder.finished(builder.binary(.divide, sum, count)).simplifiedAndCompared()
        #expect(graph.operations.contains("globalPooling1D") == isSame)
    }

    @Test("features that differ in some step are not steps that differ in some feature", arguments: [1, 2])
    func maskedFeatures(axis: Int) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 4, 4])
        let differs = try builder.node(.notEqual, [input, builder.scalar(0)], [1, 4, 4], .bool)
        let any = try builder.node(.reduceAny, [differs], [1, 4], .bool, attributes: ["axes": .integers([axis])])
        let steps = try builder.reshape(any, [1, 4, 1])
        let masked = try builder.node(.select, [steps, input, builder.scalar(0)], [1, 4, 4])
        let graph = try builder.finished(Self.used(&builder, masked)).simplifiedAndCompared()
        #expect(graph.operations.contains("masking") == (axis == 2))
    }

    @Test("a reduction along another axis than that of the stack takes no part of it for another")
    func otherStack() throws {
        var builder = GraphBuilder()
        let parts = try ["first", "second"].map { try builder.reshape(builder.input($0, [1, 6], .bool), [1, 1, 6]) }
        let stack = try builder.node(.concatenate, parts, [2, 1, 6], .bool, attributes: ["axis": .integer(0)])
        let all = try builder.node(.reduceAll, [stack], [2, 6], .bool, attributes: ["axes": .integers([1])])
        let output = try builder.node(.logicalNot, [all], [2, 6], .bool)
        _ = try builder.finished(output).simplifiedAndCompared()
    }

    @Test("a mask follows the order of the steps that it is for")
    func maskedReversal() throws {
        for isMasked in [true, false] {
            var builder = GraphBuilder()
            let input = try builder.input("input", [1, 6, 2])
            let mask = try builder.input("mask", [1, 6], .bool)
            let reversed = try builder.node(.reverse, [input], [1, 6, 2], attributes: ["axes": .integers([1])])
            let output = try builder.node(
                .lstm, [reversed, isMasked ? mask : nil], [1, 3], attributes: ["units": .integer(3)],
                weights: ["kernel": builder.weight([2, 12]), "recurrentKernel": builder.weight([3, 12])])
            let graph = try builder.finished(output).simplifiedAndCompared()
            #expect(graph.operations.contains("reverse") == isMasked)
        }
    }

    /// Attention of one head, its scores changed on their way to the softmax.
    private func attention(
        batches: Int = 1, changes: (inout GraphBuilder, Int) throws -> Int
    ) throws -> TypedGraph {
        var builder = GraphBuilder()
        let operands = try ["query", "key", "value"].map { try builder.input($0, [batches, 4, 6]) }
        let heads = try operands.map { operand in
            try builder.transpose(builder.reshape(operand, [batches, 4, 2, 3]), [0, 2, 1, 3])
        }
        let product = try builder.node(
            .matmul, [heads[0], heads[1]], [batches, 2, 4, 4], attributes: ["transposeSecond": .boolean(true)])
        let scores = try changes(&builder, product)
        let weights = try builder.node(
            .softmax, [scores], [batches, 2, 4, 4], attributes: ["axes": .integers([-1])])
        let sums = try builder.node(.matmul, [weights, heads[2]], [batches, 2, 4, 3])
        return try builder.finished(builder.reshape(builder.transpose(sums, [0, 2, 1, 3]), [batches, 4, 6]))
    }

    @Test("scores that are divided, scaled twice or negated have that scale")
    func scales() throws {
        for scale in [Float(4), 0.25, -2] {
            let graph = try attention { builder, scores in
                let half = try builder.binary(.multiply, scores, builder.scalar(0.5))
                return try builder.binary(.divide, half, builder.scalar(scale))
            }.simplifiedAndCompared()
            let node = try #require(graph.nodes.first { $0.operation == .attention })
            #expect(node.attributes["scale"] == .number(0.5 / Double(scale)))
        }
    }

    @Test("one mask for all clips of a batch stays one")
    func sharedMask() throws {
        for batches in [1, 2] {
            let graph = try attention(batches: batches) { builder, scores in
                let mask = try builder.reshape(builder.input("keep", [1, 4], .bool), [1, 1, 1, 4])
                return try builder.node(.select, [mask, scores, builder.scalar(-1e9)], [batches, 2, 4, 4])
            }
            _ = try graph.simplifiedAndCompared()
        }
    }

    @Test("a constant mask is causal if it keeps the past and nothing else", arguments: [-1, 0, 1, 2])
    func triangles(ahead: Int) throws {
        let graph = try attention { builder, scores in
            let numbers = (0..<16).map { Float($0 % 4 <= max($0 / 4 + ahead, 0) ? 0 : -1e9) }
            return try builder.binary(.add, scores, builder.constant(Tensor(numbers, shape: Shape([4, 4]))))
        }.simplifiedAndCompared()
        let node = try #require(graph.nodes.first { $0.operation == .attention })
        #expect(node.attributes["causal"] == .boolean(ahead == 0))
    }

    @Test("rows with nothing to attend to give NaN where the mask is infinite, so that it is not taken for a number")
    func infiniteMask() throws {
        for number in [-Float.infinity, -1e9] {
            let graph = try attention { builder, scores in
                let mask = try builder.reshape(builder.input("keep", [1, 4], .bool), [1, 1, 1, 4])
                return try builder.node(.select, [mask, scores, builder.scalar(number)], [1, 2, 4, 4])
            }.simplified()
            #expect(graph.operations.contains("attention") == number.isFinite)
        }
    }

    @Test(
        "moments that meet other elements than their own are no normalization",
        arguments: [[true, false], [false, true], [false, false]])
    func droppedAxes(keeps: [Bool]) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [4, 4])
        let kept = try builder.mean(input, [1])
        let mean = try builder.mean(input, [1], keep: keeps[0])
        let variance = try builder.mean(builder.binary(.squaredDifference, input, kept), [1], keep: keeps[1])
        let sum = try builder.binary(.add, variance, builder.scalar(0.001))
        let root = try builder.node(.reciprocalSquareRoot, [sum], keeps[1] ? [4, 1] : [4])
        let centered = try builder.binary(.subtract, input, mean)
        _ = try builder.finished(builder.binary(.multiply, centered, root)).simplifiedAndCompared()
        // The mean of the variance is the one that is used, too.
        var other = GraphBuilder()
        let square = try other.input("input", [4, 4])
        let row = try other.mean(square, [1], keep: false)
        let spread = try other.mean(other.binary(.squaredDifference, square, row), [1], keep: keeps[1])
        let moved = try other.binary(.add, spread, other.scalar(0.001))
        let factor = try other.node(.reciprocalSquareRoot, [moved], keeps[1] ? [4, 1] : [4])
        let difference = try other.binary(.subtract, square, row)
        _ = try other.finished(other.binary(.multiply, difference, factor)).simplifiedAndCompared()
    }

    @Test(
        "a summand that leaves differences between the scores of a row is not a mask",
        arguments: [-1e5, -1e7, -20] as [Float])
    func weakMasks(number: Float) throws {
        let graph = try attention { builder, scores in
            // The last query sees nothing: what it weighs follows its scores.
            let numbers = (0..<16).map { $0 % 4 <= $0 / 4 && $0 < 12 ? 0 : number }
            return try builder.binary(.add, scores, builder.constant(Tensor(numbers, shape: Shape([4, 4]))))
        }.simplifiedAndCompared()
        #expect(!graph.operations.contains("attention"))
    }

    @Test("a factor behind beta counts for beta, and one number a row is none a column")
    func foldedRows() throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 3, 4])
        let normalized = try builder.node(
            .layerNormalization, [input], [1, 3, 4], attributes: ["epsilon": .number(0.001)],
            weights: ["beta": builder.weight([4])])
        let scaled = try builder.binary(.multiply, normalized, builder.constant([4]))
        _ = try builder.finished(scaled).simplifiedAndCompared()
        for extents in [[4, 1], [1, 4, 1], [4]] {
            var builder = GraphBuilder()
            let input = try builder.input("input", [1, 4, 3])
            let dense = try builder.node(.dense, [input], [1, 4, 4], weights: ["kernel": builder.weight([3, 4])])
            let output = try builder.binary(.multiply, dense, builder.constant(extents))
            let graph = try builder.finished(output).simplifiedAndCompared()
            #expect(graph.operations.contains("multiply") == (extents != [4]))
        }
    }

    @Test("an activation behind an activation stays", arguments: [ActivationFunction.linear, .tanh])
    func twoActivations(first: ActivationFunction) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 3, 4])
        let dense = try builder.node(
            .dense, [input], [1, 3, 4], attributes: ["activation": .text(first.rawValue)],
            weights: ["kernel": builder.weight([4, 4])])
        let graph = try builder.finished(builder.activation(.sigmoid, dense)).simplifiedAndCompared()
        #expect(graph.operations.contains("activation") == (first != .linear))
    }

    @Test("formulas with nearly an activation's numbers are not that activation", arguments: [Float(1), 1.01, 0.9])
    func nearlyActivations(factor: Float) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 8])
        let scaled = try builder.binary(.multiply, input, builder.scalar(0.707_106_78 * factor))
        let error = try builder.node(.errorFunction, [scaled], [1, 8])
        let half = try builder.binary(.multiply, input, builder.scalar(0.5))
        let gelu = try builder.binary(.multiply, half, builder.binary(.add, error, builder.scalar(1)))
        #expect(
            try builder.finished(gelu).simplifiedAndCompared().operations.contains("errorFunction") == (factor != 1))
        var other = GraphBuilder()
        let value = try other.input("input", [1, 8])
        let shifted = try other.activation(.relu6, other.binary(.add, value, other.scalar(3 * factor)))
        let hard = try other.finished(other.binary(.multiply, shifted, other.scalar(1 / 6))).simplifiedAndCompared()
        #expect(hard.nodes.contains { $0.attributes["function"] == .text("hardSigmoid") } == (factor == 1))
        var last = GraphBuilder()
        let number = try last.input("input", [1, 8])
        let largest = try last.node(.maximum, [number, last.scalar(factor - 1)], [1, 8])
        let graph = try last.finished(last.binary(.multiply, largest, largest)).simplifiedAndCompared()
        #expect(graph.operations.contains("activation") == (factor == 1))
    }

    @Test(
        "steps that are something else than zero where they are dropped count for the mean", arguments: [Float(0), 0.5])
    func filledSteps(filler: Float) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 6, 3])
        let kept = try builder.input("kept", [1, 6, 1], .bool)
        let masked = try builder.node(.select, [kept, input, builder.scalar(filler)], [1, 6, 3])
        let sum = try builder.node(.reduceSum, [masked], [1, 3], attributes: ["axes": .integers([1])])
        let ones = try builder.node(.cast, [kept], [1, 6, 1], attributes: ["to": .text("float32")])
        let count = try builder.node(.reduceSum, [ones], [1, 1], attributes: ["axes": .integers([1])])
        let graph = try builder.finished(builder.binary(.divide, sum, count)).simplifiedAndCompared()
        #expect(graph.operations.contains("globalPooling1D") == (filler == 0))
    }

    @Test("a bias in the place of rows behind an activation is not what the activation makes of it")
    func selectedRows() throws {
        for function in [ActivationFunction.linear, .tanh] {
            var builder = GraphBuilder()
            let rows = try builder.input("rows", [1, 5, 1], .bool)
            let input = try builder.input("input", [1, 5, 4])
            let bias = try builder.tensor([3])
            let dense = try builder.node(
                .dense, [input], [1, 5, 3], attributes: ["activation": .text(function.rawValue)],
                weights: ["kernel": builder.weight([4, 3]), "bias": StoredTensor(bias)])
            let output = try builder.node(.select, [rows, dense, builder.constant(bias)], [1, 5, 3])
            let graph = try builder.finished(output).simplifiedAndCompared()
            #expect(graph.operations == (function == .linear ? ["select", "dense"] : ["dense", "select"]))
        }
    }

    @Test("the last step of a sequence is the last one", arguments: 0..<6)
    func steps(step: Int) throws {
        var builder = GraphBuilder()
        let input = try builder.input("input", [1, 6, 2])
        let sequence = try builder.node(
            .lstm, [input], [1, 6, 3], attributes: ["units": .integer(3), "returnSequences": .boolean(true)],
            weights: ["kernel": builder.weight([2, 12]), "recurrentKernel": builder.weight([3, 12])])
        let output = try builder.node(
            .stridedSlice, [sequence], [1, 3],
            attributes: [
                "begin": .integers([0, step, 0]), "end": .integers([0, step + 1, 0]), "strides": .integers([1, 1, 1]),
                "beginMask": .integer(5), "endMask": .integer(5), "shrinkAxisMask": .integer(2),
            ])
        let graph = try builder.finished(output).simplifiedAndCompared()
        let layer = try #require(graph.nodes.first { $0.operation == .lstm })
        #expect(layer.attributes["returnSequences"] == .boolean(step != 5))
    }

    @Test("a fused LSTM with peepholes stays one")
    func peepholes() throws {
        for hasPeepholes in [false, true] {
            var builder = GraphBuilder()
            let input = try builder.input("input", [1, 5, 2])
            let kernels = try (0..<4).map { _ in try builder.constant([3, 2]) }
            let recurrent = try (0..<4).map { _ in try builder.constant([3, 3]) }
            let peepholes = try (0..<3).map { _ in hasPeepholes ? try builder.constant([3]) : nil }
            let biases = try (0..<4).map { _ in try builder.constant([3]) }
            let operands: [Int?] = [input] + kernels + recurrent + peepholes + biases
            let output = try builder.node(.sequenceLSTM, operands, [1, 5, 3])
            let graph = try builder.finished(output).simplifiedAndCompared()
            #expect(graph.operations == [hasPeepholes ? "sequenceLSTM" : "lstm"])
        }
    }
}
