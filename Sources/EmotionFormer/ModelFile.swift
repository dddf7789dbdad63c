package import EmotionFormerModelFormat
import EmotionFormerTFLiteImport
package import EmotionFormerTensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A model in any of the forms that are read: a package folder, or a TensorFlow Lite file.
package enum ModelFile {
    /// - Parameters:
    ///   - verifyHash: whether a package's SHA-256 is checked beside the fast checksum.
    ///   - includingSelfTest: whether a package's self-test is read.
    /// - Throws: what is wrong with it, with file and field.
    package static func read(
        _ path: String, verifyHash: Bool = false, includingSelfTest: Bool = true
    ) throws(Fault) -> ModelPackage {
        var isFolder = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder {
            let bytes = try ByteSource.path(path).bytes()
            guard TFLiteImporter.recognises(bytes.prefix(8)) else {
                throw Fault(
                    .unreadableFile, at: path, "the file is no model",
                    expected: "a folder with manifest.json, or a TensorFlow Lite file")
            }
            return try imported(bytes, path)
        }
        return try ModelPackage.read(folder: path, verifyHash: verifyHash, includingSelfTest: includingSelfTest)
    }

    /// A TensorFlow Lite file says nothing of normalisation, labels and padding: features are taken as they are, and
    /// shorter clips are padded with zeros.
    private static func imported(_ bytes: [UInt8], _ path: String) throws(Fault) -> ModelPackage {
        let model = try TFLiteImporter.read(bytes, name: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        do throws(Fault) {
            return try ModelPackage(
                importing: model.program,
                options: ImportOptions(
                    name: name, producer: .init(tool: "TensorFlow Lite", version: model.description)))
        } catch {
            throw error.within(path)
        }
    }
}
