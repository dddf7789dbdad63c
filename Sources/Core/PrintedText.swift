/// Makes text from files safe to print: names, labels and messages cannot control a terminal.
package enum PrintedText {
    /// The text on one line. Control characters and invisible ones are written as escapes such as `\u{1B}`.
    package static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isHidden(scalar) {
                result.append(contentsOf: escaped(scalar).unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// The text, or of a text of more than 1,000 bytes the first 500 characters, an ellipsis and the last 200.
    package static func short(_ text: String) -> String {
        guard text.utf8.count > 1000 else { return text }
        let scalars = text.unicodeScalars
        guard scalars.count > 700 else { return text }
        return String(scalars.prefix(500)) + " … " + String(scalars.suffix(200))
    }

    /// Controls (C0, DEL, C1), line separators, and format characters: direction marks reorder the text around them,
    /// others are invisible. Joiners are kept, because several scripts and emoji need them.
    package static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        if (0x20...0x7E).contains(scalar.value) { return false }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: return true
        case .format: return scalar != "\u{200C}" && scalar != "\u{200D}"
        default: return false
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            return "\\u{\(digits.count < 2 ? "0" : "")\(digits)}"
        }
    }

    /// A string of JSON with its quotes: escaped as RFC 8259 wants, and nothing in it is hidden.
    package static func quotedInJSON(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            // More than the standard asks for: what a name holds must not reach a terminal as it is.
            case _ where isHidden(scalar): result += escapedInJSON(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A hidden character in a JSON string, escaped as RFC 8259 requires: as UTF-16 units of four digits each.
    package static func escapedInJSON(_ scalar: Unicode.Scalar) -> String {
        UTF16.encode(scalar).map { units in
            units.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        } ?? ""
    }
}
