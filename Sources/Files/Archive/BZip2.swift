import EmotionFormerCore

/// Decodes bzip2 data: one stream, or several in a row.
///
/// A block is the Burrows–Wheeler transform of up to 900,000 bytes, moved to front and written with up to six Huffman
/// codes that take turns every 50 symbols.
package struct BZip2 {
    private var input: HighBitReader
    private var output: [UInt8] = []
    private let limit: Int

    /// - Throws: malformed for data that breaks the format, `checksumMismatch`, `sizeMismatch` if it decodes to more
    ///   than `maximum` bytes, `unsupportedAttribute` for blocks that are shuffled as bzip2 before 0.9.5 did.
    package static func decode(_ bytes: ArraySlice<UInt8>, atMost maximum: Int) throws(FileFormatError) -> [UInt8] {
        var decoder = BZip2(input: HighBitReader(bytes), limit: maximum)
        repeat { try decoder.stream() } while !decoder.input.isAtEnd
        return decoder.output
    }

    private init(input: HighBitReader, limit: Int) {
        self.input = input
        self.limit = limit
    }

    private mutating func stream() throws(FileFormatError) {
        // "BZh" and the size of a block in units of 100,000 bytes.
        guard try input.bits(24) == 0x42_5A68 else { throw BZip2.fault("a stream does not begin as one") }
        let level = Int(try input.bits(8)) - 0x30
        guard (1...9).contains(level) else { throw BZip2.fault("the size of a block is unknown") }
        var combined: UInt32 = 0
        while true {
            let (high, low) = (try input.bits(24), try input.bits(24))
            let checksum = try input.bits(16) << 16 | (try input.bits(16))
            switch (high, low) {
            case (0x31_4159, 0x26_5359):
                let start = output.count
                try block(limit: level * 100_000)
                guard HighCRC32.checksum(output[start...]) == checksum else { throw BZip2.wrongChecksum }
                combined = (combined << 1 | combined >> 31) ^ checksum
            case (0x17_7245, 0x38_5090):
                guard combined == checksum else { throw BZip2.wrongChecksum }
                return input.alignToByte()
            default: throw BZip2.fault("a block does not begin as one")
            }
        }
    }

    private mutating func block(limit: Int) throws(FileFormatError) {
        guard try input.bits(1) == 0 else {
            throw FileFormatError(
                .unsupportedAttribute, at: "bzip2", "blocks of versions before 0.9.5 are not read")
        }
        let origin = Int(try input.bits(24))
        let bytes = try usedBytes()
        let codes = try codes(symbolCount: bytes.count + 2)
        var column = try symbols(bytes, codes, limit: limit)
        guard origin < column.count else { throw BZip2.fault("a block begins outside of itself") }
        BZip2.link(&column)
        try expand(column, from: origin)
    }

    /// The bytes that occur in a block, ascending.
    private mutating func usedBytes() throws(FileFormatError) -> [UInt8] {
        let ranges = try input.bits(16)
        var bytes: [UInt8] = []
        for range in 0..<16 where ranges >> UInt32(15 - range) & 1 == 1 {
            let used = try input.bits(16)
            for byte in 0..<16 where used >> UInt32(15 - byte) & 1 == 1 { bytes.append(UInt8(range << 4 | byte)) }
        }
        guard !bytes.isEmpty else { throw BZip2.fault("a block has no bytes") }
        return bytes
    }

    /// The Huffman codes, and which of them is used for each group of 50 symbols.
    private mutating func codes(
        symbolCount: Int
    ) throws(FileFormatError) -> (codes: [HighHuffmanCode], selectors: [Int]) {
        let count = Int(try input.bits(3))
        let groupCount = Int(try input.bits(15))
        guard (2...6).contains(count), groupCount > 0 else { throw BZip2.fault("a block has no codes") }
        var order = Array(0..<count)
        var selectors: [Int] = []
        selectors.reserveCapacity(groupCount)
        for _ in 0..<groupCount {
            var place = 0
            while try input.bits(1) == 1 {
                place += 1
                guard place < count else { throw BZip2.fault("a group has a code that is not there") }
            }
            order.insert(order.remove(at: place), at: 0)
            selectors.append(order[0])
        }
        var codes: [HighHuffmanCode] = []
        for _ in 0..<count {
            var length = Int(try input.bits(5))
            var lengths: [Int] = []
            for _ in 0..<symbolCount {
                while try input.bits(1) == 1 { length += try input.bits(1) == 0 ? 1 : -1 }
                guard (1...20).contains(length) else { throw BZip2.fault("the length of a code is out of range") }
                lengths.append(length)
            }
            codes.append(HighHuffmanCode(lengths))
        }
        return (codes, selectors)
    }

    /// The last column of the transform's sorted rows: the block's symbols, moved back from the front.
    private mutating func symbols(
        _ bytes: [UInt8], _ coding: (codes: [HighHuffmanCode], selectors: [Int]), limit: Int
    ) throws(FileFormatError) -> [UInt32] {
        var order = bytes
        var column: [UInt32] = []
        var (group, left) = (0, 0)
        // A run's length in digits 1 and 2, the lowest first.
        var (run, digit) = (0, 1)
        while true {
            if left == 0 {
                guard group < coding.selectors.count else { throw BZip2.fault("a block has too few groups") }
                left = 50
                group += 1
            }
            left -= 1
            let symbol = try coding.codes[coding.selectors[group - 1]].symbol(&input)
            if symbol < 2 {
                guard digit <= limit else { throw BZip2.fault("a block is too long") }
                run += digit << symbol
                digit <<= 1
                continue
            }
            if run > 0 {
                guard run <= limit - column.count else { throw BZip2.fault("a block is too long") }
                column.append(contentsOf: repeatElement(UInt32(order[0]), count: run))
                (run, digit) = (0, 1)
            }
            if symbol == bytes.count + 1 { return column }
            guard column.count < limit else { throw BZip2.fault("a block is too long") }
            let byte = order.remove(at: symbol - 1)
            order.insert(byte, at: 0)
            column.append(UInt32(byte))
        }
    }

    /// Writes, above the lowest 8 bits of each row of the column, which row comes next in the block.
    private static func link(_ column: inout [UInt32]) {
        var starts = [Int](repeating: 0, count: 257)
        for row in column { starts[Int(row) + 1] += 1 }
        for byte in 0..<256 { starts[byte + 1] += starts[byte] }
        for row in column.indices {
            let byte = Int(column[row] & 0xFF)
            column[starts[byte]] |= UInt32(row) << 8
            starts[byte] += 1
        }
    }

    /// Appends the block's bytes. Four equal bytes are followed by the number of others that equal them.
    private mutating func expand(_ column: [UInt32], from origin: Int) throws(FileFormatError) {
        var row = Int(column[origin] >> 8)
        var (last, repeated) = (-1, 0)
        for _ in column {
            let byte = UInt8(truncatingIfNeeded: column[row])
            row = Int(column[row] >> 8)
            let count: Int
            if repeated == 4 {
                count = Int(byte)
                (last, repeated) = (-1, 0)
            } else {
                count = 1
                repeated = Int(byte) == last ? repeated + 1 : 1
                last = Int(byte)
            }
            guard count <= limit - output.count else {
                throw FileFormatError(
                    .sizeMismatch, at: "bzip2", "the data makes more bytes than announced", expected: "\(limit)")
            }
            output.append(contentsOf: repeatElement(last < 0 ? output[output.count - 1] : byte, count: count))
        }
    }

    private static var wrongChecksum: FileFormatError {
        FileFormatError(.checksumMismatch, at: "bzip2", "the CRC-32 is not the one stored in the data")
    }

    fileprivate static func fault(_ problem: String) -> FileFormatError { FileFormatError(at: "bzip2", problem) }
}

