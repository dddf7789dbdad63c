import EmotionFormerCore
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

/// A clip of a batch begins from its own state, whatever the clip before has left.
@Suite("Recurrent layers over batches equal the reference")
struct RecurrentBatchTests {
    private static let gates: [EmotionFormerGraph.Operation: Int] = [.lstm: 4, .gru: 3, .simpleRNN: 1]

    @Test(arguments: [EmotionFormerGraph.Operation.lstm, .gru, .simpleRNN], [false, true])
    func batches(operation: EmotionFormerGraph.Operation, isBackward: Bool) throws {
        let (clips, steps, features, units) = (3, 5, 4, 3)
        let columns = units * (Self.gates[operation] ?? 1)
        let weights = [
            "kernel": floats([features, columns], seed: 2), "recurrentKernel": floats([units, columns], seed: 3),
            "bias": floats([columns], seed: 4),
        ]
        // The second clip's first and last steps are not kept: what it gives there is its own, not the first clip's.
        let mask = Tensor(.bool, try Shape([clips, steps])) { bytes in
            for index in bytes.indices { bytes[index] = [5, 6, 9, 12].contains(index) ? 0 : 1 }
        }
        let states = (0..<(operation == .lstm ? 2 : 1)).map { floats([clips, units], seed: UInt64(5 + $0)) }
        for hasMask in [false, true] {
            for hasStates in [false, true] {
                for zeroes in [false, true] {
                    for everyStep in [false, true] {
                        OperationCase(
                            operation,
                            [floats([clips, steps, features]), hasMask ? mask : nil] + (hasStates ? states : []),
                            [
                                "units": .integer(units), "goBackwards": .boolean(isBackward),
                                "returnSequences": .boolean(everyStep), "zeroOutputForMask": .boolean(zeroes),
                            ], weights: weights, outputs: states.count + 1
                        ).check()
                    }
                }
            }
        }
    }
}
