import EmotionFormer
import EmotionFormerFiles
import EmotionFormerTensors

/// The few pieces of JSON that reports are made of.
enum JSONText {
    /// A string with its quotes, escaped as RFC 8259 wants; nothing in it is hidden.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            // More than RFC 8259 asks for: what a name holds must not reach a terminal as it is.
            case _ where PrintedText.isHidden(scalar): result += PrintedText.escapedInJSON(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A number with so many decimals; 0 for what JSON cannot say.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        value.isFinite ? DecimalText.fixed(value, digits) : "0"
    }
}
