package import EmotionFormerCore
package import EmotionFormerFiles
package import EmotionFormerGraph

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

    package let name: String
    package let license: String?
    package let citation: String?
    /// A JSON object that is kept and never interpreted.
    package let metadata: JSONValue?
    package let producer: Producer
    /// One for each input of the main graph, in its order.
    package let inputs: [InputSpecification]
    /// Names of the numbers along the last axis of the first output.
    package let labels: [String]?
    /// Validated, with every default attribute filled in.
    package let program: Program
    /// The first is the model's main output.
    package let outputs: [OutputSpecification]
    package let selfTest: SelfTest?
    /// The checksum of the file that this was read from: the manifest, which states the checksums of the other files,
    /// or the TensorFlow Lite file, whose checksum is taken if it is asked for or there is no `sourceVersion`. nil for
    /// a package made in memory.
    package var sourceChecksum: UInt64?
    /// The version of the TensorFlow Lite file that this was read from.
    package var sourceVersion: FileVersion?
    /// The entry points of the TensorFlow Lite file that this was read from.
    package var signatures: [Signature] = []

    /// An entry point of a TensorFlow Lite file.
    package struct Signature: Sendable {
        package let name: String
        package let inputs: [String]
        package let outputs: [String]
        /// Whether the package is made of this one.
        package let isRead: Bool

        package init(name: String, inputs: [String], outputs: [String], isRead: Bool) {
            self.name = name
            self.inputs = inputs
            self.outputs = outputs
            self.isRead = isRead
        }
    }

    /// Checks all rules of a package; reading and writing both use this initializer.
    /// - Throws: the first broken rule, with the field, tensor, graph or node.
    package init(
        name: String, license: String? = nil, citation: String? = nil, metadata: JSONValue? = nil, producer: Producer,
        inputs: [InputSpecification], labels: [String]? = nil, program: Program, outputs: [OutputSpecification],
        selfTest: SelfTest? = nil
    ) throws(Fault) {
        self.name = name
        self.license = license
        self.citation = citation
        self.metadata = metadata
        self.producer = producer
        self.inputs = inputs
        self.labels = labels
        self.outputs = outputs
        self.selfTest = selfTest
        try PackageRules.check(name: name, metadata: metadata, producer: producer)
        try PackageRules.check(inputs)
        for (name, stored) in program.tensors.sorted(by: { $0.key < $1.key }) {
            do throws(Fault) {
                try PackageRules.check(stored)
            } catch {
                throw error.within("tensor '\(name)'")
            }
        }
        self.program = try program.validated()
        try PackageRules.checkWeightQuantization(self.program)
        let main = try PackageRules.mainGraph(self.program, takes: inputs)
        try PackageRules.check(outputs, of: main)
        try PackageRules.check(outputs, in: self.program)
        try PackageRules.check(
            labels: labels, classCount: outputs.first.flatMap { main.classCount(of: $0, in: self.program) })
        if let selfTest { try PackageRules.check(selfTest, inputs: inputs, of: main, outputs: outputs, labels: labels) }
    }

    /// The input that takes clips or the features of a frame, if the model has one input and it does.
    package var clip: InputDescription? { inputs.count == 1 ? inputs[0].description : nil }

    package var main: Graph? { program.graphs.first }

    /// The names and types of what the model keeps from one run to the next.
    package var variables: [(name: String, type: ValueType)] {
        (main?.variables ?? []).compactMap { variable in
            program.tensors[variable.initial].map {
                (variable.name, ValueType($0.tensor.elementType, $0.tensor.shape))
            }
        }
    }
}
