import EmotionFormerFiles
import Testing

@Suite("Text for spreadsheets")
struct SpreadsheetTextTests {
    @Test("What begins like a formula stands behind an apostrophe, and comes back")
    func formulas() {
        let formulas = [
            "=1", "=\u{0301}cmd|calc!A0", "-1+1", "@a", "\tb", "\rc", "\r\nc", "+a", "'=1", "''-a", "＝1", "-inf",
        ]
        for text in formulas {
            #expect(Array(SpreadsheetText.harmless(text).utf8) == Array(("'" + text).utf8))
            #expect(Array(SpreadsheetText.original("'" + text).utf8) == Array(text.utf8))
        }
        for text in ["", "a=1", "-1", "+2.5e-7", "-", "+", "1", "'", "'a", " =1", "Happy, too"] {
            #expect(SpreadsheetText.harmless(text) == text)
            #expect(SpreadsheetText.original(text) == text)
        }
    }
}
