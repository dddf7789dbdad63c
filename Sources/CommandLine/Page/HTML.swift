import EmotionFormer
import EmotionFormerFiles
import EmotionFormerTensors

/// The few pieces of HTML that pages are made of.
enum HTML {
    /// Text for an element or a quoted attribute, on one line; what is hidden or forbidden in HTML is shown as `PrintedText`
    /// does.
    static func escaped(_ text: String) -> String {
        replaced(PrintedText.line(text)) { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: nil
            }
        }
    }

    /// JSON that a `script` element can hold: `<`, `>` and `&` only stand in its strings, where they can be escapes.
    static func embedded(_ json: String) -> String {
        replaced(json) { scalar in
            switch scalar {
            case "<", ">", "&", "\u{2028}", "\u{2029}": PrintedText.escapedInJSON(scalar)
            default: nil
            }
        }
    }

    /// By Unicode scalars: a mark beside a `<` makes one `Character` of both, which is no `<` any more.
    private static func replaced(_ text: String, _ replacement: (Unicode.Scalar) -> String?) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let replacement = replacement(scalar) {
                result.append(contentsOf: replacement.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// `93.1 %`
    static func percent(_ part: Double) -> String { DecimalText.fixed(part * 100, 1) + " %" }

    /// A coordinate of a drawing; what is no number, or far outside, stays where a browser can draw it.
    static func coordinate(_ value: Double) -> String {
        DecimalText.fixed(value.isNaN ? 0 : min(max(value, -1e6), 1e6), 1)
    }

    /// Facts beside each other, each under its name.
    static func facts(_ facts: [(name: String, value: String)]) -> String {
        "<dl class=\"facts\">"
            + facts.map { "<div><dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd></div>" }.joined() + "</dl>\n"
    }

    /// The classes of a label's colour.
    static func color(_ index: Int) -> String { "c\(index % 8)" + (index % 16 >= 8 ? " dashed" : "") }
}
