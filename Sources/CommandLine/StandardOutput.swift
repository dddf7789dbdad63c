import EmotionFormerCore
import EmotionFormerSystem

/// Buffered standard output. Every failed write is reported.
enum StandardOutput {
    /// The reader has closed the pipe (`| head`). This is not a failure.
    struct ReaderGone: Error {}

    private static let buffer = Lock<[UInt8]>([])
    private static let limit = 1 << 16
    private static let needsReader = Lock(true)

    /// For a command whose exit code is its result: continue without printing after the reader has closed the pipe.
    static func goOnWithoutReader() { needsReader.withLock { $0 = false } }

    /// Writes text of the program or JSON, unchanged.
    static func write(_ text: String) throws {
        let full = buffer.withLock { buffer in
            buffer.append(contentsOf: text.utf8)
            return buffer.count >= limit
        }
        if full { try flush() }
    }

    /// Writes a line of any text. Control characters are escaped.
    static func writeLine(_ text: String) throws { try write(PrintedText.line(text) + "\n") }

    static func flush() throws {
        let bytes = buffer.withLock { buffer in
            defer { buffer = [] }
            return buffer
        }
        if let failure = Descriptor.write(bytes, to: 1) {
            if failure == EPIPE {
                if needsReader.withLock({ $0 }) { throw ReaderGone() }
                return
            }
            throw Failure("standard output cannot be written (\(String(cString: strerror(failure))))")
        }
    }

    /// Makes a write to a closed pipe an error instead of a signal that ends the process.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    static var isTerminal: Bool { isatty(1) == 1 }
}

/// Standard error: for messages and progress, never for results.
enum StandardError {
    /// Writes text of the program, unchanged.
    static func write(_ text: String) { _ = Descriptor.write(Array(text.utf8), to: 2) }

    /// Writes a line of any text. Control characters are escaped.
    static func writeLine(_ text: String) { write(PrintedText.line(text) + "\n") }

    static var isTerminal: Bool { isatty(2) == 1 }
}

private enum Descriptor {
    /// The system's error number, or nil if everything was written.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            rest = rest.dropFirst(count)
        }
        return nil
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        EmotionFormerSystem.write(descriptor, bytes, count)
    }
}
