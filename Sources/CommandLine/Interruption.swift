import EmotionFormerFiles
import EmotionFormerModelFormat
import EmotionFormerSystem

/// Handles signals that end the program: unfinished output is removed first.
enum Interruption {
    private static let signals = [SIGINT, SIGTERM, SIGHUP]

    /// Handles the signals on a separate thread, for commands that write files. Call it before any other thread is
    /// made, because threads inherit which signals are blocked. A signal that the caller ignores (nohup) stays ignored.
    static func removeUnfinished() {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.contains(where: { $0 == "convert" || $0 == "trace" || $0.hasPrefix("--report") }) else {
            return
        }
        var blocked = taken()
        pthread_sigmask(SIG_BLOCK, &blocked, nil)
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let made = pthread_create(&thread, nil, { _ in Interruption.wait() }, nil)
        if made != 0 { pthread_sigmask(SIG_UNBLOCK, &blocked, nil) }
    }

    private static func wait() -> Never {
        var blocked = taken()
        var number: CInt = 0
        while sigwait(&blocked, &number) != 0 {}
        let received = number
        UnfinishedOutput.removeAll {
            signal(received, SIG_DFL)
            var all = sigset_t()
            sigemptyset(&all)
            sigaddset(&all, received)
            pthread_sigmask(SIG_UNBLOCK, &all, nil)
            raise(received)
            exit(128 + received)
        }
    }

    private static func taken() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals where !isIgnored(number) { sigaddset(&set, number) }
        return set
    }

    private static func isIgnored(_ number: CInt) -> Bool {
        let before = signal(number, SIG_IGN)
        signal(number, before)
        return unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
