import EmotionFormerSystem

/// Reads a child's standard output, and its standard error line by line at the same time, so that neither fills up.
final class ChildPipes {
    /// The child has sent nothing for as long as was waited.
    struct Silence: Error {}

    private let child: ChildProcess
    /// Seconds.
    private let patience: Int
    private var line: [UInt8] = []
    private var outputHasEnded = false
    private var errorsHaveEnded = false
    private var scratch = [UInt8](repeating: 0, count: 1 << 14)

    /// The most bytes of a line that are kept.
    private static let lineLimit = 1 << 12

    /// - Parameter patience: the seconds that the child may send nothing while it is waited for.
    init(_ child: ChildProcess, patience: Int) {
        self.child = child
        self.patience = patience
    }

    /// The next bytes of standard output, waiting for them if necessary. Meanwhile lines of standard error are passed on.
    /// - Returns: their number, 0 at the end of both pipes.
    /// - Throws: `Silence`.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, errorLine: (_ line: String) -> Void
    ) throws(Silence) -> Int {
        while !outputHasEnded || !errorsHaveEnded {
            let (hasOutput, hasErrors) = try wait()
            if hasErrors { readErrors(errorLine) }
            if hasOutput {
                let count = ChildPipes.bytes(of: child.output, buffer)
                if count > 0 { return count }
                outputHasEnded = true
            }
        }
        return 0
    }

    /// Passes on the lines of standard error that come within so many milliseconds.
    func readErrors(milliseconds: CInt, _ errorLine: (_ line: String) -> Void) {
        guard !errorsHaveEnded else { return }
        var wanted = pollfd(fd: child.errors, events: Int16(POLLIN), revents: 0)
        if poll(&wanted, 1, milliseconds) > 0 { readErrors(errorLine) }
    }

    private func wait() throws(Silence) -> (output: Bool, errors: Bool) {
        // In steps of a second, so that time during which the whole program is stopped does not count.
        var silent = 0
        while true {
            var wanted = [
                // A negative descriptor is left out.
                pollfd(fd: outputHasEnded ? -1 : child.output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errorsHaveEnded ? -1 : child.errors, events: Int16(POLLIN), revents: 0),
            ]
            let found = poll(&wanted, 2, 1000)
            if found > 0 { return (wanted[0].revents != 0, wanted[1].revents != 0) }
            if found < 0, errno == EINTR || errno == EAGAIN { continue }
            silent += 1
            if silent >= patience { throw Silence() }
        }
    }

    private func readErrors(_ errorLine: (_ line: String) -> Void) {
        let count = scratch.withUnsafeMutableBytes { ChildPipes.bytes(of: child.errors, $0) }
        guard count > 0 else {
            errorsHaveEnded = true
            if !line.isEmpty { errorLine(String(decoding: line, as: UTF8.self)) }
            line = []
            return
        }
        for byte in scratch[..<count] {
            // A carriage return ends a line that is shown in place.
            if byte == 0x0A || byte == 0x0D {
                if !line.isEmpty { errorLine(String(decoding: line, as: UTF8.self)) }
                line.removeAll(keepingCapacity: true)
            } else if line.count < ChildPipes.lineLimit {
                line.append(byte)
            }
        }
    }

    /// 0 at the end, and for a pipe that cannot be read any more.
    private static func bytes(of pipe: CInt, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            let count = EmotionFormerSystem.read(pipe, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { return 0 }
        }
    }
}
