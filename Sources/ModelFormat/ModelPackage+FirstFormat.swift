package import EmotionFormerCore
package import EmotionFormerFiles
package import EmotionFormerGraph

/// What format 1 can state: a model of one clip that ends in the probabilities of its classes.
extension ModelPackage {
    /// The outputs of the main graph that are the probabilities, and the logits if it gives them.
    package struct Classes: Sendable, Hashable {
        package var probabilities: String
        package var logits: String?

        package init(probabilities: String, logits: String? = nil) {
            self.probabilities = probabilities
            self.logits = logits
        }
    }

    /// - Throws: the first broken rule, with the field, tensor, graph or node.
    package init(
        name: String, license: String? = nil, citation: String? = nil, metadata: JSONValue? = nil, producer: Producer,
        input: InputDescription, labels: [String]? = nil, program: Program, outputs: Classes, selfTest: SelfTest? = nil
    ) throws(Fault) {
        try self.init(
            name: name, license: license, citation: citation, metadata: metadata, producer: producer,
            inputs: [
                InputSpecification(
                    name: InputSpecification.clipName, value: program.graphs.first?.inputs.first?.name ?? "",
                    role: .clip(input))
            ], labels: labels, program: program,
            outputs: OutputSpecification.classes(probabilities: outputs.probabilities, logits: outputs.logits),
            selfTest: selfTest)
    }
}

extension SelfTest {
    /// A test of a model of one clip that ends in the probabilities of its classes.
    package init(
        oracle: String, input: Tensor, probabilities: Tensor, logits: Tensor? = nil,
        tolerance: (probabilities: Double, logits: Double?)
    ) {
        self.init(
            oracle: oracle, inputs: [Input(name: InputSpecification.clipName, tensor: input)],
            outputs: [
                Output(
                    name: OutputSpecification.probabilitiesName, tensor: probabilities,
                    tolerance: tolerance.probabilities)
            ]
                + (logits.map {
                    [
                        Output(
                            name: OutputSpecification.logitsName, tensor: $0,
                            tolerance: tolerance.logits ?? tolerance.probabilities)
                    ]
                } ?? []))
    }
}
