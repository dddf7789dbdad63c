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
            return try ModelPackage(TFLiteImporter.read(bytes, name: path), path: path)
        }
        return try ModelPackage.read(folder: path, verifyHash: verifyHash, includingSelfTest: includingSelfTest)
    }
}
