package import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFiles
import EmotionFormerGraph
package import EmotionFormerModelFormat
import EmotionFormerTFLiteImport

/// How to make a model package of a TensorFlow Lite file, which does not state normalization, labels or padding. They
/// come from the values here, or else from the assets folder.
package struct TFLiteConversion: Sendable {
    /// The number of frames of a model that does not fix it, if nothing else states it.
    package static let defaultFrames = 300

    /// The entry point of a file with several, by name; nil for the only one that it can mean.
    package var signature: String?
    /// The folder of assets; nil for none.
    package var assets: String?
    /// Paths of `.npy` files.
    package var mean: String?
    package var standardDeviation: String?
    package var epsilon = 0.0
    /// A file, or `A,B,C`.
    package var labels: String?
    package var frames: Int?
    package var layout: LandmarkLayout?
    package var padding = InputDescription.Padding()
    package var truncation = InputDescription.Truncation.end
    package var missingFrame = InputDescription.MissingFrame.drop
    package var missingValue = InputDescription.MissingValue.refuse
    package var outputs = ImportOptions.Outputs.found
    package var roles: [ImportOptions.Statement<InputSpecification.Role.Name>] = []
    package var kinds: [ImportOptions.Statement<OutputSpecification.Kind>] = []
    package var name: String?
    package var license: String?
    package var citation: String?
    /// The package's producer, recorded with the hashes of all source files; nil for the file's own description.
    package var tool: (name: String, version: String)?

    package var limits = Limits()
    /// Whether the file's checksum is taken even where its version is known: a millisecond for 9 MB.
    package var isChecksummed = false
    /// Whether the states of fused LSTMs are variables, for sessions. A package has no such variables: its clips start anew.
    package var keepsStates = false

    package init() {}

    /// - Throws: what is wrong with a file, with its path; why no package can be made.
    package func package(of path: String) throws(Fault) -> ModelPackage {
        try limits.validate()
        let file = try InputFile(path: path, what: "model")
        let bytes = try file.contents(.fileBytes, of: limits)
        var package = try package(of: bytes, path)
        if outputs == .sigmoid {
            // Only the shapes tell whether there are several.
            do throws(Fault) {
                try TFLiteConversion.checkClasses(package)
            } catch {
                throw error.within(path)
            }
        }
        package.sourceVersion = file.version
        if isChecksummed || file.version == nil { package.sourceChecksum = XXH64.hash(bytes) }
        return package
    }

    func package(of bytes: [UInt8], _ path: String) throws(Fault) -> ModelPackage {
        guard TFLiteImporter.recognizes(bytes.prefix(8)) else {
            throw Fault(
                .unreadableFile, at: path, "the file is not a model",
                expected: "a folder with manifest.json, or a TensorFlow Lite file")
        }
        let model = try TFLiteImporter.read(
            bytes, name: path, signature: signature, keepsStates: keepsStates, limits: limits)
        let given = try GivenFiles(self)
        var sources: [ModelPackage.Producer.Source] = []
        if tool != nil {
            sources = [.init(name: AssetFile.name(path), contents: bytes)]
            for file in given.all where !sources.contains(where: { $0.name == file.name }) {
                sources.append(.init(name: file.name, contents: file.contents))
            }
        }
        var options = ImportOptions(
            name: name ?? AssetFile.name(path),
            producer: .init(
                tool: tool?.name ?? "TensorFlow Lite", version: tool?.version ?? model.description, sources: sources))
        options.license = license
        options.citation = citation
        options.padding = padding
        options.truncation = truncation
        options.missingFrame = missingFrame
        options.outputs = outputs
        options.layout = layout
        options.frames = frames
        options.defaultFrames = given.publishedFrames ?? TFLiteConversion.defaultFrames
        options.missingValue = missingValue
        options.roles = roles
        options.kinds = kinds
        options.hasOpenFirstAxis = model.hasOpenBatch
        options.outputExtents = model.outputExtents
        options.inputNames = TFLiteConversion.names(model.signatureInputs).compactMapValues { names in
            names.count == 1 ? names[0] : nil
        }
        options.outputNames = TFLiteConversion.names(model.signatureOutputs)
        options.metadata = given.metadata
        options.labels = try given.labels()
        if given.hasNormalization {
            // The statistics' shapes must fit the input, whose description is made without them first.
            let input: InputDescription?
            do throws(Fault) {
                input = try options.clip(of: model.program)
            } catch {
                throw error.within(path)
            }
            guard let input else {
                throw Fault(
                    .invalidArgument, at: path, "the model takes neither a clip nor a vector of features",
                    expected: "a model without normalization")
            }
            options.normalization = try given.normalization(
                frames: input.frames, features: input.features, layout: input.layout, epsilon: epsilon)
        }
        do throws(Fault) {
            var package = try ModelPackage(importing: model.program, options: options)
                .provingRows(model.outputExtents, limits)
            package.signatures = model.signatures.map {
                .init(name: $0.name, inputs: $0.inputs, outputs: $0.outputs, isRead: $0.name == model.signature)
            }
            return package
        } catch {
            throw error.within(path)
        }
    }

    /// Names for callers by the graph's names.
    private static func names(_ entries: [ImportedModel.SignatureEntry]) -> [String: [String]] {
        var names: [String: [String]] = [:]
        for entry in entries { names[entry.value, default: []].append(entry.name) }
        return names
    }

    /// Checks that a package gives one row of classes.
    private static func checkClasses(_ package: ModelPackage) throws(Fault) {
        let reading = try PlanCache(package, options: PlanOptions()).reading
        guard reading.rowCount == 1 else {
            throw Fault(
                .shapeMismatch, at: "outputs", "the model gives several numbers for a clip, and two classes need one",
                found: "\(reading.rowCount)", expected: "1")
        }
    }
}
