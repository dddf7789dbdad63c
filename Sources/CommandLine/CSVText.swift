import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// Cells of comma-separated values that may be opened in a spreadsheet.
enum CSVText {
    /// A cell with text, made harmless for spreadsheets and quoted as in RFC 4180 where needed.
    ///
    /// In a file the text is kept, except NUL, which many readers take for the end of a cell. On a terminal, hidden
    /// characters are shown as escapes.
    static func cell(_ text: String) -> String {
        let harmless = SpreadsheetText.harmless(text)
        let shown = StandardOutput.isTerminal ? PrintedText.line(harmless) : harmless
        // By Unicode scalars: a quote with a combining mark is one `Character`.
        guard shown.unicodeScalars.contains(where: { ",\"\r\n\0".unicodeScalars.contains($0) }) else { return shown }
        var result = "\"".unicodeScalars
        for scalar in shown.unicodeScalars {
            if scalar == "\"" { result.append(scalar) }
            result.append(scalar == "\0" ? "\u{FFFD}" : scalar)
        }
        result.append("\"")
        return String(result)
    }
}
