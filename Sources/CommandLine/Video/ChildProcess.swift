import EmotionFormerCore
import EmotionFormerSystem

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Another program that runs beside this one, with its standard output and standard error as pipes.
///
/// It is the head of a process group of its own, which ends as a whole: with the last reference, and with this program
/// when a signal ends it.
final class ChildProcess: Sendable {
    /// How a program ended.
    enum Ending: Equatable {
        case code(CInt)
        case signal(CInt)
    }

    /// Why a program could not be started.
    struct NotStarted: Error {
        let number: CInt
        /// Whether no folder of PATH has it.
        var isMissing: Bool { number == ENOENT }
        var words: String { strerror(number).map { String(cString: $0) } ?? "error \(number)" }
    }

    /// The reading ends of its pipes.
    let output: CInt
    let errors: CInt
    private let identifier: pid_t
    private let ending = Lock<Ending?>(nil)

    /// The children of this process that have not been waited for.
    private static let running = Lock<[pid_t]>([])

    /// Starts a program that is looked up in PATH. Its standard input is empty.
    init(_ program: String, _ arguments: [String]) throws(NotStarted) {
        var child: pid_t = 0
        var pipes: (output: Pipe, errors: Pipe)?
        // Under the lock, so that a signal that ends this program finds the child, and no other child gets its pipes.
        let failure = ChildProcess.running.withLock { running -> CInt in
            guard let output = Pipe() else { return errno }
            guard let errors = Pipe() else {
                let failure = errno
                output.close()
                return failure
            }
            let failure = ChildProcess.spawn(program, arguments, output: output.write, errors: errors.write, &child)
            guard failure == 0 else {
                output.close()
                errors.close()
                return failure
            }
            EmotionFormerSystem.close(output.write)
            EmotionFormerSystem.close(errors.write)
            running.append(child)
            pipes = (output, errors)
            return 0
        }
        guard let (output, errors) = pipes else { throw NotStarted(number: failure) }
        identifier = child
        self.output = output.read
        self.errors = errors.read
    }

    deinit {
        end()
        close(output)
        close(errors)
    }

    /// Waits for its end for so long. It has closed its pipes, so that it ends at once or never.
    /// - Returns: nil if it runs still.
    func wait(seconds: Int) -> Ending? {
        for _ in 0..<max(1, seconds * 500) {
            if let ending = reaped() { return ending }
            usleep(2000)
        }
        return nil
    }

    /// Ends it and what it has started.
    func end() {
        guard ending.withLock({ $0 }) == nil else { return }
        ChildProcess.running.withLock { running in
            if running.contains(identifier) { kill(-identifier, SIGKILL) }
        }
        _ = wait(seconds: 10)
    }

    /// Ends all children, and prevents new ones: for a signal that ends this program.
    static func endAll(then next: () -> Never) -> Never {
        running.withLock { running -> Never in
            for child in running { kill(-child, SIGKILL) }
            next()
        }
    }

    /// Ends all children; whoever reads their pipes finds the end.
    static func endAll() {
        running.withLock { running in
            for child in running { kill(-child, SIGKILL) }
        }
    }

    private func reaped() -> Ending? {
        if let known = ending.withLock({ $0 }) { return known }
        var status: CInt = 0
        // Under the lock: a number that was waited for may become another process's.
        let found = ChildProcess.running.withLock { running in
            let found = waitpid(identifier, &status, WNOHANG)
            if found != 0 { running.removeAll { $0 == identifier } }
            return found
        }
        guard found != 0 else { return nil }
        let number = status & 0x7F
        // What it started may run still, and hold the pipes.
        let result: Ending = found < 0 ? .code(0) : number == 0 ? .code(status >> 8 & 0xFF) : .signal(number)
        ending.withLock { $0 = result }
        return result
    }

    private struct Pipe {
        let read: CInt
        let write: CInt

        init?() {
            var ends: [CInt] = [-1, -1]
            guard pipe(&ends) == 0 else { return nil }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (read, write) = (ends[0], ends[1])
        }

        func close() {
            EmotionFormerSystem.close(read)
            EmotionFormerSystem.close(write)
        }
    }

    /// - Returns: 0, or the system's error number.
    private static func spawn(
        _ program: String, _ arguments: [String], output: CInt, errors: CInt, _ child: inout pid_t
    ) -> CInt {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // This program blocks some signals and ignores broken pipes; a child must not.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var usual = sigset_t()
        sigemptyset(&usual)
        sigaddset(&usual, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = CInt(POSIX_SPAWN_SETPGROUP) | CInt(POSIX_SPAWN_SETSIGMASK) | CInt(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))

        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var settings = environment.map { strdup($0) } + [nil]
        defer { for text in words + settings { free(text) } }
        return posix_spawnp(&child, program, &actions, &attributes, &words, &settings)
    }

    /// This program's, without what would color the child's messages.
    private static var environment: [String] {
        ProcessInfo.processInfo.environment.filter { $0.key != "AV_LOG_FORCE_COLOR" }.map { "\($0.key)=\($0.value)" }
    }
}
