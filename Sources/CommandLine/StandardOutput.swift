import EmotionFormerTensors

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#else
    import Glibc
#endif

/// Standard output, buffered, with every failed write noticed.
enum StandardOutput {
    /// The reader of a pipe has gone: nobody wants the rest, which is no failure.
    struct ReaderGone: Error {}

    private static let buffer = Lock<[UInt8]>([])
    private static let limit = 1 << 16
    private static let needsReader = Lock(true)

    /// For a command whose exit code is its result: what nobody reads is dropped, and the work goes on.
    static func goOnWithoutReader() { needsReader.withLock { $0 = false } }

    /// Text of our own, or JSON: it goes out as it is.
    static func write(_ text: String) throws {
        let full = buffer.withLock { buffer in
            buffer.append(contentsOf: text.utf8)
            return buffer.count >= limit
        }
        if full { try flush() }
    }

    /// A line that may hold anything: no control in it reaches the terminal.
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

    /// A write to a closed pipe then fails with an error, in place of a signal that ends the process.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    static var isTerminal: Bool { isatty(1) == 1 }
}

/// Standard error: for messages and progress, never for results.
enum StandardError {
    /// Text of our own: it goes out as it is.
    static func write(_ text: String) { _ = Descriptor.write(Array(text.utf8), to: 2) }

    /// A line that may hold anything: no control in it reaches the terminal.
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
        #if canImport(Darwin)
            Darwin.write(descriptor, bytes, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes, count)
        #elseif canImport(Android)
            Android.write(descriptor, bytes, count)
        #else
            Glibc.write(descriptor, bytes, count)
        #endif
    }
}
