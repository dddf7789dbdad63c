/// A parsed value with its position in the text.
package struct JSONNode {
    package enum Content {
        case null
        case boolean(Bool)
        case integer(Int)
        case number(Double)
        case string(String)
        case array([JSONNode])
        case object(JSONObject)
    }

    package var content: Content
    /// Bytes before the value's first one.
    var offset: Int

    /// The value without positions.
    package var value: JSONValue {
        switch content {
        case .null: .null
        case .boolean(let boolean): .boolean(boolean)
        case .integer(let integer): .integer(integer)
        case .number(let number): .number(number)
        case .string(let string): .string(string)
        case .array(let elements): .array(elements.map(\.value))
        case .object(let object): .object(object.members.map { JSONValue.Member($0.name, $0.value.value) })
        }
    }

    /// A description of the value for errors: `the string 'a'`, `an object`.
    package var kind: String {
        switch content {
        case .null: "null"
        case .boolean(let boolean): "\(boolean)"
        case .integer(let integer): "\(integer)"
        case .number(let number): "the number \(number)"
        case .string(let string): "the string '\(JSONPath.shortened(string))'"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Members in the order of the text, found by name.
package struct JSONObject {
    package struct Member {
        package var name: String
        var nameOffset: Int
        package var value: JSONNode
    }

    package private(set) var members: [Member] = []
    private var indexOfName: [String: Int] = [:]

    /// - Returns: false if the name exists already; nothing is then added.
    mutating func append(_ member: Member) -> Bool {
        guard indexOfName.updateValue(members.count, forKey: member.name) == nil else { return false }
        members.append(member)
        return true
    }

    subscript(name: String) -> JSONNode? { indexOfName[name].map { members[$0].value } }
}

/// The path from the root of a JSON text to a value: `graphs[0].nodes[3].attributes`.
package indirect enum JSONPath: CustomStringConvertible {
    case root
    case member(JSONPath, String)
    case element(JSONPath, Int)

    package var description: String {
        switch self {
        case .root: return ""
        case .element(let parent, let index): return "\(parent)[\(index)]"
        case .member(let parent, let name):
            let isPlain = !name.isEmpty && name.utf8.allSatisfy { $0 == 0x5F || JSONPath.isAlphanumeric($0) }
            guard isPlain, name.utf8.count <= 80 else { return "\(parent)['\(JSONPath.shortened(name))']" }
            if case .root = parent { return name }
            return "\(parent).\(name)"
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    /// Text from a file, shortened for an error of one line.
    package static func shortened(_ text: String) -> String {
        text.unicodeScalars.count <= 80 ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(77))) + "…"
    }
}
