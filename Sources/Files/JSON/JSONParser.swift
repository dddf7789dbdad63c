package import EmotionFormerCore

/// Reads a JSON text strictly by RFC 8259. Where the standard leaves a choice, this reader is strict: names in an
/// object are unique, an integer has neither fraction nor exponent and fits in 64 bits, and numbers are finite.
package struct JSONParser {
    /// Limits of a text. What exceeds them is refused before memory is allocated for it.
    package struct Limits {
        package var byteCount = 16 << 20
        var depth = 64
        var valueCount = 1 << 19

        package init(byteCount: Int = 16 << 20, depth: Int = 64, valueCount: Int = 1 << 19) {
            self.byteCount = byteCount
            self.depth = depth
            self.valueCount = valueCount
        }

        /// The limits of a manifest, where a value takes about thirty bytes.
        package init(_ limits: EmotionFormerCore.Limits) {
            self.init(byteCount: limits.manifestBytes, valueCount: max(limits.manifestBytes / 32, 1))
        }
    }

    private let limits: Limits
    private var lexer: JSONLexer
    /// Of the value that is read; after an error, of the one at fault.
    private var path = JSONPath.root
    private var depth = 0
    private var valueCount = 0

    /// - Throws: `malformedJSON` or `limitExceeded`, with line, column and the path of the value.
    static func parse(_ text: JSONText, limits: Limits = Limits()) throws(Fault) -> JSONNode {
        guard text.bytes.count <= limits.byteCount else {
            throw Fault(
                .limitExceeded, at: "", "the text is too long", found: "\(text.bytes.count) bytes",
                expected: "at most \(limits.byteCount)")
        }
        try text.checkEncoding()
        var parser = JSONParser(text.bytes, limits)
        do throws(JSONLexer.Problem) {
            return try parser.whole()
        } catch {
            let found = error.code == nil ? error.found ?? text.found(at: error.offset) : nil
            throw Fault(
                error.code ?? .malformedJSON, at: text.place(of: error.offset, parser.path), error.problem,
                found: found,
                expected: error.expected)
        }
    }

    private init(_ bytes: [UInt8], _ limits: Limits) {
        lexer = JSONLexer(bytes[...])
        self.limits = limits
    }

    private mutating func whole() throws(JSONLexer.Problem) -> JSONNode {
        let root = try value()
        lexer.skipSpace()
        guard lexer.current == nil else { throw lexer.problem("there is something after the value") }
        return root
    }

    private func exceeded(_ problem: String, _ limit: Int) -> JSONLexer.Problem {
        .init(code: .limitExceeded, problem: problem, expected: "at most \(limit)", offset: lexer.position)
    }

    private mutating func value() throws(JSONLexer.Problem) -> JSONNode {
        lexer.skipSpace()
        valueCount += 1
        guard valueCount <= limits.valueCount else { throw exceeded("there are too many values", limits.valueCount) }
        let offset = lexer.position
        let content: JSONNode.Content
        switch lexer.current {
        case UInt8(ascii: "{"): content = .object(try object())
        case UInt8(ascii: "["): content = .array(try array())
        case UInt8(ascii: "\""): content = .string(try lexer.string())
        case UInt8(ascii: "t"): content = try word("true", .boolean(true))
        case UInt8(ascii: "f"): content = try word("false", .boolean(false))
        case UInt8(ascii: "n"): content = try word("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || DecimalNumber.isDigit(byte): content = try number()
        default: throw lexer.problem("there is no value here", expected: "a value")
        }
        return JSONNode(content: content, offset: offset)
    }

    private mutating func word(
        _ word: StaticString, _ content: JSONNode.Content
    ) throws(JSONLexer.Problem) -> JSONNode.Content {
        guard lexer.takeWord(word) else { throw lexer.problem("there is no value here", expected: "\(word)") }
        return content
    }

    private mutating func number() throws(JSONLexer.Problem) -> JSONNode.Content {
        let start = lexer.position
        let (bytes, isInteger) = try lexer.number()
        let spelling = String(decoding: bytes, as: UTF8.self)
        if isInteger, let integer = Int(spelling) { return .integer(integer) }
        if !isInteger, let number = Double(spelling), number.isFinite { return .number(number) }
        throw JSONLexer.Problem(
            problem: "the number is out of range", found: JSONPath.shortened(spelling),
            expected: isInteger ? "an integer of 64 bits" : "a finite number", offset: start)
    }

    private mutating func enter(_ mark: Unicode.Scalar) throws(JSONLexer.Problem) {
        depth += 1
        guard depth <= limits.depth else { throw exceeded("values nest too deeply", limits.depth) }
        _ = lexer.take(mark)
    }

    private mutating func array() throws(JSONLexer.Problem) -> [JSONNode] {
        try enter("[")
        defer { depth -= 1 }
        var elements: [JSONNode] = []
        if lexer.take("]") { return elements }
        let outer = path
        while true {
            path = .element(outer, elements.count)
            elements.append(try value())
            path = outer
            if lexer.take("]") { return elements }
            guard lexer.take(",") else { throw lexer.problem("the array goes on wrongly", expected: "',' or ']'") }
        }
    }

    private mutating func object() throws(JSONLexer.Problem) -> JSONObject {
        try enter("{")
        defer { depth -= 1 }
        var object = JSONObject()
        if lexer.take("}") { return object }
        let outer = path
        while true {
            lexer.skipSpace()
            guard lexer.current == UInt8(ascii: "\"") else {
                throw lexer.problem("there is no field name here", expected: "a string")
            }
            let nameOffset = lexer.position
            let name = try lexer.string()
            path = .member(outer, name)
            guard lexer.take(":") else { throw lexer.problem("the field has no value", expected: "':'") }
            guard object.append(.init(name: name, nameOffset: nameOffset, value: try value())) else {
                throw JSONLexer.Problem(
                    problem: "the field stands twice in its object", found: "'\(JSONPath.shortened(name))'",
                    offset: nameOffset)
            }
            path = outer
            if lexer.take("}") { return object }
            guard lexer.take(",") else { throw lexer.problem("the object goes on wrongly", expected: "',' or '}'") }
        }
    }
}
