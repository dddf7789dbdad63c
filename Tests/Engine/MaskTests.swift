import EmotionFormerCore
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("Masks equal the reference, also beside extreme scores and in batches")
struct MaskTests {
    /// Scores that a mask of −1e5 would leave in place.
    @Test("a masked score weighs nothing beside any other", arguments: [0, -3e5, 3e5])
    func softmax(offset: Double) {
        for axes in [[2], [1], [1, 2]] {
            OperationCase(
                .softmax, [floats([2, 4, 6], offset: offset), truths([2, 4, 6], seed: 3)], ["axes": .integers(axes)]
            ).check()
        }
    }

    @Test("each clip of a batch is pooled by its own mask; one without a kept step gives no number")
    func pooling() throws {
        for kept in [[true, true, false, false, true, false], [true, false, false, false, false, false]] {
            let mask = Tensor(.bool, try Shape([2, 3])) { bytes in
                for index in bytes.indices { bytes[index] = kept[index] ? 1 : 0 }
            }
            OperationCase(.globalPooling1D, [floats([2, 3, 5]), mask], ["kind": .text("average")]).check()
        }
    }

    @Test(
        "every head and every clip has its own mask",
        arguments: [[2, 5], [2, 1, 5], [2, 4, 5], [2, 1, 4, 5], [2, 1, 1, 5], [2, 3, 4, 5]])
    func attention(mask: [Int]) {
        for isCausal in [false, true] {
            OperationCase(
                .attention,
                [
                    floats([2, 4, 6], seed: 2), floats([2, 5, 6], seed: 3), floats([2, 5, 6], seed: 4),
                    truths(mask, seed: 5),
                ],
                ["headCount": .integer(3), "scale": .number(0.7), "causal": .boolean(isCausal)], outputs: 2
            ).check()
        }
    }

    /// A negative scale turns the largest product into the smallest score; a large one makes weights of 0 and 1.
    @Test("a scale of either sign, small and large", arguments: [0.7, -0.7, 30, -30])
    func scales(scale: Double) {
        var example = OperationCase(
            .attention, [floats([2, 7, 6], seed: 2), floats([2, 9, 6], seed: 3), floats([2, 9, 6], seed: 4)],
            ["headCount": .integer(2), "scale": .number(scale)], outputs: 2)
        // A score's last bit, some 1e-5 where it is 300, is that much of a weight.
        example.tolerance = 1e-4
        example.check()
    }
}
