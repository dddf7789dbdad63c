import EmotionFormerCore

/// Files of the xz format: streams of blocks of LZMA2, each with a checksum, and an index of the blocks at the end.
package struct XZFile {
    /// What a block's contents are checked by.
    private enum Check: UInt8 {
        case none = 0
        case crc32 = 1
        case crc64 = 4
        case sha256 = 10

        var byteCount: Int {
            switch self {
            case .none: 0
            case .crc32: 4
            case .crc64: 8
            case .sha256: 32
            }
        }
    }

    private static let start: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]

    private let bytes: [UInt8]
    private var position = 0
    private let limit: Int
    private var output: [UInt8] = []

    package static func recognizes(_ bytes: [UInt8]) -> Bool { bytes.starts(with: start) }

    /// - Throws: malformed for data that breaks the format, `checksumMismatch`, `sizeMismatch` if it decodes to more
    ///   than `maximum` bytes, `unsupportedAttribute` for filters before LZMA2 and for checks that are not of the
    ///   format's list.
    package static func decode(_ bytes: [UInt8], atMost maximum: Int) throws(FileFormatError) -> [UInt8] {
        var file = XZFile(bytes: bytes, limit: maximum)
        repeat {
            try file.stream()
            // Between streams: zeros, four at a time.
            while bytes.count - file.position >= 4, bytes[file.position..<file.position + 4].allSatisfy({ $0 == 0 }) {
                file.position += 4
            }
        } while file.position < bytes.count
        return file.output
    }

    private init(bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    private mutating func stream() throws(FileFormatError) {
        guard try take(6).elementsEqual(XZFile.start) else { throw XZFile.fault("a stream does not begin as one") }
        let flags = try take(2)
        try checkCRC32(of: flags)
        let check = try XZFile.check(flags)
        var blocks: [(packed: UInt64, contents: UInt64)] = []
        while true {
            let size = try take(1)
            if size.first == 0 { break }
            blocks.append(try block(headerStart: size.startIndex, check))
        }
        let indexStart = position - 1
        guard try number() == UInt64(blocks.count) else { throw XZFile.fault("the index lists other blocks") }
        for block in blocks {
            guard try number() == block.packed, try number() == block.contents else {
                throw XZFile.fault("the index lists other blocks")
            }
        }
        try takePadding(from: indexStart)
        let indexSize = position - indexStart + 4
        try checkCRC32(of: bytes[indexStart..<position])
        let checksum = try take(4)
        let footer = try take(6)
        guard XZFile.littleEndian(checksum) == UInt64(CRC32.checksum(footer)) else { throw XZFile.wrongChecksum }
        guard XZFile.littleEndian(footer.prefix(4)) == UInt64(indexSize / 4 - 1), footer.suffix(2).elementsEqual(flags),
            try take(2).elementsEqual([0x59, 0x5A])
        else { throw XZFile.fault("a stream does not end as one") }
    }

    private static func check(_ flags: ArraySlice<UInt8>) throws(FileFormatError) -> Check {
        guard let kind = flags.last, flags.first == 0, kind < 16 else { throw fault("a stream has unknown flags") }
        guard let check = Check(rawValue: kind) else {
            throw FileFormatError(
                .unsupportedAttribute, at: "xz", "the kind of checksum is not read", found: "\(kind)",
                expected: "none, CRC-32, CRC-64 or SHA-256")
        }
        return check
    }

    /// - Returns: the block's size without its last padding, and that of its contents.
    private mutating func block(
        headerStart: Int, _ check: Check
    ) throws(FileFormatError) -> (packed: UInt64, contents: UInt64) {
        let header = bytes[headerStart..<headerStart + 1] + (try take(Int(bytes[headerStart]) * 4 - 1))
        try checkCRC32(of: header)
        var fields = XZFile(bytes: Array(header), limit: 0)
        fields.position = 1
        guard let flags = try fields.take(1).first, flags & 0x3C == 0 else {
            throw XZFile.fault("a block has unknown flags")
        }
        let packedSize = flags & 0x40 == 0 ? nil : try fields.number()
        let contentSize = flags & 0x80 == 0 ? nil : try fields.number()
        let filter = try fields.number()
        guard flags & 3 == 0, filter == 0x21 else {
            throw FileFormatError(
                .unsupportedAttribute, at: "xz", "filters before LZMA2 are not read", found: "filter \(filter)",
                expected: "LZMA2 alone")
        }
        guard try fields.number() == 1, let size = try fields.take(1).first, size <= 40 else {
            throw XZFile.fault("the size of a dictionary is out of range")
        }
        guard fields.bytes[fields.position...].allSatisfy({ $0 == 0 }) else {
            throw XZFile.fault("a block has unknown flags")
        }
        let start = position
        let contents = try chunks(
            dictionarySize: size == 40 ? 0xFFFF_FFFF : (2 | Int(size) & 1) << (Int(size) / 2 + 11))
        let packed = UInt64(position - start)
        guard packedSize ?? packed == packed, contentSize ?? UInt64(contents.count) == UInt64(contents.count) else {
            throw XZFile.fault("a block has another size than it says")
        }
        try takePadding(from: start)
        let stored = try take(check.byteCount)
        let isRight =
            switch check {
            case .none: true
            case .crc32: XZFile.littleEndian(stored) == UInt64(CRC32.checksum(contents))
            case .crc64: XZFile.littleEndian(stored) == CRC64.checksum(contents)
            case .sha256: stored.map(Hexadecimal.text).joined() == XZFile.sha256(contents)
            }
        guard isRight else { throw XZFile.wrongChecksum }
        output += contents
        return (UInt64(header.count + 4) + packed + UInt64(check.byteCount), UInt64(contents.count))
    }

    /// The contents of a block: chunks of LZMA, or of bytes as they are.
    private mutating func chunks(dictionarySize: Int) throws(FileFormatError) -> [UInt8] {
        var decoder = LZMADecoder(limit: limit - output.count)
        decoder.dictionarySize = dictionarySize
        var (needsDictionary, needsProperties, needsState) = (true, true, true)
        while let control = try take(1).first, control != 0 {
            if control == 1 || control >= 0xE0 {
                decoder.resetDictionary()
                (needsDictionary, needsProperties) = (false, true)
            }
            guard !needsDictionary, control <= 2 || control >= 0x80 else { throw XZFile.fault("a chunk is of no kind") }
            let size = Int(try bigEndian())
            if control < 0x80 {
                try decoder.copy(take(size + 1))
                continue
            }
            let packedSize = Int(try bigEndian()) + 1
            if control >= 0xC0, let byte = try take(1).first {
                try decoder.resetState(LZMADecoder.Properties(byte))
                (needsProperties, needsState) = (false, false)
            } else if control >= 0xA0, !needsProperties {
                try decoder.resetState()
                needsState = false
            }
            guard !needsProperties, !needsState else { throw XZFile.fault("a chunk has no properties") }
            try decoder.decode(take(packedSize), byteCount: Int(control & 0x1F) << 16 + size + 1)
        }
        return decoder.output
    }

    private mutating func take(_ count: Int) throws(FileFormatError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw XZFile.fault("the file is cut short") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    private mutating func bigEndian() throws(FileFormatError) -> UInt16 {
        try take(2).reduce(0) { $0 << 8 | UInt16($1) }
    }

    private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A number in groups of seven bits, the lowest first, at most nine of them.
    private mutating func number() throws(FileFormatError) -> UInt64 {
        var value: UInt64 = 0
        for group in 0..<9 {
            guard let byte = try take(1).first else { break }
            value |= UInt64(byte & 0x7F) << UInt64(7 * group)
            guard byte & 0x80 == 0 else { continue }
            guard byte != 0 || group == 0 else { break }
            return value
        }
        throw XZFile.fault("a number is too long")
    }

    /// Zeros up to a multiple of four bytes.
    private mutating func takePadding(from start: Int) throws(FileFormatError) {
        while !(position - start).isMultiple(of: 4) {
            guard try take(1).first == 0 else { throw XZFile.fault("the padding is not zero") }
        }
    }

    private mutating func checkCRC32(of part: some Sequence<UInt8>) throws(FileFormatError) {
        guard XZFile.littleEndian(try take(4)) == UInt64(CRC32.checksum(part)) else { throw XZFile.wrongChecksum }
    }

    private static func sha256(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.hexadecimalValue
    }

    private static var wrongChecksum: FileFormatError {
        FileFormatError(.checksumMismatch, at: "xz", "a checksum is not the one stored in the file")
    }

    private static func fault(_ problem: String) -> FileFormatError { FileFormatError(at: "xz", problem) }
}
