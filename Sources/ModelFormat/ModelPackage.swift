package import EmotionFormerFiles
package import EmotionFormerGraph
package import EmotionFormerTensors

/// A model with everything that is needed to use it: the contents of a package folder.
///
/// Law: what `init` checks holds for every value of this type.
package struct ModelPackage: Sendable {
    /// The program that made the package, and the files it was made from.
    package struct Producer: Sendable, Hashable {
        package struct Source: Sendable, Hashable {
            package var name: String
            /// 64 lower-case hexadecimal digits.
            package var sha256: String

            package init(name: String, sha256: String) {
                self.name = name
                self.sha256 = sha256
            }
        }

        package var tool: String
        package var version: String
        package var sources: [Source]

        package init(tool: String, version: String, sources: [Source] = []) {
            self.tool = tool
            self.version = version
            self.sources = sources
        }
    }

    /// The meaning of the main graph's outputs.
    package struct Outputs: Sendable, Hashable {
        package var probabilities: String
        package var logits: String?

        package init(probabilities: String, logits: String? = nil) {
            self.probabilities = probabilities
            self.logits = logits
        }
    }

    package let name: String
    package let license: String?
    package let citation: String?
    /// A JSON object that is kept and never interpreted.
    package let metadata: JSONValue?
    package let producer: Producer
    package let input: InputDescription
    /// In the order of the outputs.
    package let labels: [String]?
    /// Validated, with every default attribute filled in.
    package let program: Program
    package let outputs: Outputs
    package let selfTest: SelfTest?
    /// The checksum of the file that this was read from: the manifest, which states the checksums of the other files,
    /// or the TensorFlow Lite file, whose checksum is taken if it is asked for or there is no `sourceVersion`. nil for
    /// a package made in memory.
    package var sourceChecksum: UInt64?
    /// The version of the TensorFlow Lite file that this was read from.
    package var sourceVersion: FileVersion?

    /// Whether the graph ends in a sigmoid: scores that do not exclude each other, whatever they happen to sum to.
    package var endsInScores: Bool { program.graphs.first?.isSigmoid(outputs.probabilities) ?? false }

    /// Whether the TensorFlow Lite file that this was read from leaves its first axis open. Read as a batch, it is 1 in
    /// the program.
    package var hasOpenBatch = false

    /// Checks all rules of a package; reading and writing both use this initializer.
    /// - Throws: the first broken rule, with the field, tensor, graph or node.
    package init(
        name: String, license: String? = nil, citation: String? = nil, metadata: JSONValue? = nil, producer: Producer,
        input: InputDescription, labels: [String]? = nil, program: Program, outputs: Outputs, selfTest: SelfTest? = nil
    ) throws(Fault) {
        self.name = name
        self.license = license
        self.citation = citation
        self.metadata = metadata
        self.producer = producer
        self.input = input
        self.labels = labels
        self.outputs = outputs
        self.selfTest = selfTest
        try PackageRules.check(name: name, metadata: metadata, producer: producer)
        try PackageRules.check(input)
        for (name, stored) in program.tensors.sorted(by: { $0.key < $1.key }) {
            do throws(Fault) {
                try PackageRules.check(stored)
            } catch {
                throw error.within("tensor '\(name)'")
            }
        }
        self.program = try program.validated()
        try PackageRules.checkWeightQuantization(self.program)
        let main = try PackageRules.mainGraph(self.program, takes: input)
        try PackageRules.check(outputs, of: main)
        try PackageRules.check(labels: labels, classCount: main.classCount(of: outputs, in: self.program))
        if let selfTest { try PackageRules.check(selfTest, input: input, outputs: outputs, labels: labels) }
    }
}
