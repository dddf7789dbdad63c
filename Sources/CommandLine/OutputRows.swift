import EmotionFormer
import EmotionFormerCore

/// A prediction's outputs for people, one line per label: percentages and bars of probabilities, or plain numbers with
/// a note if the outputs are not probabilities.
enum OutputRows {
    /// - Parameters:
    ///   - rows: the labels and values to show, in this order; labels may hold any characters.
    ///   - fault: why the numbers are not probabilities; nil if they are.
    ///   - cells: the length of a bar of 100 %.
    static func lines(_ rows: [(label: String, value: Float)], fault: String?, cells: Int = 40) -> [String] {
        let rows = rows.map { (label: PrintedText.line($0.label), value: $0.value) }
        let width = rows.map(\.label.count).max() ?? 0
        let numbers = rows.map { fault == nil ? percent($0.value) : "\($0.value)" }
        let numberWidth = numbers.map(\.count).max() ?? 0
        let lines = zip(rows, numbers).map { row, number in
            let label = row.label + String(repeating: " ", count: width - row.label.count)
            let gap = String(repeating: " ", count: numberWidth - number.count)
            return "  \(label)  \(gap)\(number)" + (fault == nil ? "  \(bar(row.value, cells: cells))" : "")
        }
        return lines + (fault.map { ["  \(note($0))"] } ?? [])
    }

    static func note(_ fault: String) -> String { "these are not probabilities: \(fault)" }

    /// ` 93.1 %`, at least seven characters.
    private static func percent(_ probability: Float) -> String {
        let tenths = Int(saturating: (min(max(probability, 0), 1) * 1000).rounded())
        let text = "\(tenths / 10).\(tenths % 10) %"
        return String(repeating: " ", count: max(0, 7 - text.count)) + text
    }

    /// A bar of `cells` cells for 100 %, in steps of an eighth of a cell.
    private static func bar(_ probability: Float, cells: Int) -> String {
        let eighths = Int(saturating: (min(max(probability, 0), 1) * Float(8 * cells)).rounded())
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + rest
    }
}
