import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph

/// The contents of `manifest.json`, before any other file is read: tensors are names and byte ranges.
struct Manifest {
    static let fileName = "manifest.json"
    static let format = "emotionformer-model"
    /// What is written.
    static let formatVersion = 2
    /// What is read.
    static let formatVersions = 1...2

    /// A file of tensors beside the manifest.
    struct BinaryFile {
        var name: String
        var byteCount: Int
        /// Sixteen hexadecimal digits.
        var xxh64: String
        /// Sixty-four hexadecimal digits.
        var sha256: String
        /// Where the manifest states it.
        var cursor: JSONCursor
    }

    struct Normalization {
        var mean: String
        var standardDeviation: String
        var epsilon: Double
        var cursor: JSONCursor
    }

    struct InputEntry {
        /// Without normalization, whose tensors are not read yet.
        var specification: InputSpecification
        var normalization: Normalization?
        /// The element type and extents that format 2 repeats from the graph.
        var type: (elementType: ElementType, extents: [Int?])?
        var cursor: JSONCursor
    }

    struct SelfTestEntry {
        struct Output {
            var name: String
            var tensor: String
            var tolerance: Double
        }

        var oracle: String
        var tensors: [TensorEntry]
        /// Names of inputs and of their tensors.
        var inputs: [(name: String, tensor: String)]
        var outputs: [Output]
        var cursor: JSONCursor
    }

    var name: String
    var license: String?
    var citation: String?
    var metadata: JSONValue?
    var producer: ModelPackage.Producer
    var weights: BinaryFile
    var selfTestData: BinaryFile?
    var inputs: [InputEntry]
    var labels: [String]?
    var tensors: [TensorEntry]
    var graphs: [Graph]
    var outputs: [OutputSpecification]
    var selfTest: SelfTestEntry?
}

/// A tensor as the manifest describes it.
struct TensorEntry {
    struct QuantizationEntry {
        var scale: String
        var zeroPoint: String?
        var axis: Int?
        var cursor: JSONCursor
    }

    var name: String
    var elementType: ElementType
    var shape: Shape
    var offset: Int
    var byteCount: Int
    var quantization: QuantizationEntry?
    var cursor: JSONCursor

    /// Behind the last byte; the reader has checked that the sum does not overflow.
    var end: Int { offset &+ byteCount }
}
