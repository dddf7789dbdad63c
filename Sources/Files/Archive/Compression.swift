import EmotionFormerCore

/// Files that are one compressed whole: gzip (RFC 1952), zlib (RFC 1950), bzip2, xz and LZMA.
package enum Compression {
    /// The contents of a file that is compressed in one of these ways; the bytes of any other file unchanged.
    /// - Throws: malformed, `sizeMismatch` if it decodes to more than `limit` bytes, `checksumMismatch`;
    ///   `unsupportedAttribute` for what bzip2 and xz files may have and these readers do not read.
    package static func decompressed(_ file: [UInt8], atMost limit: Int) throws(FileFormatError) -> [UInt8] {
        if file.starts(with: [0x1F, 0x8B]) { return try gunzipped(file, atMost: limit) }
        if file.first == 0x78, file.count > 6 {
            guard (Int(file[0]) << 8 | Int(file[1])).isMultiple(of: 31), file[1] & 0x20 == 0 else {
                throw FileFormatError(at: "", "the zlib header is damaged")
            }
            let result = try Inflate.decode(file[2..<file.count - 4], atMost: limit)
            let stored = file.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard adler32(result) == stored else {
                throw FileFormatError(.checksumMismatch, at: "", "the Adler-32 is not the one stored in the file")
            }
            return result
        }
        if file.starts(with: [0x42, 0x5A, 0x68]) { return try BZip2.decode(file[...], atMost: limit) }
        if XZFile.recognizes(file) { return try XZFile.decode(file, atMost: limit) }
        if LZMAFile.recognizes(file) { return try LZMAFile.decode(file, atMost: limit) }
        return file
    }

    /// RFC 1952, one member.
    private static func gunzipped(_ file: [UInt8], atMost limit: Int) throws(FileFormatError) -> [UInt8] {
        let damaged = FileFormatError(at: "", "the gzip file is damaged")
        guard file.count >= 18, file[2] == 8, file[3] & 0xE0 == 0 else { throw damaged }
        var rest = file[10..<file.count - 8]
        if file[3] & 4 != 0 {
            guard rest.count >= 2 else { throw damaged }
            let length = Int(rest[10]) | Int(rest[11]) << 8
            rest = rest.dropFirst(2 + length)
        }
        // A file name and a comment, each terminated by a zero byte.
        for flag in [8, 16] as [UInt8] where file[3] & flag != 0 {
            guard let end = rest.firstIndex(of: 0) else { throw damaged }
            rest = rest[(end + 1)...]
        }
        if file[3] & 2 != 0 { rest = rest.dropFirst(2) }
        let result = try Inflate.decode(rest, atMost: limit)
        let stored = file[(file.count - 8)..<(file.count - 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard CRC32.checksum(result) == stored else {
            throw FileFormatError(.checksumMismatch, at: "", "the CRC-32 is not the one stored in the file")
        }
        return result
    }

    /// RFC 1950, section 8.2.
    package static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        var rest = bytes[...]
        while !rest.isEmpty {
            // As many as cannot overflow before they are reduced.
            for byte in rest.prefix(5552) {
                a &+= UInt32(byte)
                b &+= a
            }
            a %= 65521
            b %= 65521
            rest = rest.dropFirst(5552)
        }
        return b << 16 | a
    }
}
