import EmotionFormerFiles

/// The chunks of a PNG file that say how it looks, checked: order, sizes, checksums.
struct PNGChunks {
    let header: PNGHeader
    /// Red, green, blue of each entry; empty without a palette.
    private(set) var palette: [UInt8] = []
    /// What all data chunks hold.
    private(set) var data: [UInt8] = []

    init(_ file: [UInt8]) throws(FileFormatError) {
        var reader = ChunkReader(file)
        guard let first = try reader.next(), first.name == "IHDR" else {
            throw FileFormatError(at: "byte 8", "the first chunk is not the header", expected: "IHDR")
        }
        header = try PNGHeader(first.content)
        var isInData = false
        while let chunk = try reader.next() {
            let (isData, place) = (chunk.name == "IDAT", chunk.name)
            defer { isInData = isData }
            switch chunk.name {
            case "IHDR": throw FileFormatError(at: place, "the file has a second header")
            case "IDAT":
                guard isInData || data.isEmpty else {
                    throw FileFormatError(at: place, "the data chunks do not follow each other")
                }
                data.append(contentsOf: chunk.content)
            case "PLTE":
                guard data.isEmpty, palette.isEmpty else {
                    throw FileFormatError(at: place, "the palette stands in the wrong place")
                }
                guard chunk.content.count.isMultiple(of: 3), (3...768).contains(chunk.content.count) else {
                    throw FileFormatError(
                        at: place, "the palette has a wrong size", found: "\(chunk.content.count) bytes",
                        expected: "1 to 256 times 3")
                }
                palette = Array(chunk.content)
            case "IEND":
                guard !data.isEmpty else {
                    throw FileFormatError(at: place, "the file has no data chunk", expected: "IDAT")
                }
                guard header.color != .palette || !palette.isEmpty else {
                    throw FileFormatError(
                        at: place, "the picture has colors of a palette, and there is none", expected: "PLTE")
                }
                return
            default:
                // A capital letter marks what a reader must understand.
                guard chunk.isAncillary else {
                    throw FileFormatError(
                        .unsupportedAttribute, at: "", "a chunk that must be understood is unknown", found: chunk.name,
                        expected: "IHDR, PLTE, IDAT or IEND")
                }
            }
        }
        throw FileFormatError(
            .sizeMismatch, at: "byte \(file.count)", "the file ends before its last chunk", expected: "IEND")
    }

    /// Four bytes, highest first.
    static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}

private struct ChunkReader {
    struct Chunk {
        let name: String
        let isAncillary: Bool
        let content: ArraySlice<UInt8>
    }

    private let file: [UInt8]
    private var position = PNGFile.signature.count

    init(_ file: [UInt8]) { self.file = file }

    /// nil at the end of the file.
    mutating func next() throws(FileFormatError) -> Chunk? {
        let start = position
        guard start < file.count else { return nil }
        func cut(_ expected: Int) -> FileFormatError {
            FileFormatError(
                .sizeMismatch, at: "byte \(start)", "a chunk is cut short", found: "\(file.count - start) bytes",
                expected: "\(expected)")
        }
        guard file.count - start >= 12 else { throw cut(12) }
        let length = Int(PNGChunks.number(file[start..<start + 4]))
        let letters = file[start + 4..<start + 8]
        guard letters.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) else {
            throw FileFormatError(
                at: "byte \(start + 4)", "a chunk's name is not four letters", found: Picture.shown(letters))
        }
        guard length <= file.count - start - 12 else { throw cut(length + 12) }
        let end = start + 8 + length
        let name = String(decoding: letters, as: UTF8.self)
        let checksum = CRC32.checksum(file[start + 4..<end])
        guard checksum == PNGChunks.number(file[end..<end + 4]) else {
            throw FileFormatError(
                .checksumMismatch, at: "\(name) at byte \(start)", "the CRC-32 is not the one stored in the file")
        }
        position = end + 4
        return Chunk(name: name, isAncillary: file[start + 4] & 0x20 != 0, content: file[start + 8..<end])
    }
}
