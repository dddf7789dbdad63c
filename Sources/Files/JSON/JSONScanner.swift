/// A JSON value whose numbers are floats in one list.
///
/// Numbers in arrays, nearly all of the text, are kept in one list of the scanner, in the order of the text. An array
/// whose elements have the same shape is a range of that list.
package enum JSONPackedValue {
    case null
    case number(Double)
    case string(String)
    case packed(JSONNumbers)
    /// An array whose elements differ in shape or are not numbers.
    case array([JSONPackedValue])
    case object([String: JSONPackedValue])
}

/// The numbers of nested arrays, up to three deep, all of the same shape.
package struct JSONNumbers: Equatable {
    /// The extents from the outermost array inwards, and the number of axes.
    private(set) var extents: SIMD3<Int32>
    package private(set) var rank: Int8
    /// Whether the innermost are points that stood there as objects.
    package fileprivate(set) var areObjects = false
    /// The first number's place in the scanner's list.
    var start = 0

    /// - Parameter elements: the shape of each element; nil for numbers.
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
}

/// Reads a JSON value that is mostly numbers from a line: without true and false, and with NaN, which Python writes for
/// numbers that are missing. An object with numbers x, y and z in an array is an array of these three.
package struct JSONScanner {
    /// The numbers in arrays, in the order of the text.
    package private(set) var numbers: [Float] = []
    private var lexer: JSONLexer
    private let line: Int
    private let elementLimit: Int
    /// Clip, frame, landmark, coordinate and the object around them need five.
    private static let depthLimit = 8

    /// - Parameter elementLimit: elements of an array that are not all alike.
    package init(_ bytes: ArraySlice<UInt8>, line: Int, elementLimit: Int) {
        lexer = JSONLexer(bytes)
        self.line = line
        self.elementLimit = elementLimit
    }

    /// - Throws: malformed and `limitExceeded` with line and column.
    package mutating func value() throws(FileFormatError) -> JSONPackedValue {
        numbers.reserveCapacity(lexer.bytes.count { $0 == UInt8(ascii: ",") } + 1)
        do throws(JSONLexer.Problem) {
            let result = try value(depth: 0)
            lexer.skipSpace()
            guard lexer.current == nil else { throw lexer.problem("text follows the value") }
            return result
        } catch {
            throw FileFormatError(
                error.code, at: "line \(line), column \(error.offset - lexer.bytes.startIndex + 1)", error.problem,
                found: error.found, expected: error.expected)
        }
    }

    private mutating func value(depth: Int) throws(JSONLexer.Problem) -> JSONPackedValue {
        lexer.skipSpace()
        guard depth < JSONScanner.depthLimit else { throw lexer.problem("the value is nested too deeply") }
        switch lexer.current {
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "\""): return .string(try lexer.string())
        case UInt8(ascii: "n") where lexer.takeWord("null"): return .null
        default: return .number(try number())
        }
    }

    private mutating func array(depth: Int) throws(JSONLexer.Problem) -> JSONPackedValue {
        _ = lexer.take("[")
        let start = numbers.count
        if lexer.take("]") { return .array([]) }
        var count = 0
        /// The shape of all elements so far; nil for numbers.
        var common: JSONNumbers?
        /// The elements, once they differ.
        var elements: [JSONPackedValue]?
        while true {
            let place = numbers.count
            var element = try value(depth: depth + 1)
            if case .object(let fields) = element, let point = point(fields, at: place) { element = .packed(point) }
            if elements == nil {
                switch element {
                case .number(let number) where count == 0 || common == nil: numbers.append(Float(number))
                case .packed(let packed) where packed.rank < 3 && (count == 0 || common?.hasShape(of: packed) == true):
                    if count == 0 { common = packed }
                default: elements = unpacked(count, of: common, from: start)
                }
            }
            if elements != nil {
                guard count < elementLimit else {
                    throw JSONLexer.Problem(
                        code: .limitExceeded, problem: "an array holds too many elements of different kinds",
                        expected: "at most \(elementLimit); more go on lines of their own", offset: lexer.position)
                }
                elements?.append(element)
            }
            count += 1
            if lexer.take(",") { continue }
            guard lexer.take("]") else { throw lexer.problem("',' or ']' is missing") }
            break
        }
        if let elements { return .array(elements) }
        guard var packed = JSONNumbers(count: count, of: common) else { throw lexer.problem("the array is too long") }
        packed.start = start
        return .packed(packed)
    }

    /// The elements of an array that was stored as a range of numbers so far.
    private func unpacked(_ count: Int, of common: JSONNumbers?, from start: Int) -> [JSONPackedValue] {
        guard count <= elementLimit else { return [] }
        guard var common else { return numbers[start..<start + count].map { .number(Double($0)) } }
        return (0..<count).map { index in
            common.start = start + index * common.count
            return .packed(common)
        }
    }

    /// Replaces all numbers of an object with its x, y and z; nil for an object without them.
    private mutating func point(_ fields: [String: JSONPackedValue], at place: Int) -> JSONNumbers? {
        guard case .number(let x)? = fields["x"], case .number(let y)? = fields["y"],
            case .number(let z)? = fields["z"], var point = JSONNumbers(count: 3, of: nil)
        else { return nil }
        numbers.removeSubrange(place...)
        numbers += [Float(x), Float(y), Float(z)]
        point.start = place
        point.areObjects = true
        return point
    }

    private mutating func object(depth: Int) throws(JSONLexer.Problem) -> JSONPackedValue {
        _ = lexer.take("{")
        var fields: [String: JSONPackedValue] = [:]
        if lexer.take("}") { return .object([:]) }
        while true {
            lexer.skipSpace()
            guard lexer.current == UInt8(ascii: "\"") else { throw lexer.problem("a field's name is missing") }
            let key = try lexer.string()
            guard lexer.take(":") else { throw lexer.problem("':' is missing") }
            guard fields.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
                throw lexer.problem("the field '\(key)' occurs twice")
            }
            if lexer.take("}") { return .object(fields) }
            guard lexer.take(",") else { throw lexer.problem("',' or '}' is missing") }
        }
    }

    private mutating func number() throws(JSONLexer.Problem) -> Double {
        if lexer.takeWord("NaN") { return .nan }
        guard let first = lexer.current, first == UInt8(ascii: "-") || DecimalNumber.isDigit(first) else {
            throw lexer.problem("this is not a JSON value")
        }
        let start = lexer.position
        guard let number = DecimalNumber.parse(try lexer.number().spelling) else {
            throw lexer.problem("this is not a JSON value", at: start)
        }
        return number
    }
}
