package import EmotionFormerCore
package import EmotionFormerFiles
package import EmotionFormerGraph

/// What a file of another framework does not state about its model, and a conversion must be given.
package struct ImportOptions: Sendable {
    package var name: String
    package var license: String?
    package var citation: String?
    package var metadata: JSONValue?
    package var producer: ModelPackage.Producer
    /// The maximum number of frames of a clip, where the graph leaves it open.
    package var frames: Int?
    /// The number of frames if neither the graph nor `frames` states it.
    package var defaultFrames: Int?
    /// By default 1,434 features are x, y and z of 478 landmarks, and any other number are raw features.
    package var layout: LandmarkLayout?
    /// The statistics may have leading axes of extent 1.
    package var normalization: InputDescription.Normalization?
    package var padding = InputDescription.Padding()
    package var truncation = InputDescription.Truncation.end
    package var missingFrame = InputDescription.MissingFrame.drop
    package var missingValue = InputDescription.MissingValue.refuse
    package var labels: [String]?
    package var outputs = Outputs.found
    package var selfTest: SelfTest?

    /// What the graph's first output is.
    package enum Outputs: Sendable, Hashable {
        /// What the graph proves, and otherwise values.
        case found
        case probabilities
        /// The softmax is added.
        case logits
        /// One sigmoid p: two classes with the probabilities 1 − p and p.
        case sigmoid
    }

    /// A word of the user's about an input or output; without a name about the first.
    package struct Statement<Meaning: Sendable>: Sendable {
        package var name: String?
        package var meaning: Meaning

        package init(name: String?, meaning: Meaning) {
            self.name = name
            self.meaning = meaning
        }
    }

    package var roles: [Statement<InputSpecification.Role.Name>] = []
    package var kinds: [Statement<OutputSpecification.Kind>] = []

    /// Names for callers by the graph's names, as a file's signature has them; an output may have several.
    package var inputNames: [String: String] = [:]
    package var outputNames: [String: [String]] = [:]
    /// The shapes of the graph's outputs as the file has them, nil where an extent is open; empty if it has none.
    package var outputExtents: [[Int?]] = []
    /// Whether the file leaves the first axis of its first input open; in the program it is 1.
    package var hasOpenFirstAxis = false

    package init(name: String, producer: ModelPackage.Producer) {
        self.name = name
        self.producer = producer
    }

    package func layout(features: Int) -> LandmarkLayout {
        layout ?? (features == 3 * 478 ? .xyzInterleaved : .raw)
    }
}

extension ModelPackage {
    /// Makes a package of an imported program. Roles of inputs and kinds of outputs are what the graph proves, or what
    /// the options state.
    /// - Throws: `invalidArgument` for an option that the graph contradicts or that has no place in it, and why no
    ///   package can be made.
    package init(importing program: Program, options: ImportOptions) throws(Fault) {
        var program = program
        let inputs = try options.inputs(of: &program)
        let outputs = try options.outputs(of: &program, inputs: inputs)
        try self.init(
            name: options.name, license: options.license, citation: options.citation, metadata: options.metadata,
            producer: options.producer, inputs: inputs, labels: options.labels, program: program, outputs: outputs,
            selfTest: options.selfTest)
    }
}
