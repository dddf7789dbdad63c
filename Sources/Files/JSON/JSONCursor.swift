package import EmotionFormerCore

/// A value of a JSON text that is read as the type that the format requires. Every error states line, column and path.
package struct JSONCursor {
    let text: JSONText
    package let node: JSONNode
    package let path: JSONPath

    /// - Throws: `malformedJSON` or `limitExceeded`.
    package init(parsing bytes: [UInt8], limits: JSONParser.Limits = .init()) throws(Fault) {
        text = JSONText(bytes)
        node = try JSONParser.parse(text, limits: limits)
        path = .root
    }

    private init(text: JSONText, node: JSONNode, path: JSONPath) {
        self.text = text
        self.node = node
        self.path = path
    }

    package var place: String { text.place(of: node.offset, path) }

    package func fault(_ code: Fault.Code, _ problem: String, found: String? = nil, expected: String? = nil) -> Fault {
        Fault(code, at: place, problem, found: found, expected: expected)
    }

    private func wrongKind(_ expected: String) -> Fault {
        fault(.invalidValue, "the value is of the wrong kind", found: node.kind, expected: expected)
    }

    package func string() throws(Fault) -> String {
        guard case .string(let string) = node.content else { throw wrongKind("a string") }
        return string
    }

    /// A string that is not empty.
    package func name() throws(Fault) -> String {
        let name = try string()
        guard !name.isEmpty else { throw fault(.invalidValue, "the name is empty") }
        return name
    }

    package func integer() throws(Fault) -> Int {
        guard case .integer(let integer) = node.content else { throw wrongKind("an integer") }
        return integer
    }

    /// An integer that counts something.
    package func count() throws(Fault) -> Int {
        let count = try integer()
        guard count >= 0 else { throw fault(.invalidValue, "the number is negative", found: "\(count)") }
        return count
    }

    package func number() throws(Fault) -> Double {
        switch node.content {
        case .integer(let integer): return Double(integer)
        case .number(let number): return number
        default: throw wrongKind("a number")
        }
    }

    /// One of an enumeration's names.
    package func choice<Choice: RawRepresentable<String> & CaseIterable>(_ type: Choice.Type) throws(Fault) -> Choice {
        let string = try string()
        guard let choice = Choice(rawValue: string) else {
            throw fault(
                .invalidValue, "the value is not one of those known", found: "'\(JSONPath.shortened(string))'",
                expected: Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", "))
        }
        return choice
    }

    package var isNull: Bool { if case .null = node.content { true } else { false } }

    package func elements() throws(Fault) -> [JSONCursor] {
        guard case .array(let elements) = node.content else { throw wrongKind("an array") }
        return elements.enumerated().map { JSONCursor(text: text, node: $1, path: .element(path, $0)) }
    }

    /// Members by any name, in the order of the text.
    package func members() throws(Fault) -> [(name: String, value: JSONCursor)] {
        guard case .object(let object) = node.content else { throw wrongKind("an object") }
        return object.members.map { ($0.name, JSONCursor(text: text, node: $0.value, path: .member(path, $0.name))) }
    }

    /// The member, or nil if there is none.
    /// - Throws: `invalidValue` unless this is an object.
    package func optional(_ name: String) throws(Fault) -> JSONCursor? {
        guard case .object(let object) = node.content else { throw wrongKind("an object") }
        return object[name].map { JSONCursor(text: text, node: $0, path: .member(path, name)) }
    }

    /// - Throws: `missingField` if there is no such member.
    package func required(_ name: String) throws(Fault) -> JSONCursor {
        guard let member = try optional(name) else {
            throw fault(.missingField, "a field is absent", expected: "'\(name)'")
        }
        return member
    }

    /// - Throws: `unknownField` if there is a member with none of these names.
    package func checkFields(_ known: String...) throws(Fault) { try checkFields(in: known) }

    /// - Throws: `unknownField` if there is a member with none of these names.
    package func checkFields(in known: [String]) throws(Fault) {
        guard case .object(let object) = node.content else { throw wrongKind("an object") }
        for member in object.members where !known.contains(member.name) {
            throw Fault(
                .unknownField, at: text.place(of: member.nameOffset, .member(path, member.name)),
                "there is no such field", found: "'\(JSONPath.shortened(member.name))'",
                expected: known.map { "'\($0)'" }.joined(separator: ", "))
        }
    }
}
