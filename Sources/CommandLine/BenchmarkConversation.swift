import EmotionFormerCore

/// Timed predictions on demand, so that another program can measure its own engine in between.
struct BenchmarkConversation {
    let subject: BenchmarkSubject

    /// Answers every line of standard input, a count n, with one line: `{"milliseconds": [n numbers]}`.
    func run() throws {
        var line = 0
        while let text = readLine() {
            line += 1
            let words = text.split(whereSeparator: \.isWhitespace)
            guard words.count == 1, let count = Int(words[0]), (1...1_000_000).contains(count) else {
                throw Failure(
                    "standard input: line \(line): not a count of predictions (found \(PrintedText.quotedInJSON(text)), expected 1 to 1000000)"
                )
            }
            var samples: [String] = []
            for _ in 0..<count { samples.append("\(try subject.timedRun())") }
            try StandardOutput.writeLine("{\"milliseconds\": [\(samples.joined(separator: ", "))]}")
            try StandardOutput.flush()
        }
    }
}
