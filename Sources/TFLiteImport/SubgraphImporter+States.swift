import EmotionFormerCore
import EmotionFormerGraph

/// The states of a subgraph's fused LSTMs as variables of the graph.
struct KeptStates {
    /// What a state is now, by its tensor: LSTMs may share one.
    fileprivate var current: [Int: String] = [:]
    fileprivate(set) var variables: [GraphVariable] = []
    fileprivate var names = UniqueNames()
}

extension SubgraphImporter {
    /// The state operands of a fused LSTM, and the results that they become.
    ///
    /// - Parameters:
    ///   - tensors: hidden state and cell.
    ///   - zero: what a number of each is before the first step, as it is stored.
    /// - Returns: nothing where the state is not kept: of a constant, in a loop or branch, or for callers for whom each
    ///   run starts anew.
    func keepStates(
        _ tensors: [Int], zero: [Int] = [0, 0], _ reader: OperatorReader
    ) throws(Fault) -> (before: [String?], after: [String]) {
        guard states != nil, tensors.allSatisfy({ file.subgraphs[index].tensors[$0].isVariable }) else {
            return ([], [])
        }
        var before: [String?] = []
        var after: [String] = []
        for (tensor, zero) in zip(tensors, zero) {
            let content = file.subgraphs[index].tensors[tensor]
            guard let type = content.type.elementType, [.float32, .int8, .int16].contains(type) else {
                throw Fault(
                    .elementTypeMismatch, at: reader.place(tensor), "states of this type are not supported",
                    found: content.type.name, expected: "FLOAT32, INT8 or INT16")
            }
            let made = intermediate(of: tensor, "after")
            if let known = states?.current[tensor] {
                before.append(known)
                for place in states?.variables.indices ?? 0..<0 where states?.variables[place].output == known {
                    states?.variables[place].output = made
                }
            } else {
                let shape = try Shape(content.shape)
                // Its weights are in the file, and of more numbers.
                guard shape.elementCount <= file.bytes.count else {
                    throw Fault(
                        .sizeMismatch, at: reader.place(tensor), "the state is larger than the file", found: "\(shape)")
                }
                let initial = Tensor(type, shape) { bytes in
                    // An int16 cell is zero; a byte of an int8 state is its zero point.
                    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: zero) }
                }
                // A float16 file writes zeros to the tensor once, by a DEQUANTIZE that each run of ours has.
                let value = intermediate(of: tensor, "before")
                before.append(value)
                let stored = storedName(ofLiteral: initial, wish: value)
                let title = states?.names.claim(name(tensor), suffix: "state\(tensor)") ?? ""
                states?.variables.append(
                    GraphVariable(
                        name: title, input: value, output: made, initial: stored, isState: true))
            }
            states?.current[tensor] = made
            after.append(made)
        }
        return (before, after)
    }
}
