import EmotionFormer
import EmotionFormerFiles
import EmotionFormerTensors

/// Pieces of JSON for reports.
enum JSONText {
    /// A quoted string, escaped as RFC 8259 requires. Hidden characters are escaped too.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            // More than RFC 8259 requires: control sequences in a name must not reach a terminal.
            case _ where PrintedText.isHidden(scalar): result += PrintedText.escapedInJSON(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A number with `digits` decimals; 0 for NaN and infinities, which JSON cannot represent.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        value.isFinite ? DecimalText.fixed(value, digits) : "0"
    }
}
