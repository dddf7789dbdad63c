import EmotionFormerFiles
import EmotionFormerGraph
import EmotionFormerTensors

/// The contents of `manifest.json`, before any other file is read: tensors are names and byte ranges.
struct Manifest {
    static let fileName = "manifest.json"
    static let format = "emotionformer-model"
    static let formatVersion = 1

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

    struct SelfTestEntry {
        var oracle: String
        var tensors: [TensorEntry]
        var input: String
        var probabilities: String
        var logits: String?
        var tolerance: SelfTest.Tolerance
        var cursor: JSONCursor
    }

    var name: String
    var license: String?
    var citation: String?
    var metadata: JSONValue?
    var producer: ModelPackage.Producer
    var weights: BinaryFile
    var selfTestData: BinaryFile?
    /// Without normalization, whose tensors are not read yet.
    var input: InputDescription
    var normalization: Normalization?
    var labels: [String]?
    var tensors: [TensorEntry]
    var graphs: [Graph]
    var outputs: ModelPackage.Outputs
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
