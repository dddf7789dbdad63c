/// Text in tables that people open in a spreadsheet, which computes what looks like a formula (OWASP, "CSV Injection").
package enum SpreadsheetText {
    /// The text, behind an apostrophe if it begins like a formula. Numbers and a sign alone are left as they are.
    package static func harmless(_ text: String) -> String {
        guard isFormula(text.unicodeScalars), DecimalNumber.parse(Array(text.utf8)[...])?.isFinite != true, text != "-",
            text != "+"
        else { return text }
        return "'" + text
    }

    /// What `harmless` was given.
    package static func original(_ cell: String) -> String {
        guard cell.unicodeScalars.first == "'", isFormula(cell.unicodeScalars) else { return cell }
        return String(cell.unicodeScalars.dropFirst())
    }

    /// Whether any apostrophes and then the start of a formula come first; there are full-width ones, too.
    private static func isFormula(_ text: String.UnicodeScalarView) -> Bool {
        guard let first = text.first(where: { $0 != "'" }) else { return false }
        return "=+-@\t\r\n\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains(first)
    }
}
