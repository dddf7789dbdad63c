package import EmotionFormerTensors

/// What a line of a JSON-lines clip file can hold.
///
/// Numbers in arrays, which are nearly all of it, lie in the scanner's one list of them in the order of the text: arrays whose
/// elements have one shape are a range of it.
package enum JSONFrameValue {
    case null
    case number(Double)
    case string(String)
    case packed(JSONNumbers)
    /// Elements of different shapes, or others than numbers.
    case array([JSONFrameValue])
    case object([String: JSONFrameValue])
}

/// Numbers of arrays within arrays, up to three deep, all of one shape.
package struct JSONNumbers: Equatable {
    /// Extents from the outermost array inwards, and how many of them there are.
    private(set) var extents: SIMD3<Int32>
    package private(set) var rank: Int8
    /// Whether the innermost are landmarks that stood there as objects.
    package fileprivate(set) var areObjects = false
    /// The first number's place in the scanner's list.
    var start = 0

    /// - Parameter elements: what each element is; nil for plain numbers.
    init?(count: Int, of elements: JSONNumbers?) {
        guard let count = Int32(exactly: count) else { return nil }
        guard let elements else {
            extents = [count, 0, 0]
            rank = 1
            return
        }
        guard elements.rank < 3 else { return nil }
        extents = [count, elements.extents[0], elements.extents[1]]
        rank = elements.rank + 1
        areObjects = elements.areObjects
    }

    package subscript(axis: Int) -> Int { axis < Int(rank) ? Int(extents[axis]) : 1 }
    var count: Int { self[0] * self[1] * self[2] }
    package var range: Range<Int> { start..<start + count }

    func hasShape(of other: JSONNumbers) -> Bool {
        extents == other.extents && rank == other.rank && areObjects == other.areObjects
    }

    /// An element of the outermost array; nil if it is a number.
    func element(_ index: Int) -> JSONNumbers? {
        guard rank > 1 else { return nil }
        var element = self
        element.extents = [extents[1], extents[2], 0]
        element.rank = rank - 1
        element.start = start + index * element.count
        return element
    }
}

