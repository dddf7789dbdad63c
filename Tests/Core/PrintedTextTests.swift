import EmotionFormerCore
import Testing

@Suite("Text from files as people read it")
struct PrintedTextTests {
    @Test(
        "What a terminal obeys or does not show is an escape, and the rest stays",
        arguments: [
            ("Happy", "Happy"), ("Wütend 怒り 👩‍🚀", "Wütend 怒り 👩‍🚀"), ("\u{1B}[31mred\u{7}", "\\u{1B}[31mred\\u{07}"),
            ("\u{9B}31m\u{7F}\0", "\\u{9B}31m\\u{7F}\\u{00}"), ("a\nb\rc\td\r\n", "a\\nb\\rc\\td\\r\\n"),
            ("evil\u{202E}gnp.exe\u{2066}\u{2069}\u{200F}", "evil\\u{202E}gnp.exe\\u{2066}\\u{2069}\\u{200F}"),
            ("a\u{2028}b\u{2029}c\u{200B}d\u{FEFF}", "a\\u{2028}b\\u{2029}c\\u{200B}d\\u{FEFF}"),
            ("\u{E0041}", "\\u{E0041}"),
            // Marks that join a control make no other character of it.
            ("\u{0600}\u{1B}\u{0301}[2J", "\\u{600}\\u{1B}\u{0301}[2J"),
        ])
    func line(text: String, shown: String) {
        #expect(Array(PrintedText.line(text).utf8) == Array(shown.utf8))
        #expect(Array(PrintedText.line(shown).utf8) == Array(shown.utf8))
    }

    @Test("Every character that is hidden has an escape in JSON")
    func json() {
        #expect(PrintedText.escapedInJSON("\u{1B}") == "\\u001b")
        #expect(PrintedText.escapedInJSON("\u{202E}") == "\\u202e")
        #expect(PrintedText.escapedInJSON("\u{E0041}") == "\\udb40\\udc41")
        let all = (0...0x10FFFF as ClosedRange<UInt32>).lazy.compactMap { Unicode.Scalar($0) }.filter(
            PrintedText.isHidden)
        for scalar in all {
            #expect(!PrintedText.line(String(scalar)).unicodeScalars.contains { PrintedText.isHidden($0) })
        }
        #expect(all.count { $0.value <= 0x9F } == 65)
    }

    @Test("A fault is one line, whatever a file put into it")
    func fault() {
        let fault = Fault(
            .invalidValue, at: "a\u{1B}[2J\n", "wrong\u{9B}31m", found: "\u{202E}x\u{2028}", expected: "\u{7F}")
        #expect(fault.description == "a\\u{1B}[2J\\n: wrong\\u{9B}31m (found \\u{202E}x\\u{2028}, expected \\u{7F})")
    }
}
