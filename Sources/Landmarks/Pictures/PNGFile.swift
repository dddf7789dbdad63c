import EmotionFormerFiles

/// PNG (ISO/IEC 15948): every color type and bit depth, with and without interlacing. Of an animation the still picture.
///
/// Samples of 16 bits lose their lower eight, as in OpenCV. Alpha, transparent colors, gamma and color profiles are not
/// applied.
enum PNGFile {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func picture(_ file: [UInt8]) throws(FileFormatError) -> Picture {
        let chunks = try PNGChunks(file)
        let header = chunks.header
        let pixels = try Picture.pixelCount(width: header.width, height: header.height)
        let rows = try inflated(chunks.data, byteCount: header.dataByteCount)
        var colors = [UInt8](repeating: 0, count: pixels * 3)
        try PNGRows(header, palette: chunks.palette).write(rows, to: &colors)
        return Picture(width: header.width, height: header.height, bytes: colors)
    }

    /// The zlib stream (RFC 1950) that the data chunks hold together.
    private static func inflated(_ data: [UInt8], byteCount: Int) throws(FileFormatError) -> [UInt8] {
        guard data.count >= 6, data[0] & 15 == 8, data[0] >> 4 <= 7, data[1] & 0x20 == 0,
            (Int(data[0]) << 8 | Int(data[1])).isMultiple(of: 31)
        else {
            throw FileFormatError(
                at: "IDAT", "the compressed data has no zlib header", found: Picture.shown(data.prefix(2)))
        }
        // Deflate makes at most 1,032 bytes of one: memory is not taken for what cannot come.
        guard byteCount / 1032 <= data.count else {
            throw FileFormatError(
                .sizeMismatch, at: "IDAT", "the compressed data is too short for the picture",
                found: "\(data.count) bytes", expected: "what \(byteCount) bytes of rows are compressed to")
        }
        let rows: [UInt8]
        do throws(FileFormatError) {
            rows = try Inflate.decode(data[2..<data.count - 4], byteCount: byteCount)
        } catch {
            throw error.within("IDAT")
        }
        guard PNGChunks.number(data.suffix(4)) == Compression.adler32(rows) else {
            throw FileFormatError(
                .checksumMismatch, at: "IDAT", "the Adler-32 is not the one stored in the file")
        }
        return rows
    }
}
