package import EmotionFormerCore

/// What a TensorFlow Lite file says about the inputs of its first subgraph beside the network: `TFLITE_METADATA`, a
/// FlatBuffers file of its own inside the file, in the layout of TensorFlow Lite's `metadata_schema.fbs`.
package struct ModelMetadata: Sendable {
    /// How numbers become those that the network takes: (number − mean) / deviation; one mean and one deviation, or one
    /// for each channel.
    package struct Normalization: Sendable, Hashable {
        package var means: [Float]
        package var deviations: [Float]

        package init(means: [Float], deviations: [Float]) {
            self.means = means
            self.deviations = deviations
        }
    }

    package struct Input: Sendable {
        package var name: String
        /// Whether it is a picture whose channels are red, green and blue.
        package var isRGB: Bool
        /// Applied in this order.
        package var normalizations: [Normalization]
        /// The number of other steps that come before the network.
        package var otherSteps: Int
    }

    /// In the order of the subgraph's inputs.
    package var inputs: [Input]

    /// - Parameter bytes: the contents of `TFLITE_METADATA`.
    /// - Throws: `malformedTFLite`, `outOfBounds` or `limitExceeded`, with the byte.
    package init(_ bytes: [UInt8], limits: Limits = Limits()) throws(Fault) {
        do throws(Fault) {
            guard bytes.count >= 8, bytes[4..<8].elementsEqual("M001".utf8) else {
                throw Fault(
                    .malformedTFLite, at: "", "the identifier is not that of a model's metadata", expected: "'M001'")
            }
            let reader = FlatBufferReader(bytes, limits: limits)
            let model = try reader.table(at: try reader.target(ofOffsetAt: 0))
            inputs = []
            guard let subgraph = try model.tables(3).first else { return }
            inputs = try TFLiteFile.list("input", subgraph.tables(2)) { (table) throws(Fault) in try Input(table) }
        } catch {
            throw error.within(ModelMetadata.name)
        }
    }

    package static let name = "TFLITE_METADATA"
}

extension ModelMetadata.Input {
    /// Kinds in the schema's unions.
    private static let imageProperties: UInt8 = 2
    private static let normalizationOptions: UInt8 = 1
    private static let rgb: UInt8 = 1

    init(_ table: FlatBufferTable) throws(Fault) {
        name = try table.string(0) ?? ""
        isRGB = false
        if let content = try table.table(3), try content.number(0, default: 0 as UInt8) == Self.imageProperties {
            isRGB = try content.table(1)?.number(0, default: 0 as UInt8) == Self.rgb
        }
        normalizations = []
        otherSteps = 0
        for step in try table.tables(4) {
            guard try step.number(0, default: 0 as UInt8) == Self.normalizationOptions, let options = try step.table(1)
            else {
                otherSteps += 1
                continue
            }
            func floats(_ index: Int) throws(Fault) -> [Float] {
                (try options.numbers(index, as: UInt32.self) ?? []).map { Float(bitPattern: $0) }
            }
            normalizations.append(.init(means: try floats(0), deviations: try floats(1)))
        }
    }
}
