import EmotionFormerCore

/// Columns of text, as wide as their widest cell.
struct TextTable {
    private var rows: [[String]]
    private let rightAligned: Set<Int>

    init(_ header: [String], rightAligned: Set<Int> = []) {
        rows = [header.map(PrintedText.line)]
        self.rightAligned = rightAligned
    }

    /// Appends a row; cells may hold any characters.
    mutating func append(_ row: [String]) { rows.append(row.map(PrintedText.line)) }

    /// The header, a rule, and the rows.
    var lines: [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                return rightAligned.contains(column) ? gap + cell : cell + gap
            }
            return TextTable.trimmed(cells.joined(separator: "  "))
        }
        lines.insert(widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "), at: 1)
        return lines
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}
