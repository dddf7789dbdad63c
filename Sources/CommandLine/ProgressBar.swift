/// A progress line on a terminal; nothing in a pipe.
struct ProgressBar: Sendable {
    private let title: String
    private let isShown: Bool

    init(_ title: String) {
        self.title = title
        isShown = StandardError.isTerminal
    }

    func show(_ done: Int, of total: Int) {
        guard isShown, total > 0 else { return }
        let width = 30
        let filled = width * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        StandardError.write("\r\(title) \(bar) \(done)/\(total)")
    }

    /// Of something whose end is not known.
    func show(_ done: Int, _ what: String) {
        if isShown { StandardError.write("\r\(title) \(done) \(what)") }
    }

    /// Removes the line.
    func clear() {
        if isShown { StandardError.write("\r\u{1B}[K") }
    }
}
