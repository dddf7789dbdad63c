import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The weights of a model package by name, for layers that are put together by hand.
///
/// ```swift
/// let weights = try ModelWeights(contentsOf: url)
/// let kernel = try weights["attention_1/query/kernel"]     // a Tensor<Float>
/// ```
public struct ModelWeights: Sendable {
    private let tensors: [String: StoredTensor]
    private let package: String

    /// The names of the classes in the order of the outputs; nil if the package has none.
    public let labels: [String]?

    /// The numbers that a clip model normalizes with: (x − mean)/(standard deviation + epsilon).
    public struct Normalization: Sendable {
        /// Each broadcasts to frames × features.
        public let mean: Tensor<Float>
        public let standardDeviation: Tensor<Float>
        public let epsilon: Float

        /// Normalized features.
        /// - Throws: `shapeMismatch`.
        public func callAsFunction(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
            try x.subtracting(mean).divided(by: standardDeviation + epsilon)
        }
    }

    /// nil for a model that normalizes nothing, or takes no clips.
    public let normalization: Normalization?

    /// Reads a package: a folder with `manifest.json` and `weights.bin`. Sizes, ranges and the checksum are checked.
    /// - Throws: `missing`, `unreadableFile`, `malformedFile`, with the file and the place in it.
    public init(contentsOf url: URL) throws(TensorError) {
        let package = try named { () throws(Fault) in
            try ModelPackage.read(folder: url.path, includingSelfTest: false)
        }
        tensors = package.program.tensors
        labels = package.labels
        normalization = package.clip?.normalization.map {
            Normalization(
                mean: Tensor(storage: $0.mean.storage, layout: StridedLayout($0.mean.shape)),
                standardDeviation: Tensor(
                    storage: $0.standardDeviation.storage, layout: StridedLayout($0.standardDeviation.shape)),
                epsilon: Float($0.epsilon))
        }
        self.package = url.path
    }

    /// The names of all weights, in alphabetical order.
    public var names: [String] { tensors.keys.sorted() }

    /// A weight as 32-bit numbers. 16-bit ones become so exactly; quantized ones become the numbers that they stand for.
    /// - Throws: `missing` for a name that is not there; `elementTypeMismatch` for weights that are no real numbers.
    public subscript(name: String) -> Tensor<Float> {
        get throws(TensorError) {
            let stored = try stored(name)
            let tensor = stored.tensor
            if let quantization = stored.quantization {
                return try dequantized(tensor, quantization, name)
            }
            switch tensor.elementType {
            case .float32: return Tensor(storage: tensor.storage, layout: StridedLayout(tensor.shape))
            case .float16: return try Tensor(tensor.doubles.map { Float($0) }, shape: tensor.shape.extents)
            case .int8, .uint8, .int16, .int32, .int64, .bool:
                throw TensorError(
                    .elementTypeMismatch, at: "\(package): \(name)", "the weight is no real number",
                    found: tensor.elementType.rawValue, expected: "float32, float16 or a quantized weight")
            }
        }
    }

    /// A weight of whole numbers, such as indices.
    /// - Throws: `missing` for a name that is not there; `elementTypeMismatch` for real numbers.
    public func integers(_ name: String) throws(TensorError) -> Tensor<Int64> {
        let tensor = try stored(name).tensor
        guard let integers = tensor.integers else {
            throw TensorError(
                .elementTypeMismatch, at: "\(package): \(name)", "the weight is no whole number",
                found: tensor.elementType.rawValue, expected: "whole numbers")
        }
        return try Tensor(integers.map { Int64($0) }, shape: tensor.shape.extents)
    }

    private func stored(_ name: String) throws(TensorError) -> StoredTensor {
        guard let stored = tensors[name] else {
            throw TensorError(
                .missing, at: package, "the model has no weight of this name", found: name,
                expected: names.joined(separator: ", "))
        }
        return stored
    }

    private func dequantized(
        _ tensor: EmotionFormerCore.Tensor, _ quantization: Quantization, _ name: String
    ) throws(TensorError) -> Tensor<Float> {
        let shape = tensor.shape
        let after = quantization.axis.map { shape.elementCount(of: ($0 + 1)..<shape.rank) } ?? 1
        let length = quantization.axis.map { shape[$0] } ?? 1
        let numbers = tensor.doubles.enumerated().map { place, number -> Float in
            let index = length > 1 ? place / after % length : 0
            return Float(number - Double(quantization.zeroPoints[index])) * quantization.scales[index]
        }
        return try Tensor(numbers, shape: shape.extents)
    }
}
