import EmotionFormerFiles

extension ClassificationReport {
    /// The table that scikit-learn's `classification_report(…, digits: digits)` prints for these predictions, character
    /// by character: precision, recall, F1 and support of each class, accuracy, macro and weighted averages.
    public func text(digits: Int = 2) -> String { text(digits: digits, labels: labels) }

    /// - Parameter labels: the text of the first column, in place of the labels.
    package func text(digits: Int = 2, labels: [String]) -> String {
        let averages = "weighted avg"
        let width = (labels + [averages]).map(\.unicodeScalars.count).max().map { max($0, digits) } ?? digits
        func cell(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
        }
        func line(_ name: String, _ cells: [String]) -> String {
            cell(name, width) + " " + cells.map { " " + cell($0, 9) }.joined() + "\n"
        }
        func line(_ name: String, _ row: Row) -> String {
            line(name, [row.precision, row.recall, row.f1].map { DecimalText.fixed($0, digits) } + ["\(row.support)"])
        }
        let rows = zip(labels, self.rows).map { line($0, $1) }.joined()
        return line("", ["precision", "recall", "f1-score", "support"]) + "\n" + rows + "\n"
            + line("accuracy", ["", "", DecimalText.fixed(accuracy, digits), "\(macroAverage.support)"])
            + line("macro avg", macroAverage) + line(averages, weightedAverage)
    }
}
