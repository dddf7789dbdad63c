/// Text for tables that are opened in a spreadsheet, which would compute text that looks like a formula (OWASP, "CSV
/// Injection").
package enum SpreadsheetText {
    /// The text, with an apostrophe in front if it begins like a formula. Numbers and a lone sign are unchanged.
    package static func harmless(_ text: String) -> String {
        guard isFormula(text.unicodeScalars), DecimalNumber.parse(Array(text.utf8)[...])?.isFinite != true, text != "-",
            text != "+"
        else { return text }
        return "'" + text
    }

    /// The text from which `harmless` made this cell.
    package static func original(_ cell: String) -> String {
        guard cell.unicodeScalars.first == "'", isFormula(cell.unicodeScalars) else { return cell }
        return String(cell.unicodeScalars.dropFirst())
    }

    /// Whether the text begins with any number of apostrophes and then the start of a formula, full-width signs
    /// included.
    private static func isFormula(_ text: String.UnicodeScalarView) -> Bool {
        guard let first = text.first(where: { $0 != "'" }) else { return false }
        return "=+-@\t\r\n\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains(first)
    }
}
