import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerModelFormat
import EmotionFormerSystem

/// Handles signals that end the program: unfinished output is removed first, and child processes are ended.
enum Interruption {
    private static let signals = [SIGINT, SIGTERM, SIGHUP]
    private static let commands: Set = ["convert", "landmarks", "predict", "stream", "trace"]

    private enum Camera {
        case none, running, stopped
    }

    private static let camera = Lock(Camera.none)

    /// From now on Ctrl-C ends the camera's pictures first, and the program with what it does afterwards if it comes again.
    static func stopCameraFirst() { camera.withLock { $0 = .running } }

    static var hasStoppedCamera: Bool { camera.withLock { $0 == .stopped } }

    /// Handles the signals on a separate thread, for commands that write files or start other programs. Call it before any other thread is
    /// made, because threads inherit which signals are blocked. A signal that the caller ignores (nohup) stays ignored.
    static func removeUnfinished() {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.contains(where: { commands.contains($0) || $0.hasPrefix("--report") }) else { return }
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
        while true {
            while sigwait(&blocked, &number) != 0 {}
            guard number == SIGINT, stopsCamera() else { break }
            ChildProcess.endAll()
        }
        let received = number
        ChildProcess.endAll {
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
    }

    /// Whether a camera runs, which is then stopped.
    private static func stopsCamera() -> Bool {
        camera.withLock { camera in
            guard camera == .running else { return false }
            camera = .stopped
            return true
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
