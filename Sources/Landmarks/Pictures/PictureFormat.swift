package import EmotionFormerCore
import EmotionFormerFiles

/// What a picture's file begins with says its format; its name does not matter.
package enum PictureFormat: Sendable, Equatable {
    case png
    /// PPM or PGM, binary: P6 or P5.
    case portableMap
    /// A format that is not read here, by its name.
    case other(String)

    /// Whether `Picture` reads it.
    package var isRead: Bool { if case .other = self { false } else { true } }

    /// nil for bytes that begin like no picture.
    package init?(_ start: some Collection<UInt8>) {
        let start = Array(start.prefix(16))
        func begins(_ text: String, at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: text.utf8) }
        if start.starts(with: PNGFile.signature) {
            self = .png
        } else if start.count >= 3, start[0] == UInt8(ascii: "P"),
            PortableMap.isBlank(start[2]) || start[2] == UInt8(ascii: "#"),
            let kind = PortableMap.Kind(rawValue: start[1])
        {
            self = kind.isRead ? .portableMap : .other(kind.name)
        } else if start.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .other("JPEG")
        } else if begins("GIF8") {
            self = .other("GIF")
        } else if begins("BM"), start.count >= 10, start[6..<10].allSatisfy({ $0 == 0 }) {
            self = .other("BMP")
        } else if begins("RIFF"), begins("WEBP", at: 8) {
            self = .other("WebP")
        } else if begins("II*\0") || begins("MM\0*") {
            self = .other("TIFF")
        } else if begins("ftyp", at: 4), ["heic", "heix", "mif1", "avif"].contains(where: { begins($0, at: 8) }) {
            self = .other("HEIF")
        } else {
            return nil
        }
    }
}

extension PictureFormat {
    /// nil for a file that begins like no picture.
    /// - Throws: `missingFile`, `unreadableFile`.
    package init?(fileAt path: String) throws(Fault) {
        let file = try InputFile(path: path, what: "picture")
        var start = [UInt8](repeating: 0, count: min(file.byteCount, 16))
        try file.read(into: &start)
        self.init(start)
    }
}
