import EmotionFormer
import EmotionFormerCore
import EmotionFormerModelFormat
import EmotionFormerTFLiteImport

extension FuzzTarget {
    static let tflite = FuzzTarget(name: "tflite", run: TFLiteInput.run)

    /// Valid files, changed field by field.
    static let tfliteFields = FuzzTarget(
        name: "tflite-fields", run: TFLiteInput.run, keepsRefused: false,
        mutate: { bytes, _, random in
            var fields = FlatBufferFields(bytes)
            fields.mutate(&random)
            bytes = fields.bytes
        })
}

enum TFLiteInput {
    static func run(_ bytes: [UInt8]) -> Bool {
        do throws(Fault) {
            // Every other file as sessions read it.
            let model = try TFLiteImporter.read(bytes, name: "input", keepsStates: bytes.reduce(0, &+) & 1 == 1)
            guard let run = ModelRun(model.program, input: bytes) else { return true }
            // As a package, if it takes one clip.
            guard run.check(), run.isChosen(oneIn: 16) else { return true }
            var options = ImportOptions(name: "input", producer: .init(tool: "fuzz", version: "1"))
            if model.program.graphs.first?.inputs.first?.extents.dropFirst().first == .some(nil) { options.frames = 4 }
            if let contents = try? ModelPackage(importing: model.program, options: options) {
                let model = try? EmotionModel(contents, options: ModelRun.modelOptions)
                if let model { try FrameRun.check(model) }
            }
        } catch {
            error.checkForm()
            return false
        }
        return true
    }
}
