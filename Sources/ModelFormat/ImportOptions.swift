package import EmotionFormerFiles
package import EmotionFormerGraph
package import EmotionFormerTensors

/// What a file of another framework does not state about its model, and a conversion must be given.
package struct ImportOptions: Sendable {
    package var name: String
    package var license: String?
    package var citation: String?
    package var metadata: JSONValue?
    package var producer: ModelPackage.Producer
    /// The maximum number of frames; required if the graph does not fix it.
    package var frames: Int?
    /// By default 1,434 features are x, y and z of 478 landmarks, and any other number are raw features.
    package var layout: LandmarkLayout?
    /// The statistics may have leading axes of extent 1.
    package var normalization: InputDescription.Normalization?
    package var padding = InputDescription.Padding()
    package var truncation = InputDescription.Truncation.end
    package var missingFrame = InputDescription.MissingFrame.drop
    package var missingValue = InputDescription.MissingValue.refuse
    package var labels: [String]?
    package var outputs = Outputs.probabilities
    package var selfTest: SelfTest?

    /// What the graph's first output is.
    package enum Outputs: Sendable, Hashable {
        case probabilities
        /// The softmax is added.
        case logits
        /// One sigmoid p: two classes with the probabilities 1 − p and p.
        case sigmoid
    }

    package init(name: String, producer: ModelPackage.Producer) {
        self.name = name
        self.producer = producer
    }

    package func layout(features: Int) -> LandmarkLayout {
        layout ?? (features == 3 * 478 ? .xyzInterleaved : .raw)
    }
}

extension ModelPackage {
    /// Makes a package of an imported program. Its first output is the probabilities; if they are a softmax, its
    /// operand is the logits.
    /// - Throws: `invalidArgument` for logits that are the result of a softmax or of a sigmoid, and for an output that
    ///   is said to be a sigmoid and is not; `shapeMismatch` unless the main graph takes one clip (batch, frames,
    ///   features), `invalidArgument` if the number of frames is open and not given or differs from the graph's, and
    ///   why no package can be made.
    package init(importing program: Program, options: ImportOptions) throws(Fault) {
        guard let main = program.graphs.first, main.inputs.count == 1, let clip = main.inputs.first,
            clip.extents.count == 3, let features = clip.extents[2]
        else {
            let inputs = program.graphs.first?.inputs.map { input in
                "[" + input.extents.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
            }
            throw Fault(
                .shapeMismatch, at: "inputs", "the model does not take one clip",
                found: inputs.map { $0.isEmpty ? "no input" : $0.joined(separator: ", ") } ?? "no graph",
                expected: "[1, frames, features]")
        }
        guard let frames = clip.extents[1] ?? options.frames, options.frames ?? frames == frames else {
            throw Fault(
                .invalidArgument, at: "frames",
                clip.extents[1] == nil
                    ? "the model leaves the number of frames open: give the largest" : "the model has another number",
                found: options.frames.map { "\($0)" }, expected: clip.extents[1].map { "\($0)" })
        }
        guard let output = main.outputs.first else {
            throw Fault(.missingField, at: "outputs", "the model has no output", expected: "its probabilities")
        }
        var program = program
        let probabilities: String
        switch options.outputs {
        case .probabilities: probabilities = output
        case .logits: probabilities = try program.addSoftmax(to: output)
        case .sigmoid: probabilities = try program.addOtherClass(to: output)
        }
        let logits = options.outputs == .logits ? output : main.logits(of: output)
        if let logits, !program.graphs[0].outputs.contains(logits) { program.graphs[0].outputs.append(logits) }
        var normalization = options.normalization
        if let given = normalization {
            normalization?.mean = try given.mean.withoutLeadingAxes()
            normalization?.standardDeviation = try given.standardDeviation.withoutLeadingAxes()
        }
        try self.init(
            name: options.name, license: options.license, citation: options.citation, metadata: options.metadata,
            producer: options.producer,
            input: InputDescription(
                frames: frames, features: features,
                layout: options.layout(features: features),
                normalization: normalization, padding: options.padding, truncation: options.truncation,
                missingFrame: options.missingFrame, missingValue: options.missingValue),
            labels: options.labels, program: program, outputs: .init(probabilities: probabilities, logits: logits),
            selfTest: options.selfTest)
    }
}

extension Program {
    /// Adds the softmax of the main graph's first output, which takes its place. Gives the new output's name.
    fileprivate mutating func addSoftmax(to output: String) throws(Fault) -> String {
        let main = graphs[0]
        let isSoftmax = main.maker(of: output, behind: Graph.changesOfShape)?.operation == .softmax
        guard !isSoftmax, !main.isSigmoid(output) else {
            throw Fault(
                .invalidArgument, at: "outputs", "the model's outputs are not logits",
                found: isSoftmax ? "a softmax" : "a sigmoid")
        }
        let name = unused("probabilities")
        graphs[0].nodes.append(Node(.softmax, name: name, inputs: [output], outputs: [name]))
        graphs[0].outputs[0] = name
        return name
    }

    /// Adds 1 − p before the main graph's first output p. Gives the new output's name.
    fileprivate mutating func addOtherClass(to output: String) throws(Fault) -> String {
        guard graphs[0].isSigmoid(output) else {
            throw Fault(.invalidArgument, at: "outputs", "the model does not end in a sigmoid")
        }
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
        graphs[0].outputs[0] = name
        return name
    }

    /// A name that nothing in the main graph has.
    private func unused(_ wanted: String) -> String {
        let taken = Set(graphs[0].nodes.flatMap { [$0.name] + $0.outputs } + graphs[0].inputs.map(\.name))
        var name = wanted
        while taken.contains(name) { name += "_" }
        return name
    }
}

extension Graph {
    /// The operand of the softmax that gives the probabilities, looking through nodes that change nothing.
    fileprivate func logits(of probabilities: String) -> String? {
        guard let node = maker(of: probabilities, behind: [.identity]), node.operation == .softmax,
            node.inputs.count == 1
        else { return nil }
        return node.inputs[0]
    }
}

extension Tensor {
    /// Removes leading axes of extent 1, down to two axes: (1, 1, F) becomes (1, F).
    fileprivate func withoutLeadingAxes() throws(Fault) -> Tensor {
        let superfluous = max(shape.rank - 2, 0)
        guard superfluous > 0, shape.extents.prefix(superfluous).allSatisfy({ $0 == 1 }) else { return self }
        return try reshaped(to: Shape(Array(shape.extents.dropFirst(superfluous))))
    }
}
