package import EmotionFormerTensors

/// Reads a JSON text strictly by RFC 8259, without anything that the standard leaves to the reader's taste: names in an
/// object are unique, an integer has neither fraction nor exponent and fits in 64 bits, numbers are finite.
package struct JSONParser {
    /// What a text may ask for; whatever is beyond is refused before memory is used for it.
    package struct Limits {
        package var byteCount = 16 << 20
        var depth = 64
        var valueCount = 1 << 19

        package init(byteCount: Int = 16 << 20, depth: Int = 64, valueCount: Int = 1 << 19) {
            self.byteCount = byteCount
            self.depth = depth
            self.valueCount = valueCount
        }

        /// Of a manifest: a value has some thirty bytes.
        package init(_ limits: EmotionFormerTensors.Limits) {
            self.init(byteCount: limits.manifestBytes, valueCount: max(limits.manifestBytes / 32, 1))
        }
    }

    let text: JSONText
    let limits: Limits
    var position = 0
    var path = JSONPath.root
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
        var parser = JSONParser(text: text, limits: limits)
        parser.skipSpace()
        let root = try parser.value()
        parser.skipSpace()
        guard parser.position == text.bytes.count else {
            throw parser.malformed("there is something after the value")
        }
        return root
    }

    private init(text: JSONText, limits: Limits) {
        self.text = text
        self.limits = limits
    }

    /// The byte at the position, or nil at the end.
    var current: UInt8? { position < text.bytes.count ? text.bytes[position] : nil }

    func malformed(_ problem: String, expected: String? = nil, at offset: Int? = nil) -> Fault {
        let offset = offset ?? position
        return Fault(
            .malformedJSON, at: text.place(of: offset, path), problem, found: found(at: offset), expected: expected)
    }

    private func found(at offset: Int) -> String {
        guard offset < text.bytes.count else { return "the end of the text" }
        let byte = text.bytes[offset]
        guard byte >= 0x20, byte != 0x7F else { return "the control character 0x\(hexadecimal(byte))" }
        return "'\(String(decoding: text.bytes[offset..<min(offset + 4, text.bytes.count)], as: UTF8.self).prefix(1))'"
    }

    private func exceeded(_ problem: String, _ limit: Int) -> Fault {
        Fault(.limitExceeded, at: text.place(of: position, path), problem, expected: "at most \(limit)")
    }

    mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value() throws(Fault) -> JSONNode {
        valueCount += 1
        guard valueCount <= limits.valueCount else { throw exceeded("there are too many values", limits.valueCount) }
        let offset = position
        let content: JSONNode.Content
        switch current {
        case UInt8(ascii: "{"): content = .object(try object())
        case UInt8(ascii: "["): content = .array(try array())
        case UInt8(ascii: "\""): content = .string(try string())
        case UInt8(ascii: "-"): content = try number()
        case let byte? where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"): content = try number()
        case UInt8(ascii: "t"): content = try word("true", .boolean(true))
        case UInt8(ascii: "f"): content = try word("false", .boolean(false))
        case UInt8(ascii: "n"): content = try word("null", .null)
        default: throw malformed("there is no value here", expected: "a value")
        }
        return JSONNode(content: content, offset: offset)
    }

    private mutating func word(_ word: String, _ content: JSONNode.Content) throws(Fault) -> JSONNode.Content {
        guard text.bytes[position...].starts(with: word.utf8) else {
            throw malformed("there is no value here", expected: word)
        }
        position += word.utf8.count
        return content
    }

    private mutating func enter() throws(Fault) {
        depth += 1
        guard depth <= limits.depth else { throw exceeded("values nest too deeply", limits.depth) }
        position += 1
        skipSpace()
    }

    private mutating func array() throws(Fault) -> [JSONNode] {
        try enter()
        let outer = path
        var elements: [JSONNode] = []
        if current != UInt8(ascii: "]") {
            while true {
                path = .element(outer, elements.count)
                elements.append(try value())
                path = outer
                skipSpace()
                if current == UInt8(ascii: "]") { break }
                guard current == UInt8(ascii: ",") else {
                    throw malformed("the array goes on wrongly", expected: "',' or ']'")
                }
                position += 1
                skipSpace()
            }
        }
        position += 1
        depth -= 1
        return elements
    }

    private mutating func object() throws(Fault) -> JSONObject {
        try enter()
        let outer = path
        var object = JSONObject()
        if current != UInt8(ascii: "}") {
            while true {
                guard current == UInt8(ascii: "\"") else {
                    throw malformed("there is no field name here", expected: "a string")
                }
                let nameOffset = position
                let name = try string()
                path = .member(outer, name)
                skipSpace()
                guard current == UInt8(ascii: ":") else { throw malformed("the field has no value", expected: "':'") }
                position += 1
                skipSpace()
                let value = try value()
                guard object.append(.init(name: name, nameOffset: nameOffset, value: value)) else {
                    throw Fault(
                        .malformedJSON, at: text.place(of: nameOffset, path), "the field stands twice in its object",
                        found: "'\(JSONPath.shortened(name))'")
                }
                path = outer
                skipSpace()
                if current == UInt8(ascii: "}") { break }
                guard current == UInt8(ascii: ",") else {
                    throw malformed("the object goes on wrongly", expected: "',' or '}'")
                }
                position += 1
                skipSpace()
            }
        }
        position += 1
        depth -= 1
        return object
    }
}
