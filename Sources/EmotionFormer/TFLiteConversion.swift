import EmotionFormerEngine
import EmotionFormerFiles
import EmotionFormerGraph
package import EmotionFormerModelFormat
import EmotionFormerTFLiteImport
package import EmotionFormerTensors

/// How to make a model package of a TensorFlow Lite file, which does not state normalization, labels or padding. They
/// come from the values here, or else from the assets folder.
package struct TFLiteConversion: Sendable {
    /// The number of frames of a model that does not fix it, if nothing else states it.
    package static let defaultFrames = 300

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
    package var outputs = ImportOptions.Outputs.probabilities
    package var name: String?
    package var license: String?
    package var citation: String?
    /// The package's producer, recorded with the hashes of all source files; nil for the file's own description.
    package var tool: (name: String, version: String)?

    package var limits = Limits()
    /// Whether the file's checksum is taken even where its version is known: a millisecond for 9 MB.
    package var isChecksummed = false

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
                try PlanCache(package, options: PlanOptions()).checkOutputs(areScores: false, hasOpenBatch: false)
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
        let model = try TFLiteImporter.read(bytes, name: path, limits: limits)
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
        options.missingValue = missingValue
        options.outputs = outputs
        options.layout = layout
        options.frames = frames
        let clip = model.program.graphs.first?.inputs.first?.extents ?? []
        if clip.count == 3, clip[1] == nil {
            options.frames = frames ?? given.publishedFrames ?? TFLiteConversion.defaultFrames
        }
        options.metadata = given.metadata
        options.labels = try given.labels()
        if clip.count == 3, let features = clip[2], let frames = clip[1] ?? options.frames {
            let layout = options.layout(features: features)
            options.normalization = try given.normalization(
                frames: frames, features: features, layout: layout, epsilon: epsilon)
        }
        do throws(Fault) {
            var package = try ModelPackage(importing: model.program, options: options)
            package.hasOpenBatch = model.hasOpenBatch
            return package
        } catch {
            throw error.within(path)
        }
    }
}