/// A canonical Huffman code whose codes are stored with the highest bit first.
private struct HighHuffmanCode {
    /// For each length, the first code beyond those of this length, and what to add to a code to get its symbol's place.
    private var ends = [Int](repeating: 0, count: 21)
    private var offsets = [Int](repeating: 0, count: 21)
    /// Symbols in the order of their codes.
    private var symbols: [Int] = []

    /// - Parameter lengths: 1 to 20, one a symbol. They need not make a prefix code.
    init(_ lengths: [Int]) {
        var code = 0
        for length in 1...20 {
            code <<= 1
            offsets[length] = symbols.count - code
            for (symbol, own) in lengths.enumerated() where own == length { symbols.append(symbol) }
            code = symbols.count - offsets[length]
            ends[length] = code
        }
    }

    func symbol(_ input: inout HighBitReader) throws(FileFormatError) -> Int {
        var code = 0
        for length in 1...20 {
            code = code << 1 | Int(try input.bits(1))
            guard code < ends[length] else { continue }
            let place = code + offsets[length]
            guard symbols.indices.contains(place) else { break }
            return symbols[place]
        }
        throw BZip2.fault("a code is not in the table")
    }
}

/// Bits of a byte sequence, highest first.
private struct HighBitReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private var buffer: UInt64 = 0
    private var available = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex && available < 8 }

    /// - Parameter count: at most 24.
    mutating func bits(_ count: Int) throws(FileFormatError) -> UInt32 {
        while available < count {
            guard position < bytes.endIndex else { throw BZip2.fault("the data is cut short") }
            buffer = buffer << 8 | UInt64(bytes[position])
            position += 1
            available += 8
        }
        available -= count
        return UInt32(truncatingIfNeeded: buffer >> UInt64(available) & (1 << UInt64(count) - 1))
    }

    mutating func alignToByte() { available -= available % 8 }
}

/// CRC-32 of the same polynomial as zip files', but with the highest bit first.
private enum HighCRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte) << 24) { value, _ in
            value & 0x8000_0000 == 0 ? value << 1 : value << 1 ^ 0x04C1_1DB7
        }
    }

    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        let table = table
        return ~bytes.reduce(0xFFFF_FFFF) { value, byte in
            value << 8 ^ table[Int(UInt8(truncatingIfNeeded: value >> 24) ^ byte)]
        }
    }
}
