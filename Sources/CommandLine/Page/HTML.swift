import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// Pieces of HTML for pages.
enum HTML {
    /// Text for an element or a quoted attribute, on one line. Characters that are hidden or forbidden in HTML are
    /// shown as `PrintedText` does.
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

    /// JSON for a `script` element. `<`, `>` and `&` occur only in its strings, where they are escaped.
    static func embedded(_ json: String) -> String {
        replaced(json) { scalar in
            switch scalar {
            case "<", ">", "&", "\u{2028}", "\u{2029}": PrintedText.escapedInJSON(scalar)
            default: nil
            }
        }
    }

    /// By Unicode scalars: a `<` with a combining mark is one `Character`, which is not equal to `<`.
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

    /// A coordinate of a drawing. NaN becomes 0, and large values are limited to what a browser can draw.
    static func coordinate(_ value: Double) -> String {
        DecimalText.fixed(value.isNaN ? 0 : min(max(value, -1e6), 1e6), 1)
    }

    /// A list of facts, each with its name.
    static func facts(_ facts: [(name: String, value: String)]) -> String {
        "<dl class=\"facts\">"
            + facts.map { "<div><dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd></div>" }.joined() + "</dl>\n"
    }

    /// The CSS classes of a label's color.
    static func color(_ index: Int) -> String { "c\(index % 8)" + (index % 16 >= 8 ? " dashed" : "") }
}
