import EmotionFormer

/// The few pieces of HTML that pages are made of.
enum HTML {
    /// Text for an element or a quoted attribute. Control characters, which HTML forbids, become spaces.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case _ where scalar.value < 0x20 && scalar != "\n" || (0x7F...0x9F).contains(scalar.value): result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// JSON that a `script` element can hold.
    static func embedded(_ json: String) -> String {
        json.split(separator: "<", omittingEmptySubsequences: false).joined(separator: "\\u003c")
    }

    /// `93.1 %`
    static func percent(_ part: Double) -> String { DecimalText.fixed(part * 100, 1) + " %" }

    /// A coordinate of a drawing.
    static func coordinate(_ value: Double) -> String { DecimalText.fixed(value, 1) }

    /// Facts beside each other, each under its name.
    static func facts(_ facts: [(name: String, value: String)]) -> String {
        "<dl class=\"facts\">"
            + facts.map { "<div><dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd></div>" }.joined() + "</dl>\n"
    }

    /// The classes of a label's colour.
    static func color(_ index: Int) -> String { "c\(index % 8)" + (index % 16 >= 8 ? " dashed" : "") }
}
