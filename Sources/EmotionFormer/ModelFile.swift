package import EmotionFormerCore
package import EmotionFormerModelFormat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads a model in either form: a package folder or a TensorFlow Lite file.
package enum ModelFile {
    /// Whether there is a folder at the path.
    package static func isFolder(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }

    /// Whether there is a folder with a manifest at the path.
    package static func isPackage(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/manifest.json")
    }

    /// - Parameters:
    ///   - assets: the folder with normalization, labels and metadata of a TensorFlow Lite file.
    ///   - signature: the entry point of a TensorFlow Lite file that has several, by name.
    ///   - frames: the number of frames of a TensorFlow Lite file that does not fix it; nil for what its assets say, or
    ///     300.
    ///   - verifyHash: whether a package's SHA-256 is checked in addition to the fast checksum.
    ///   - includingSelfTest: whether a package's self-test is read.
    ///   - isChecksummed: whether a TensorFlow Lite file's checksum is taken even where its version is known.
    ///   - keepsStates: whether the states of a TensorFlow Lite file's fused LSTMs are variables, and not zero before each
    ///     run.
    ///   - limits: limits on its files and on what they describe.
    /// - Throws: what is wrong with it, with file and field; `invalidArgument` for assets or a
    ///   signature of a package.
    package static func read(
        _ path: String, assets: String? = nil, signature: String? = nil, frames: Int? = nil, verifyHash: Bool = false,
        includingSelfTest: Bool = true, isChecksummed: Bool = false, keepsStates: Bool = false,
        limits: Limits = Limits()
    ) throws(Fault) -> ModelPackage {
        guard !path.isEmpty else {
            throw Fault(
                .missingFile, at: "model", "the path is empty", expected: "a package folder, or a TensorFlow Lite file")
        }
        var isFolder = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard exists else {
            throw Fault(
                .missingFile, at: path, "there is no such file or folder",
                expected: "a package folder, or a TensorFlow Lite file")
        }
        if !isFolder {
            var conversion = TFLiteConversion()
            conversion.assets = assets
            conversion.signature = signature
            conversion.frames = frames
            conversion.limits = limits
            conversion.isChecksummed = isChecksummed
            conversion.keepsStates = keepsStates
            return try conversion.package(of: path)
        }
        if !isPackage(path), let fault = SavedModelFolder.fault(path) { throw fault }
        guard assets == nil else {
            throw Fault(
                .invalidArgument, at: path, "only a TensorFlow Lite file takes assets",
                expected: "a .tflite file; a package has its own")
        }
        guard signature == nil else {
            throw Fault(
                .invalidArgument, at: path, "only a TensorFlow Lite file has signatures",
                expected: "a .tflite file; a package is made of one of them")
        }
        return try ModelPackage.read(
            folder: path, verifyHash: verifyHash, includingSelfTest: includingSelfTest, limits: limits)
    }
}
