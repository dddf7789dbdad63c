import EmotionFormerCore

/// Decodes LZMA: literals and matches, each choice of which is one bit of a range coder with adaptive probabilities.
///
/// The decoded bytes are the dictionary. The container (a `.lzma` file, or LZMA2's chunks) says where data begins, where
/// it ends, and when states are reset.
struct LZMADecoder {
    /// The numbers of the context bits of literals (previous byte, position) and of the position bits of matches.
    struct Properties {
        let literalContextBits: Int
        let literalPositionBits: Int
        let positionBits: Int

        /// - Throws: malformed for a byte that states none, or more context bits than any encoder uses.
        init(_ byte: UInt8) throws(FileFormatError) {
            literalContextBits = Int(byte) % 9
            literalPositionBits = Int(byte) / 9 % 5
            positionBits = Int(byte) / 45
            guard byte < 225, literalContextBits + literalPositionBits <= 4 else {
                throw LZMADecoder.fault("the properties are none")
            }
        }
    }

    private(set) var output: [UInt8] = []
    private let limit: Int
    /// Distances are less than this.
    var dictionarySize = 0
    /// Where the dictionary begins in the output.
    private var dictionaryStart = 0

    private var input: ArraySlice<UInt8> = []
    private var range: UInt32 = 0
    private var code: UInt32 = 0
    private var properties: Properties?
    private var probabilities: [UInt16] = []
    private var state = 0
    /// The last four distances, less 1.
    private var distances: (Int, Int, Int, Int) = (0, 0, 0, 0)

    /// - Parameter limit: the most bytes of output.
    init(limit: Int) { self.limit = limit }

    /// The number of bytes since the dictionary began.
    private var position: Int { output.count - dictionaryStart }

    mutating func resetDictionary() { dictionaryStart = output.count }

    /// - Parameter new: nil for the properties before.
    mutating func resetState(_ new: Properties? = nil) throws(FileFormatError) {
        guard let properties = new ?? properties else { throw LZMADecoder.fault("the properties are missing") }
        self.properties = properties
        let literals = 0x300 << (properties.literalContextBits + properties.literalPositionBits)
        probabilities = [UInt16](repeating: 1 << 10, count: Place.literals + literals)
        state = 0
        distances = (0, 0, 0, 0)
    }

    /// - Throws: `sizeMismatch` if the output becomes too long.
    mutating func copy(_ bytes: ArraySlice<UInt8>) throws(FileFormatError) {
        guard bytes.count <= limit - output.count else { throw tooLong }
        output.append(contentsOf: bytes)
    }

    /// Decodes `bytes` to their last one.
    /// - Parameters:
    ///   - count: how many bytes they decode to; nil if a mark stands at their end.
    ///   - mayHaveMark: whether a mark may stand at the end of a known number of bytes.
    mutating func decode(
        _ bytes: ArraySlice<UInt8>, byteCount count: Int?, mayHaveMark: Bool = false
    ) throws(FileFormatError) {
        guard bytes.count >= 5, bytes.first == 0 else { throw LZMADecoder.fault("the data does not begin as such") }
        input = bytes.dropFirst(5)
        code = bytes.dropFirst().prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        range = .max
        guard (count ?? 0) <= limit - output.count else { throw tooLong }
        let end = count.map { output.count + $0 }
        var hasEnded = false
        while !hasEnded, output.count < end ?? .max { hasEnded = try next(end: end, mayEnd: end == nil) }
        try normalize()
        if mayHaveMark, !hasEnded, end != nil, code != 0 || !input.isEmpty {
            guard try next(end: end, mayEnd: true) else { throw LZMADecoder.fault("the data goes on after its end") }
            try normalize()
        }
        guard code == 0, input.isEmpty else { throw LZMADecoder.fault("the data does not end where it should") }
    }

    /// Decodes a literal or a match.
    /// - Parameters:
    ///   - end: the length of the output at the end.
    ///   - mayEnd: whether the mark at the end may come.
    /// - Returns: whether the mark at the end came.
    private mutating func next(end: Int?, mayEnd: Bool) throws(FileFormatError) -> Bool {
        guard let properties else { throw LZMADecoder.fault("the properties are missing") }
        let place = position & (1 << properties.positionBits - 1)
        guard try bit(Place.isMatch + state << 4 + place) == 1 else {
            guard output.count < min(end ?? .max, limit) else { throw tooLong }
            try literal(properties)
            return false
        }
        let length: Int
        if try bit(Place.isRepeat + state) == 1 {
            if try bit(Place.isFirst + state) == 0 {
                guard try bit(Place.isLong + state << 4 + place) == 1 else {
                    state = state < 7 ? 9 : 11
                    try match(1, end: end)
                    return false
                }
            } else if try bit(Place.isSecond + state) == 0 {
                distances = (distances.1, distances.0, distances.2, distances.3)
            } else if try bit(Place.isThird + state) == 0 {
                distances = (distances.2, distances.0, distances.1, distances.3)
            } else {
                distances = (distances.3, distances.0, distances.1, distances.2)
            }
            length = try self.length(Place.repeatLengths, place)
            state = state < 7 ? 8 : 11
        } else {
            length = try self.length(Place.lengths, place)
            state = state < 7 ? 7 : 10
            distances = (try distance(length), distances.0, distances.1, distances.2)
            if distances.0 == 0xFFFF_FFFF {
                guard mayEnd else { throw LZMADecoder.fault("the data ends early") }
                return true
            }
        }
        try match(length, end: end)
        return false
    }

