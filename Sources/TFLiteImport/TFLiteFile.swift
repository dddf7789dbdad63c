import EmotionFormerCore

/// The contents of a TensorFlow Lite file in the layout of its schema.
struct TFLiteFile {
    struct OperatorCode {
        var builtin: BuiltinOperator
        var version: Int
        var customName: String?
    }

    /// Bytes of the file.
    struct Buffer {
        var range: Range<Int>
    }

    struct Quantization: Equatable {
        var scales: [Float]
        var zeroPoints: [Int64]
        /// The axis along which the scales lie, if there are several.
        var axis: Int
    }

    struct Tensor {
        var name: String
        var type: TensorType
        /// Extents as stored; where `signature` says -1, the extent the file was converted with (usually 1).
        var shape: [Int]
        /// Extents; -1 for those that are open until run time.
        var signature: [Int]
        var buffer: Int
        var quantization: Quantization?
        var isVariable: Bool
        var isSparse: Bool
        var isExternal: Bool
    }

    struct Operator {
        var code: Int
        /// Tensor indices; -1 stands for an operand that is left out.
        var inputs: [Int]
        var outputs: [Int]
        var intermediates: [Int]
        var optionsType: Int
        var options: FlatBufferTable?
        /// The bytes of the file that hold a custom operator's options; empty without them.
        var customOptions: Range<Int>
    }

    struct Subgraph {
        var name: String
        var tensors: [Tensor]
        var inputs: [Int]
        var outputs: [Int]
        var operators: [Operator]
    }

    /// An entry point: a subgraph with names for its ends.
    struct Signature {
        var key: String
        var subgraph: Int
        /// Names that a caller uses, with the tensors' indices.
        var inputs: [(name: String, tensor: Int)]
        var outputs: [(name: String, tensor: Int)]
    }

    struct Metadata {
        var name: String
        var buffer: Int
    }

    var version: Int
    var description: String
    var operatorCodes: [OperatorCode]
    var subgraphs: [Subgraph]
    var buffers: [Buffer]
    var signatures: [Signature]
    var metadata: [Metadata]
    var bytes: [UInt8]
    var limits: Limits
    /// The subgraph that is read: the first one, or that of the signature that was chosen.
    var main = 0
}
