import EmotionFormerCore
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("Layers made of matrix products equal the reference") struct LayerProductTests {
    @Test("convolution over time", arguments: ["valid", "same", "causal"])
    func convolution(_ padding: String) {
        for (size, stride, dilation) in [(1, 1, 1), (1, 2, 1), (3, 1, 1), (4, 1, 1), (3, 2, 1), (2, 3, 1), (3, 1, 2)] {
            for frames in [9, 30] {
                for batches in [1, 2] {
                    OperationCase(
                        .conv1D, [floats([batches, frames, 5])],
                        [
                            "stride": .integer(stride), "dilation": .integer(dilation), "padding": .text(padding),
                            "activation": .text("relu"),
                        ],
                        weights: ["kernel": floats([size, 5, 7], seed: 2), "bias": floats([7], seed: 3)]
                    ).check()
                }
            }
        }
    }

    @Test("convolution in groups")
    func groupedConvolution() {
        OperationCase(
            .conv1D, [floats([1, 9, 6])], ["groups": .integer(3), "padding": .text("same")],
            weights: ["kernel": floats([3, 2, 9], seed: 2), "bias": floats([9], seed: 3)]
        ).check()
    }

    @Test("a layer of attention that nobody has taken apart", arguments: [1, 2])
    func multiHeadAttention(batches: Int) {
        let (queries, keys, heads, keyDimension, valueDimension) = (5, 7, 2, 3, 4)
        let weights = [
            "queryKernel": floats([6, heads, keyDimension], seed: 2),
            "queryBias": floats([heads, keyDimension], seed: 3),
            "keyKernel": floats([8, heads, keyDimension], seed: 4),
            "valueKernel": floats([8, heads, valueDimension], seed: 5),
            "valueBias": floats([heads, valueDimension], seed: 6),
            "outputKernel": floats([heads, valueDimension, 9], seed: 7), "outputBias": floats([9], seed: 8),
        ]
        let inputs = [
            floats([batches, queries, 6], seed: 11), floats([batches, keys, 8], seed: 12),
            floats([batches, keys, 8], seed: 13),
        ]
        let attributes: Attributes = [
            "headCount": .integer(heads), "keyDimension": .integer(keyDimension),
            "valueDimension": .integer(valueDimension),
        ]
        OperationCase(.multiHeadAttention, inputs, attributes, weights: weights, outputs: 2).check()
        var scaled = attributes
        scaled["scale"] = .number(0.3)
        OperationCase(
            .multiHeadAttention, inputs + [truths([batches, keys])], scaled, weights: weights, outputs: 2
        ).check()
    }
}