/// Reads one JSON value (RFC 8259) from a line; also NaN, which Python writes for numbers that are missing.
package struct JSONScanner {
    /// The numbers in arrays, in the order of the text.
    package private(set) var numbers: [Float] = []
    private let bytes: ArraySlice<UInt8>
    private let line: Int
    private let elementLimit: Int
    private var position: Int
    /// Clip, frame, landmark, coordinate and the object around them need five.
    private static let depthLimit = 8

    /// - Parameter elementLimit: elements of an array that are not all alike.
    package init(_ bytes: ArraySlice<UInt8>, line: Int, elementLimit: Int) {
        self.bytes = bytes
        self.elementLimit = elementLimit
        self.line = line
        position = bytes.startIndex
    }

    /// - Throws: `malformedClip` with line and column.
    package mutating func value() throws(Fault) -> JSONFrameValue {
        numbers.reserveCapacity(bytes.count { $0 == UInt8(ascii: ",") } + 1)
        let result = try value(depth: 0)
        skipSpace()
        guard position == bytes.endIndex else { throw fault("text follows the value") }
        return result
    }

    private mutating func value(depth: Int) throws(Fault) -> JSONFrameValue {
        skipSpace()
        guard depth < JSONScanner.depthLimit else { throw fault("the value is nested too deeply") }
        switch peek {
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "n") where takeWord("null"): return .null
        default: return .number(try number())
        }
    }

    private mutating func array(depth: Int) throws(Fault) -> JSONFrameValue {
        position += 1
        let start = numbers.count
        if take("]") { return .array([]) }
        var count = 0
        /// What all elements so far are; nil for plain numbers.
        var common: JSONNumbers?
        /// The elements, once they differ.
        var elements: [JSONFrameValue]?
        while true {
            let place = numbers.count
            var element = try value(depth: depth + 1)
            if case .object(let fields) = element, let landmark = try landmark(fields, at: place) {
                element = .packed(landmark)
            }
            if elements == nil {
                switch element {
                case .number(let number) where count == 0 || common == nil: numbers.append(Float(number))
                case .packed(let packed) where packed.rank < 3 && (count == 0 || common?.hasShape(of: packed) == true):
                    if count == 0 { common = packed }
                default: elements = try unpacked(count, of: common, from: start)
                }
            }
            if elements != nil {
                guard count < elementLimit else {
                    throw Fault(
                        .limitExceeded, at: "line \(line)", "a line holds too many frames of different kinds",
                        expected: "at most \(elementLimit); more go on lines of their own")
                }
                elements?.append(element)
            }
            count += 1
            if take("]") { break }
            guard take(",") else { throw fault("',' or ']' is missing") }
        }
        if let elements { return .array(elements) }
        guard var packed = JSONNumbers(count: count, of: common) else { throw fault("the array is too long") }
        packed.start = start
        return .packed(packed)
    }

    /// The elements of an array that was packed so far.
    private func unpacked(_ count: Int, of common: JSONNumbers?, from start: Int) throws(Fault) -> [JSONFrameValue] {
        guard count <= elementLimit else { return [] }
        guard var common else { return numbers[start..<start + count].map { .number(Double($0)) } }
        return (0..<count).map { index in
            common.start = start + index * common.count
            return .packed(common)
        }
    }

    /// x, y and z of an object that has them, in place of all numbers in it; nil for another object.
    private mutating func landmark(
        _ fields: [String: JSONFrameValue], at place: Int
    ) throws(Fault) -> JSONNumbers? {
        guard case .number(let x)? = fields["x"], case .number(let y)? = fields["y"],
            case .number(let z)? = fields["z"], var landmark = JSONNumbers(count: 3, of: nil)
        else { return nil }
        numbers.removeSubrange(place...)
        numbers += [Float(x), Float(y), Float(z)]
        landmark.start = place
        landmark.areObjects = true
        return landmark
    }

    private mutating func object(depth: Int) throws(Fault) -> JSONFrameValue {
        position += 1
        var fields: [String: JSONFrameValue] = [:]
        if take("}") { return .object([:]) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw fault("a field's name is missing") }
            let key = try string()
            guard take(":") else { throw fault("':' is missing") }
            guard fields.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
                throw fault("the field '\(key)' occurs twice")
            }
            if take("}") { return .object(fields) }
            guard take(",") else { throw fault("',' or '}' is missing") }
        }
    }

    private mutating func number() throws(Fault) -> Double {
        let start = position
        if takeWord("NaN") { return .nan }
        let text = bytes[position...].prefix { byte in
            DecimalNumber.isDigit(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        }
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        let isJSON =
            digits.first.map(DecimalNumber.isDigit) == true
            && !(digits.first == UInt8(ascii: "0") && digits.dropFirst().first.map(DecimalNumber.isDigit) == true)
        guard isJSON, let number = DecimalNumber.parse(text) else {
            position = start
            throw fault("this is not a JSON value")
        }
        position = text.endIndex
        return number
    }

    private mutating func string() throws(Fault) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw fault("a control character stands in a string") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                text.append(contentsOf: try escape())
            } else {
                text.append(byte)
            }
        }
        guard peek != nil else { throw fault("a string does not end") }
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw fault("a string is not UTF-8") }
        return string
    }

    private mutating func escape() throws(Fault) -> [UInt8] {
        guard let byte = peek else { throw fault("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(try unicodeEscape()).utf8)
        default: throw fault("a string has an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(Fault) -> Unicode.Scalar {
        let first = try codeUnit()
        guard (0xD800..<0xDC00).contains(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw fault("a string has half of a surrogate pair") }
            return scalar
        }
        guard takeWord("\\u") else { throw fault("a string has half of a surrogate pair") }
        let second = try codeUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("a string has half of a surrogate pair") }
        return scalar
    }

    private mutating func codeUnit() throws(Fault) -> UInt32 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.first != UInt8(ascii: "+"),
            let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw fault("a string has an unknown escape") }
        position += 4
        return unit
    }

    private var peek: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0D { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            guard bytes[position...].starts(with: word) else { return false }
            position += word.count
            return true
        }
    }

    private func fault(_ problem: String) -> Fault {
        Fault(.malformedClip, at: "line \(line), column \(position - bytes.startIndex + 1)", problem)
    }
}
