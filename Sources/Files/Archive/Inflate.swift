import EmotionFormerCore

/// Decodes deflate data (RFC 1951).
package struct Inflate {
    private var input: BitReader
    private var output: [UInt8] = []
    private let limit: Int

    /// - Throws: malformed for data that breaks the format, `sizeMismatch` if it makes more or fewer bytes.
    package static func decode(_ bytes: ArraySlice<UInt8>, byteCount: Int) throws(FileFormatError) -> [UInt8] {
        var decoder = Inflate(input: BitReader(bytes), limit: byteCount)
        try decoder.run()
        return decoder.output
    }

    /// The first `byteCount` bytes of the decoded data, or all if there are fewer. What follows is not read.
    /// - Throws: malformed for data that breaks the format before.
    package static func prefix(_ bytes: ArraySlice<UInt8>, byteCount: Int) throws(FileFormatError) -> [UInt8] {
        var decoder = Inflate(input: BitReader(bytes), limit: byteCount)
        do throws(FileFormatError) {
            try decoder.run(isExact: false)
        } catch {
            // Everything fits, or decoding ended at the limit.
            guard error.code == .sizeMismatch else { throw error }
        }
        return decoder.output
    }

    /// Decodes data whose decoded size is not known in advance.
    /// - Throws: like `decode(_:byteCount:)`; `sizeMismatch` if it decodes to more than `maximum` bytes.
    package static func decode(_ bytes: ArraySlice<UInt8>, atMost maximum: Int) throws(FileFormatError) -> [UInt8] {
        var decoder = Inflate(input: BitReader(bytes), limit: maximum)
        try decoder.run(isExact: false)
        return decoder.output
    }

    private init(input: BitReader, limit: Int) {
        self.input = input
        self.limit = limit
        output.reserveCapacity(limit)
    }

    private mutating func run(isExact: Bool = true) throws(FileFormatError) {
        var isLast = false
        while !isLast {
            isLast = try input.bits(1) == 1
            switch try input.bits(2) {
            case 0: try stored()
            case 1: try compressed(Inflate.fixedLiterals, Inflate.fixedDistances)
            case 2:
                let (literals, distances) = try dynamicCodes()
                try compressed(literals, distances)
            default: throw Inflate.fault("a block has an unknown type")
            }
        }
        guard output.count == limit || !isExact else {
            throw FileFormatError(
                .sizeMismatch, at: "deflate", "the data ends early", found: "\(output.count) bytes",
                expected: "\(limit)")
        }
        guard input.isAtEnd else { throw Inflate.fault("bytes follow the last block") }
    }

    private mutating func stored() throws(FileFormatError) {
        input.alignToByte()
        let length = try input.bits(16)
        guard try input.bits(16) == ~length & 0xFFFF else { throw Inflate.fault("a stored block's length is broken") }
        let room = limit - output.count
        for _ in 0..<min(length, room) { output.append(UInt8(truncatingIfNeeded: try input.bits(8))) }
        guard length <= room else { throw tooLong }
    }

    private mutating func compressed(_ literals: HuffmanCode, _ distances: HuffmanCode) throws(FileFormatError) {
        while true {
            let symbol = try literals.symbol(&input)
            if symbol < 256 {
                guard output.count < limit else { throw tooLong }
                output.append(UInt8(truncatingIfNeeded: symbol))
                continue
            }
            if symbol == 256 { return }
            guard symbol < 286 else { throw Inflate.fault("a length code is not one of the format's") }
            let length = Inflate.lengths[symbol - 257] + (try input.bits(Inflate.lengthBits[symbol - 257]))
            let code = try distances.symbol(&input)
            guard code < 30 else { throw Inflate.fault("a distance code is not one of the format's") }
            let distance = Inflate.distances[code] + (try input.bits(Inflate.distanceBits[code]))
            guard distance <= output.count else { throw Inflate.fault("a distance reaches before the data") }
            let start = output.count - distance
            for index in 0..<min(length, limit - output.count) { output.append(output[start + index]) }
            guard length <= limit - start - distance else { throw tooLong }
        }
    }

    /// RFC 1951, 3.2.7: the code lengths are themselves coded.
    private mutating func dynamicCodes() throws(FileFormatError) -> (literals: HuffmanCode, distances: HuffmanCode) {
        let literalCount = try input.bits(5) + 257
        let distanceCount = try input.bits(5) + 1
        let codeCount = try input.bits(4) + 4
        guard literalCount <= 286, distanceCount <= 30 else { throw Inflate.fault("a block has too many codes") }
        var lengths = [UInt8](repeating: 0, count: 19)
        for index in 0..<codeCount { lengths[Inflate.codeOrder[index]] = UInt8(truncatingIfNeeded: try input.bits(3)) }
        let code = try HuffmanCode(lengths, mayBeIncomplete: false)
        var all: [UInt8] = []
        while all.count < literalCount + distanceCount {
            let symbol = try code.symbol(&input)
            var repeated = UInt8(truncatingIfNeeded: symbol)
            var count = 1
            switch symbol {
            case 16:
                guard let last = all.last else { throw Inflate.fault("a repeated code length has none before it") }
                repeated = last
                count = 3 + (try input.bits(2))
            case 17: (repeated, count) = (0, 3 + (try input.bits(3)))
            case 18: (repeated, count) = (0, 11 + (try input.bits(7)))
            default: break
            }
            guard count <= literalCount + distanceCount - all.count else {
                throw Inflate.fault("there are more code lengths than codes")
            }
            all.append(contentsOf: repeatElement(repeated, count: count))
        }
        guard all[256] > 0 else { throw Inflate.fault("a block has no code for its end") }
        return (
            try HuffmanCode(Array(all[..<literalCount]), mayBeIncomplete: false),
            try HuffmanCode(Array(all[literalCount...]), mayBeIncomplete: true)
        )
    }

    private var tooLong: FileFormatError {
        FileFormatError(.sizeMismatch, at: "deflate", "the data makes more bytes than announced", expected: "\(limit)")
    }

    fileprivate static func fault(_ problem: String) -> FileFormatError { FileFormatError(at: "deflate", problem) }

    private static let codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengths = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distances = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]
    private static let distanceBits = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]
    private static let fixedLiterals = HuffmanCode(
        unchecked: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    private static let fixedDistances = HuffmanCode(unchecked: [UInt8](repeating: 5, count: 30))
}

