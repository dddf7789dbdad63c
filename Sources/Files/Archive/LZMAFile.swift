import EmotionFormerCore

/// Files of LZMA alone (`.lzma`): a header of 13 bytes, then the data.
package enum LZMAFile {
    /// Whether a file begins like one of liblzma: the usual properties, and a dictionary of a multiple of 64 KiB.
    package static func recognizes(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x5D, 0, 0]) }

    /// - Throws: malformed for data that breaks the format, `sizeMismatch` if it decodes to more than `maximum` bytes.
    package static func decode(_ bytes: [UInt8], atMost maximum: Int) throws(FileFormatError) -> [UInt8] {
        guard bytes.count >= 13 else { throw LZMADecoder.fault("the header is cut short") }
        let size = bytes[5..<13].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let byteCount: Int? = size == .max ? nil : Int(clamping: size)
        var decoder = LZMADecoder(limit: maximum)
        decoder.dictionarySize = max(1 << 12, Int(bytes[1..<5].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
        try decoder.resetState(LZMADecoder.Properties(bytes[0]))
        try decoder.decode(bytes[13...], byteCount: byteCount, mayHaveMark: true)
        return decoder.output
    }
}
