package import EmotionFormerCore
package import EmotionFormerGraph

extension TypedGraph {
    /// The nodes that compute some values from others, as a separate graph.
    ///
    /// Its inputs are those of the given values that the nodes need, in the order of this graph's values; constants
    /// stay constants. With it a single operation of a model can be computed on given operands.
    /// - Parameters:
    ///   - outputs: names of the values to make; they become the part's outputs, in this order.
    ///   - operands: names of values that come from outside; of these, the outputs are made nevertheless.
    /// - Throws: `unknownName` if there is no value of an output's name.
    package func part(making outputs: [String], from operands: Set<String>) throws(Fault) -> TypedGraph {
        let indices = Dictionary(values.indices.map { (values[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
        let uses = ValueUses(self)
        var part = TypedGraph(name: name, values: values)
        for output in outputs {
            guard let index = indices[output] else {
                throw Fault(.unknownName, at: "graph '\(name)'", "there is no such value", found: "'\(output)'")
            }
            part.outputs.append(index)
        }
        var needed = Set<Int>()
        var taken = Set<Int>()
        var seen = Set(part.outputs)
        var pending = part.outputs
        while let value = pending.popLast() {
            guard values[value].constant == nil else { continue }
            let isGiven = operands.contains(values[value].name) && !part.outputs.contains(value)
            guard let producer = uses.producer(of: value), !isGiven else {
                taken.insert(value)
                continue
            }
            guard needed.insert(producer).inserted else { continue }
            for case let input? in nodes[producer].inputs where seen.insert(input).inserted { pending.append(input) }
        }
        part.inputs = taken.sorted()
        part.nodes = needed.sorted().map { nodes[$0] }
        return part
    }
}
