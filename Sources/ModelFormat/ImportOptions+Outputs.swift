import EmotionFormerCore
import EmotionFormerGraph

extension ImportOptions {
    /// The outputs of a program's main graph, to which the logits of probabilities are added.
    func outputs(of program: inout Program, inputs: [InputSpecification]) throws(Fault) -> [OutputSpecification] {
        guard let proof = OutputProof(program), let main = program.graphs.first, !main.outputs.isEmpty else {
            throw Fault(.missingField, at: "outputs", "the model has no output", expected: "at least one")
        }
        guard max(main.outputs.count, main.inputs.count) <= PackageRules.maximumEnds else {
            throw Fault(
                .limitExceeded, at: "outputs", "the model has too many inputs or outputs",
                found: "\(main.inputs.count) inputs, \(main.outputs.count) outputs",
                expected: "at most \(PackageRules.maximumEnds)")
        }
        var outputs: [OutputSpecification] = []
        for (index, value) in main.outputs.enumerated() {
            let extents = outputExtents.indices.contains(index) ? outputExtents[index] : nil
            let kind = proof.kind(of: value, extents: extents)
            // A file may give one value under several names, and list it once or several times.
            for name in outputNames[value] ?? [value]
            where !outputs.contains(where: { $0.name == name && $0.value == value }) {
                outputs.append(OutputSpecification(name: name, value: value, kind: kind))
            }
        }
        let stated = try statements(kinds, of: outputs.map(\.name), "output")
        for index in outputs.indices {
            guard let kind = stated[index] else { continue }
            guard kind != .logits || outputs[index].kind == .values || outputs[index].kind == .logits else {
                throw Fault(
                    .invalidArgument, at: "outputs", "the output '\(outputs[index].name)' is no logits",
                    found: outputs[index].kind.rawValue)
            }
            outputs[index].kind = kind
        }
        let isOfOneClip = inputs.count == 1 && inputs[0].description != nil && main.outputs.count == 1
        if self.outputs != .found { try state(&outputs[0], &program, isOfOneClip: isOfOneClip) }
        if outputs[0].kind == .probabilities, isOfOneClip { outputs[0].name = OutputSpecification.probabilitiesName }
        for output in outputs where output.kind == .probabilities {
            let proof = OutputProof(program)
            let integers = proof?.integerLogits(of: output.value).map { program.addReal($0) }
            guard let logits = proof?.logits(of: output.value) ?? integers else { continue }
            if !program.graphs[0].outputs.contains(logits) { program.graphs[0].outputs.append(logits) }
            let name = isOfOneClip ? OutputSpecification.logitsName : "\(output.name)/logits"
            guard !outputs.contains(where: { $0.value == logits || $0.name == name }) else { continue }
            outputs.append(OutputSpecification(name: name, value: logits, kind: .logits))
        }
        return outputs
    }

    /// Applies the user's word about the first output.
    private func state(
        _ output: inout OutputSpecification, _ program: inout Program, isOfOneClip: Bool
    ) throws(Fault) {
        func refused(_ problem: String) -> Fault {
            Fault(.invalidArgument, at: "outputs", problem, found: ImportOptions.ending(output.kind))
        }
        switch outputs {
        case .found: return
        case .probabilities:
            guard output.kind == .values || output.kind == .probabilities else {
                throw refused("the model's outputs are not probabilities")
            }
            output.kind = .probabilities
        case .logits:
            guard output.kind == .values || output.kind == .logits else {
                throw refused("the model's outputs are not logits")
            }
            output.value = program.addSoftmax(to: output.value)
            output.kind = .probabilities
        case .sigmoid:
            guard output.kind == .scores else { throw refused("the model does not end in a sigmoid") }
            output.value = program.addOtherClass(to: output.value)
            output.kind = .probabilities
        }
    }

    private static func ending(_ kind: OutputSpecification.Kind) -> String? {
        switch kind {
        case .probabilities: "a softmax"
        case .scores: "a sigmoid"
        case .logits: "a log-softmax"
        case .values: nil
        }
    }
}

extension Program {
    /// Adds the softmax of one of the main graph's outputs, which takes its place. Gives the new output's name.
    mutating func addSoftmax(to output: String) -> String {
        let name = unused("probabilities")
        graphs[0].nodes.append(Node(.softmax, name: name, inputs: [output], outputs: [name]))
        replace(output, by: name)
        return name
    }

    /// Adds 1 − p before one of the main graph's outputs, p. Gives the new output's name.
    fileprivate mutating func addOtherClass(to output: String) -> String {
        let (column, other, name) = (unused("sigmoid"), unused("otherClass"), unused("probabilities"))
        graphs[0].nodes += [
            // A row for each number: several sigmoids become several rows, which no model of classes may have.
            Node(
                .reshape, name: column, inputs: [output], outputs: [column],
                attributes: ["shape": .integers([-1, 1])]),
            Node(
                .rescaling, name: other, inputs: [column], outputs: [other],
                attributes: ["scale": .number(-1), "offset": .number(1)]),
            Node(
                .concatenate, name: name, inputs: [other, column], outputs: [name],
                attributes: ["axis": .integer(-1)]),
        ]
        replace(output, by: name)
        return name
    }

    /// Adds quantized numbers of the main graph as real ones. Gives the new value's name.
    fileprivate mutating func addReal(_ integers: String) -> String {
        let name = unused("logits")
        graphs[0].nodes.append(Node(.dequantize, name: name, inputs: [integers], outputs: [name]))
        return name
    }

    private mutating func replace(_ output: String, by other: String) {
        if let index = graphs[0].outputs.firstIndex(of: output) { graphs[0].outputs[index] = other }
    }

    /// A name that nothing in the main graph has.
    private func unused(_ wanted: String) -> String {
        let taken = graphs[0].ownNames
        var name = wanted
        while taken.contains(name) { name += "_" }
        return name
    }
}
