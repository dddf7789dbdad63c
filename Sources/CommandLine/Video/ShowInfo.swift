/// What ffmpeg's filter `showinfo` says on standard error of the frames that pass it.
enum ShowInfo: Equatable {
    /// Before the first frame, and again when the pictures' size changes: from then on frames are counted from 0 again.
    case stream(timeBase: Fraction?, rate: Fraction?)
    /// A frame's number and its time in units of the time base; nil for a frame without time.
    case frame(number: Int, ticks: Int?)

    /// Beyond this a time is not believed: see `Fraction`.
    static let mostTicks = 1 << 53

    /// nil for any other line.
    init?(_ line: String) {
        var text = line[...]
        guard ShowInfo.skip("[Parsed_showinfo_", &text), let end = text.firstIndex(of: "]") else { return nil }
        text = text[text.index(after: end)...]
        ShowInfo.skipBlanks(&text)
        // With levels, as in `-loglevel level+info`.
        if ShowInfo.skip("[info]", &text) { ShowInfo.skipBlanks(&text) }
        if ShowInfo.skip("config in time_base:", &text) {
            let base = ShowInfo.word(&text)
            guard ShowInfo.skip("frame_rate:", &text) else { return nil }
            self = .stream(timeBase: Fraction(base), rate: Fraction(ShowInfo.word(&text)))
            return
        }
        guard ShowInfo.skip("n:", &text), let number = Int(ShowInfo.word(&text)), number >= 0,
            ShowInfo.skip("pts:", &text)
        else { return nil }
        let ticks = Int(ShowInfo.word(&text))
        self = .frame(number: number, ticks: ticks.flatMap { $0.magnitude <= ShowInfo.mostTicks.magnitude ? $0 : nil })
    }

    private static func skip(_ prefix: String, _ text: inout Substring) -> Bool {
        guard text.hasPrefix(prefix) else { return false }
        text = text.dropFirst(prefix.count)
        return true
    }

    private static func skipBlanks(_ text: inout Substring) { text = text.drop { $0 == " " } }

    /// Up to the next blank or comma, with the blanks around it taken.
    private static func word(_ text: inout Substring) -> Substring {
        skipBlanks(&text)
        let word = text.prefix { $0 != " " && $0 != "," }
        text = text.dropFirst(word.count).drop { $0 == " " || $0 == "," }
        return word
    }
}