    private mutating func literal(_ properties: Properties) throws(FileFormatError) {
        let previous = position > 0 ? Int(output[output.count - 1]) : 0
        let low = position & (1 << properties.literalPositionBits - 1)
        let context = low << properties.literalContextBits + previous >> (8 - properties.literalContextBits)
        let base = Place.literals + 0x300 * context
        var symbol = 1
        if state >= 7 {
            guard distances.0 < position else { throw LZMADecoder.fault("a distance reaches before the data") }
            var matched = Int(output[output.count - 1 - distances.0])
            while symbol < 0x100 {
                let expected = matched >> 7 & 1
                matched <<= 1
                let found = try bit(base + (1 + expected) << 8 + symbol)
                symbol = symbol << 1 | found
                if found != expected { break }
            }
        }
        while symbol < 0x100 { symbol = symbol << 1 | (try bit(base + symbol)) }
        output.append(UInt8(truncatingIfNeeded: symbol))
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
    }

    /// Repeats `length` bytes at the first of the last distances.
    private mutating func match(_ length: Int, end: Int?) throws(FileFormatError) {
        guard distances.0 < min(position, dictionarySize) else {
            throw LZMADecoder.fault("a distance reaches before the data")
        }
        guard length <= min(end ?? .max, limit) - output.count else { throw tooLong }
        let start = output.count - 1 - distances.0
        for index in 0..<length { output.append(output[start + index]) }
    }

    private mutating func length(_ coder: Int, _ place: Int) throws(FileFormatError) -> Int {
        if try bit(coder) == 0 { return 2 + (try tree(coder + 2 + place << 3, bits: 3)) }
        if try bit(coder + 1) == 0 { return 10 + (try tree(coder + 130 + place << 3, bits: 3)) }
        return 18 + (try tree(coder + 258, bits: 8))
    }

    /// A distance less 1: two leading bits and a number of others, the lowest four of long ones coded on their own.
    private mutating func distance(_ length: Int) throws(FileFormatError) -> Int {
        let slot = try tree(Place.slots + min(length - 2, 3) << 6, bits: 6)
        guard slot >= 4 else { return slot }
        let bits = slot >> 1 - 1
        let start = (2 | slot & 1) << bits
        guard slot >= 14 else { return start + (try reversedTree(Place.special + start - slot, bits: bits)) }
        return start + (try directBits(bits - 4)) << 4 + (try reversedTree(Place.alignment, bits: 4))
    }

    private mutating func tree(_ base: Int, bits: Int) throws(FileFormatError) -> Int {
        var symbol = 1
        for _ in 0..<bits { symbol = symbol << 1 | (try bit(base + symbol)) }
        return symbol - 1 << bits
    }

    private mutating func reversedTree(_ base: Int, bits: Int) throws(FileFormatError) -> Int {
        var (symbol, value) = (1, 0)
        for index in 0..<bits {
            let bit = try bit(base + symbol)
            symbol = symbol << 1 | bit
            value |= bit << index
        }
        return value
    }

    /// Bits that are as likely 0 as 1.
    private mutating func directBits(_ count: Int) throws(FileFormatError) -> Int {
        var value = 0
        for _ in 0..<count {
            try normalize()
            range >>= 1
            let isOne = code >= range
            if isOne { code &-= range }
            value = value << 1 | (isOne ? 1 : 0)
        }
        return value
    }

    private mutating func bit(_ index: Int) throws(FileFormatError) -> Int {
        try normalize()
        let probability = probabilities[index]
        let bound = (range >> 11) &* UInt32(probability)
        if code < bound {
            range = bound
            probabilities[index] = probability &+ (2048 &- probability) >> 5
            return 0
        }
        range &-= bound
        code &-= bound
        probabilities[index] = probability &- probability >> 5
        return 1
    }

    private mutating func normalize() throws(FileFormatError) {
        guard range < 1 << 24 else { return }
        guard let byte = input.popFirst() else { throw LZMADecoder.fault("the data is cut short") }
        range <<= 8
        code = code << 8 | UInt32(byte)
    }

    private var tooLong: FileFormatError {
        FileFormatError(.sizeMismatch, at: "LZMA", "the data makes more bytes than announced", expected: "\(limit)")
    }

    static func fault(_ problem: String) -> FileFormatError { FileFormatError(at: "LZMA", problem) }

    /// Where the probabilities of each choice begin.
    private enum Place {
        /// 12 states × 16 positions.
        static let isMatch = 0
        static let isRepeat = 192
        static let isFirst = 204
        static let isSecond = 216
        static let isThird = 228
        static let isLong = 240
        /// Four kinds of length × 64.
        static let slots = 432
        static let special = 688
        static let alignment = 803
        /// Two choices, 16 positions × 8 short and as many middle lengths, 256 long ones.
        static let lengths = 819
        static let repeatLengths = 1333
        static let literals = 1847
    }
}
