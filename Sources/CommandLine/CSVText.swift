import EmotionFormer
import EmotionFormerFiles
import EmotionFormerTensors

/// Cells of tables of comma-separated values, which people open in a spreadsheet.
enum CSVText {
    /// A cell that is text: no formula, and quoted as RFC 4180 says where it must be.
    ///
    /// In a file the text is kept, but for NUL, which ends a cell for many readers; on a terminal what is hidden is shown.
    static func cell(_ text: String) -> String {
        let harmless = SpreadsheetText.harmless(text)
        let shown = StandardOutput.isTerminal ? PrintedText.line(harmless) : harmless
        // By Unicode scalars: a mark after a quote makes one `Character` of both.
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
