import EmotionFormerCore

/// The recurrent layer that a loop over time is.
struct LoopLayer {
    let operation: Operation
    let units: Int
    /// The position of the loop's variable that holds the steps.
    let input: Int
    /// Positions of the loop's variables that are states: the output before, and an LSTM's cell.
    let states: [Int]
    let attributes: Attributes
    let weights: [String: StoredTensor]

    /// Puts the layer in the loop's place, unless the loop gives out something that the layer does not.
    func write(to rewriter: inout GraphRewriter, at index: Int, _ loop: CountedLoop) throws(Fault) {
        let node = loop.node
        guard let sequence = node.input(input), let kernel = weights["kernel"]?.tensor else { return }
        let starts = states.compactMap { node.input($0) }
        let needed = node.outputs.indices.filter { rewriter.isUsed(node.outputs[$0]) }
        let copies = needed.filter { loop.isCopy($0, of: [states[0]]) && loop.accumulators[$0] == nil }
        let given = Set(loop.accumulators.keys).union(states).union(copies)
        let width = kernel.shape[0]
        // The batch is one clip, so that (T, 1, F) and (1, T, F) are the same elements in the same order.
        guard rewriter.shape(of: sequence).extents == [loop.tripCount, 1, width], starts.count == states.count,
            needed.allSatisfy(given.contains), starts.allSatisfy({ rewriter.shape(of: $0).extents == [1, units] })
        else { return }
        rewriter.remove(index)
        let steps = rewriter.reshaped(
            sequence, to: try Shape([1, loop.tripCount, width]), name: "\(node.name)/steps")
        let operands: [Int?] = [steps, nil] + starts.map { rewriter.constant($0)?.isAll(0) ?? false ? nil : $0 }
        let type = ValueType(.float32, try Shape([1, loop.tripCount, units]))
        let output = rewriter.addValue(named: "\(node.name)/sequence", type)
        let hasStates = states.contains(where: needed.contains) || !copies.isEmpty
        var attributes = attributes
        attributes["units"] = .integer(units)
        attributes["returnSequences"] = .boolean(true)
        rewriter.insert(
            operation, name: node.name, inputs: operands,
            making: [output] + (hasStates ? states.map { node.outputs[$0] } : []), attributes: attributes,
            weights: weights)
        for position in loop.accumulators.keys.sorted() where needed.contains(position) {
            rewriter.reshape(output, making: node.outputs[position], name: "\(node.name)/rows")
        }
        for position in copies {
            rewriter.reshape(node.outputs[states[0]], making: node.outputs[position], name: "\(node.name)/last")
        }
    }
}
