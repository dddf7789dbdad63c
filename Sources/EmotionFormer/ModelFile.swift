package import EmotionFormerModelFormat
package import EmotionFormerTensors

/// A model in any of the forms that are read.
package enum ModelFile {
    /// A model package.
    /// - Parameters:
    ///   - verifyHash: whether SHA-256 is checked beside the fast checksum.
    ///   - includingSelfTest: whether the self-test is read.
    /// - Throws: what is wrong with it, with file and field.
    package static func read(
        _ path: String, verifyHash: Bool = false, includingSelfTest: Bool = true
    ) throws(Fault) -> ModelPackage {
        try ModelPackage.read(folder: path, verifyHash: verifyHash, includingSelfTest: includingSelfTest)
    }
}
