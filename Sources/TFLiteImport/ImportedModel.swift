package import EmotionFormerGraph

/// A TensorFlow Lite file as a program, with the file's tensors for its values.
package struct ImportedModel: Sendable {
    /// An operator of the file, with the values of its results.
    package struct Operator: Sendable {
        /// Its index among the subgraph's operators.
        package var index: Int
        /// The schema's name: `FULLY_CONNECTED`.
        package var name: String
        package var version: Int
        /// Tensor indices of the results, with the values of the graph that hold the same numbers.
        package var outputs: [(tensor: Int, value: String)]
    }

    package struct Subgraph: Sendable {
        /// Its index in the file.
        package var index: Int
        /// The graph's name in the program.
        package var graph: String
        package var operators: [Operator]
        /// Value names by tensor index, for every tensor that the graph uses.
        package var valueNames: [Int: String]
    }

    /// A name that a caller of the file's signature uses, with the graph's value.
    package struct SignatureEntry: Sendable {
        package var name: String
        package var value: String
    }

    /// An entry point of the file, with the names that a caller uses.
    package struct Signature: Sendable {
        package var name: String
        package var inputs: [String]
        package var outputs: [String]
    }

    /// Complete and validated; the first graph is the subgraph that was chosen, the file's first one without signatures.
    package var program: Program
    /// Those of the file's subgraphs that the main one needs, itself first; in the order of the program's graphs.
    package var subgraphs: [Subgraph]
    /// The main graph's inputs and outputs under the names of its signature; empty without one.
    package var signatureInputs: [SignatureEntry]
    package var signatureOutputs: [SignatureEntry]
    /// The name of the signature that was read; nil if the file has none.
    package var signature: String?
    /// All of the file's signatures, in its order.
    package var signatures: [Signature]
    /// Whether the file leaves the first axis of its first input open; in the program it is 1.
    package var hasOpenBatch: Bool
    /// The shapes of the main graph's outputs as the file states them, nil for open extents.
    package var outputExtents: [[Int?]]
    /// The file's own description, often `MLIR Converted.`
    package var description: String
    /// The contents of its `TFLITE_METADATA`; nil without them, or if there are several.
    package var metadata: [UInt8]?

    package var inputNames: [String] { program.graphs.first?.inputs.map(\.name) ?? [] }
    package var outputNames: [String] { program.graphs.first?.outputs ?? [] }
}
