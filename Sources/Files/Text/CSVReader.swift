import EmotionFormerCore

/// Splits comma-separated values (RFC 4180) into rows of fields: quoted fields, either line end, UTF-8 with or without
/// a byte order mark. Empty lines are skipped.
package struct CSVReader {
    package struct Row {
        /// The line that the row begins on, from 1.
        package fileprivate(set) var line = 0
        /// The fields' bytes, without the quotes around them.
        package fileprivate(set) var fields: [ArraySlice<UInt8>] = []
    }

    private let bytes: ArraySlice<UInt8>
    private let columnLimit: Int
    private var position: Int
    private var line = 1

    /// - Parameter columnLimit: cells of a row.
    package init(_ bytes: [UInt8], columnLimit: Int) {
        self.columnLimit = columnLimit
        self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        position = self.bytes.startIndex
    }

    /// The next row, or nil at the end.
    /// - Throws: like `next(into:)`.
    package mutating func next() throws(FileFormatError) -> Row? {
        var row = Row()
        return try next(into: &row) ? row : nil
    }

    /// Reads the next row into an existing one and reuses its memory; false at the end.
    /// - Throws: malformed for a quoted field that does not end or has text after it, `limitExceeded` for a row with
    ///   more fields than the limit.
    package mutating func next(into row: inout Row) throws(FileFormatError) -> Bool {
        while position < bytes.endIndex {
            row.line = line
            row.fields.removeAll(keepingCapacity: true)
            var isLastField = false
            while !isLastField {
                guard row.fields.count < columnLimit else {
                    throw FileFormatError(
                        .limitExceeded, at: "line \(row.line)", "the row has too many cells",
                        expected: "at most \(columnLimit)")
                }
                let quoted = position < bytes.endIndex && bytes[position] == UInt8(ascii: "\"")
                row.fields.append(quoted ? try quotedField(row.fields.count + 1) : plainField())
                isLastField = !take(UInt8(ascii: ","))
            }
            endLine()
            if row.fields.count == 1, row.fields[0].isEmpty { continue }
            return true
        }
        return false
    }

    private mutating func plainField() -> ArraySlice<UInt8> {
        let field = bytes[position...].prefix { $0 != UInt8(ascii: ",") && $0 != 0x0A && $0 != 0x0D }
        position = field.endIndex
        return CSVReader.trimmed(field)
    }

    private mutating func quotedField(_ column: Int) throws(FileFormatError) -> ArraySlice<UInt8> {
        let place = "line \(line), column \(column)"
        position += 1
        var text: [UInt8] = []
        while true {
            let part = bytes[position...].prefix { $0 != UInt8(ascii: "\"") }
            guard part.endIndex < bytes.endIndex else {
                throw FileFormatError(at: place, "the quoted cell does not end")
            }
            line += part.count { $0 == 0x0A }
            text.append(contentsOf: part)
            position = part.endIndex + 1
            guard take(UInt8(ascii: "\"")) else { break }
            text.append(UInt8(ascii: "\""))
        }
        if position < bytes.endIndex, ![UInt8(ascii: ","), 0x0A, 0x0D].contains(bytes[position]) {
            throw FileFormatError(at: place, "text follows the quoted cell")
        }
        return text[...]
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.endIndex, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func endLine() {
        _ = take(0x0D)
        _ = take(0x0A)
        line += 1
    }

    private static func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var field = field.drop { $0 == 0x20 || $0 == 0x09 }
        while let last = field.last, last == 0x20 || last == 0x09 { field.removeLast() }
        return field
    }
}