/// A canonical Huffman code as a table, indexed by the next bits of the data, as many as the longest code has.
private struct HuffmanCode {
    /// Symbol × 16 + length; 0 where no code fits.
    private var table: [UInt16]
    private let longest: Int

    /// - Throws: malformed for lengths that no prefix code has. `mayBeIncomplete` allows the incomplete codes of
    ///   distances: no code at all, or a single code of one bit (RFC 1951, 3.2.7).
    init(_ lengths: [UInt8], mayBeIncomplete: Bool) throws(FileFormatError) {
        // Kraft's sum in units of 2⁻¹⁵.
        let sum = lengths.reduce(0) { $1 == 0 ? $0 : $0 + (1 << 15) >> Int($1) }
        let used = lengths.count { $0 > 0 }
        let isSingle = used == 1 && lengths.contains(1)
        guard sum == 1 << 15 || (mayBeIncomplete && (used == 0 || isSingle)) else {
            throw Inflate.fault("a block's code lengths make no prefix code")
        }
        self.init(unchecked: lengths)
    }

    init(unchecked lengths: [UInt8]) {
        let longest = max(1, Int(lengths.max() ?? 0))
        self.longest = longest
        table = [UInt16](repeating: 0, count: 1 << longest)
        var code = 0
        for length in 1...longest {
            for (symbol, own) in lengths.enumerated() where Int(own) == length {
                // Codes are stored with the highest bit first, everything else with the lowest bit first.
                var reversed = 0
                for bit in 0..<length where code >> bit & 1 == 1 { reversed |= 1 << (length - 1 - bit) }
                let entry = UInt16(truncatingIfNeeded: symbol << 4 | length)
                for index in stride(from: reversed, to: 1 << longest, by: 1 << length) { table[index] = entry }
                code += 1
            }
            code <<= 1
        }
    }

    func symbol(_ input: inout BitReader) throws(FileFormatError) -> Int {
        let entry = table[input.peek(longest)]
        guard entry != 0 else { throw Inflate.fault("a code is not in the table") }
        try input.skip(Int(entry & 15))
        return Int(entry >> 4)
    }
}

/// Bits of a byte sequence, lowest first.
private struct BitReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private var buffer: UInt64 = 0
    private var available = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex && available < 8 }

    private mutating func refill() {
        while available <= 48, position < bytes.endIndex {
            buffer |= UInt64(bytes[position]) << UInt64(available)
            position += 1
            available += 8
        }
    }

    /// The next bits without taking them; zeros beyond the end.
    mutating func peek(_ count: Int) -> Int {
        if available < count { refill() }
        return Int(truncatingIfNeeded: buffer & (1 << UInt64(count) - 1))
    }

    mutating func skip(_ count: Int) throws(FileFormatError) {
        guard count <= available else { throw Inflate.fault("the data is cut short") }
        buffer >>= UInt64(count)
        available -= count
    }

    mutating func bits(_ count: Int) throws(FileFormatError) -> Int {
        if available < count { refill() }
        let result = Int(truncatingIfNeeded: buffer & (1 << UInt64(count) - 1))
        try skip(count)
        return result
    }

    mutating func alignToByte() {
        let partial = available % 8
        buffer >>= UInt64(partial)
        available -= partial
    }
}
