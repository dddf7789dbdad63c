package import EmotionFormerCore
package import EmotionFormerFiles

extension Picture {
    /// The most bytes of a picture's file.
    private static let byteLimit = 1 << 30

    /// Reads a PNG, PPM or PGM file. Transparency is left out, as OpenCV and MediaPipe do: the colors stay as they are
    /// stored.
    /// - Throws: `missingFile`, `unreadableFile`, `invalidValue` for a file that is none of these or broken,
    ///   `checksumMismatch`, `sizeMismatch`, `limitExceeded`.
    package init(path: String) throws(Fault) {
        let bytes = try ByteSource.path(path).bytes(limit: Picture.byteLimit, streamLimit: Picture.byteLimit)
        do throws(Fault) {
            self = try Fault.reading(.invalidValue, try Picture(bytes))
        } catch {
            throw error.within(path)
        }
    }

    /// Reads the bytes of a PNG, PPM or PGM file.
    package init(_ file: [UInt8]) throws(FileFormatError) {
        switch PictureFormat(file) {
        case .png: self = try PNGFile.picture(file)
        case .portableMap: self = try PortableMap.picture(file)
        case .other(let name):
            throw FileFormatError(
                at: "", "a picture of this format is not read", found: name,
                expected: "PNG, PPM or PGM: convert it, for instance with ffmpeg -i FILE picture.png")
        case nil:
            throw FileFormatError(
                at: "", "this is not a picture", found: Picture.shown(file.prefix(8)), expected: "PNG, PPM or PGM")
        }
    }

    /// Bytes in a message: `bytes 89 50`.
    static func shown(_ bytes: some Collection<UInt8>) -> String {
        guard !bytes.isEmpty else { return "no bytes" }
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return (bytes.count == 1 ? "byte " : "bytes ") + digits.joined(separator: " ")
    }
}
