package import EmotionFormerCore

extension JSONValue {
    /// The text of the value, ending in a line break: members in their order, numbers in the shortest form that reads
    /// back as the same value, arrays of numbers and short values on one line, an indentation of two spaces.
    /// - Throws: `notFinite` for a number that JSON cannot represent.
    package func text() throws(Fault) -> String {
        var writer = JSONWriter()
        try writer.write(self, indentation: 0)
        return writer.text + "\n"
    }
}

private struct JSONWriter {
    /// Longer values take several lines.
    private static let lineLength = 110
    var text = ""

    mutating func write(_ value: JSONValue, indentation: Int) throws(Fault) {
        if let line = try oneLine(value), line.utf8.count + indentation <= Self.lineLength || isNumeric(value) {
            text += line
            return
        }
        let inner = String(repeating: " ", count: indentation + 2)
        let outer = String(repeating: " ", count: indentation)
        switch value {
        case .array(let elements):
            text += "[\n"
            for (index, element) in elements.enumerated() {
                text += inner
                try write(element, indentation: indentation + 2)
                text += index + 1 < elements.count ? ",\n" : "\n"
            }
            text += outer + "]"
        case .object(let members):
            text += "{\n"
            for (index, member) in members.enumerated() {
                text += inner + PrintedText.quotedInJSON(member.name) + ": "
                try write(member.value, indentation: indentation + 2)
                text += index + 1 < members.count ? ",\n" : "\n"
            }
            text += outer + "}"
        default: text += try scalar(value)
        }
    }

    /// An array of nothing but numbers and nulls.
    private func isNumeric(_ value: JSONValue) -> Bool {
        guard case .array(let elements) = value else { return false }
        return elements.allSatisfy {
            switch $0 {
            case .integer, .number, .null: true
            default: false
            }
        }
    }

    /// The value on one line, or nil if it holds an object in another value.
    private func oneLine(_ value: JSONValue) throws(Fault) -> String? {
        switch value {
        case .array(let elements):
            var parts: [String] = []
            for element in elements {
                if case .object = element { return nil }
                guard let part = try oneLine(element) else { return nil }
                parts.append(part)
            }
            return "[" + parts.joined(separator: ", ") + "]"
        case .object(let members):
            var parts: [String] = []
            for member in members {
                if case .object(let nested) = member.value, !nested.isEmpty { return nil }
                guard let part = try oneLine(member.value) else { return nil }
                parts.append("\(PrintedText.quotedInJSON(member.name)): \(part)")
            }
            return "{" + parts.joined(separator: ", ") + "}"
        default: return try scalar(value)
        }
    }

    private func scalar(_ value: JSONValue) throws(Fault) -> String {
        switch value {
        case .boolean(let boolean): return "\(boolean)"
        case .integer(let integer): return "\(integer)"
        case .string(let string): return PrintedText.quotedInJSON(string)
        case .number(let number):
            guard number.isFinite else {
                throw Fault(.notFinite, at: "", "JSON cannot hold the number", found: "\(number)")
            }
            return "\(number)"
        default: return "null"
        }
    }
}
