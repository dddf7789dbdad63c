import EmotionFormerCore
import EmotionFormerFiles

extension WeightFile {
    /// The size of a piece that is read and hashed while it is in the processor's cache.
    private static let pieceByteCount = 256 << 10

    /// Every tensor of the file by name. Few of them share memory, so that memory is freed while weights are packed one
    /// after the other.
    ///
    /// The file is read once, and the bytes in memory are those that are hashed.
    /// - Parameter verifyHash: whether SHA-256 is computed too.
    static func read(
        _ entries: [TensorEntry], of file: Manifest.BinaryFile, inFolder folder: String, verifyHash: Bool
    ) throws(Fault) -> [String: Tensor] {
        let path = "\(folder)/\(file.name)"
        let input = try InputFile(path: path, what: "file that the manifest names")
        guard input.byteCount == file.byteCount else {
            throw Fault(
                .sizeMismatch, at: path,
                input.byteCount < file.byteCount ? "the file is truncated" : "the file is too long",
                found: "\(input.byteCount) bytes", expected: "\(file.byteCount)")
        }
        var digest = Digest(withSHA256: verifyHash)
        var tensors: [String: Tensor] = [:]
        var position = 0
        var pages = PageSequence()
        for entry in try ordered(entries, in: file) {
            try readPadding(entry.offset - position, input, &digest)
            position = entry.end
            let region = pages.region(for: entry.byteCount, rest: file.byteCount - entry.offset)
            tensors[entry.name] = try Tensor(entry.elementType, entry.shape, in: region) { bytes throws(Fault) in
                var done = 0
                while done < bytes.count {
                    let piece = UnsafeMutableRawBufferPointer(
                        rebasing: bytes[done..<min(done + pieceByteCount, bytes.count)])
                    try input.read(into: piece)
                    digest.update(UnsafeRawBufferPointer(piece))
                    done += piece.count
                }
            }
        }
        try input.checkEnd()
        try digest.check(file, path)
        return tensors
    }

    /// - Parameter count: less than the alignment.
    private static func readPadding(_ count: Int, _ input: borrowing InputFile, _ digest: inout Digest) throws(Fault) {
        guard count > 0 else { return }
        var padding = [UInt8](repeating: 0, count: count)
        try input.read(into: &padding)
        padding.withUnsafeBytes { digest.update($0) }
        guard padding.allSatisfy({ $0 == 0 }) else {
            throw Fault(.invalidValue, at: input.path, "bytes between two tensors are not zero")
        }
    }
}

extension Digest {
    /// - Throws: `checksumMismatch` unless the checksums agree with the manifest.
    func check(_ file: Manifest.BinaryFile, _ path: String) throws(Fault) {
        guard xxh64.hexadecimalValue == file.xxh64 else {
            throw Fault(
                .checksumMismatch, at: path, "the file's XXH64 is not the manifest's", found: xxh64.hexadecimalValue,
                expected: file.xxh64)
        }
        guard let sha256 = sha256?.hexadecimalValue, sha256 != file.sha256 else { return }
        throw Fault(
            .checksumMismatch, at: path, "the file's SHA-256 is not the manifest's", found: sha256,
            expected: file.sha256)
    }
}
