import EmotionFormerFiles

extension ModelPackage.Producer.Source {
    /// A file that a package is made from.
    package init(name: String, contents: [UInt8]) {
        var hash = SHA256()
        contents.withUnsafeBytes { hash.update($0) }
        self.init(name: name, sha256: hash.hexadecimalValue)
    }
}
