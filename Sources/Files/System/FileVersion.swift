import EmotionFormerSystem

/// By what the system knows one content of a file from another: its place, its size, and when it was last written.
package struct FileVersion: Equatable, Sendable {
    private let device: UInt64
    private let number: UInt64
    private let byteCount: Int64
    /// Of the content; a program can set it.
    private let modified: Time
    /// Of the content and of everything else; the system alone sets it.
    private let changed: Time

    private struct Time: Equatable, Sendable {
        let seconds: Int
        let nanoseconds: Int

        init(_ time: timespec) {
            seconds = Int(time.tv_sec)
            nanoseconds = Int(time.tv_nsec)
        }
    }

    /// - Returns: nil for a file that was written in the last three seconds, or after now: some systems count time in
    ///   steps of two seconds, and a later change within one step would look like none.
    init?(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
        byteCount = Int64(truncatingIfNeeded: status.st_size)
        #if canImport(Darwin)
            modified = Time(status.st_mtimespec)
            changed = Time(status.st_ctimespec)
        #else
            modified = Time(status.st_mtim)
            changed = Time(status.st_ctim)
        #endif
        var now = timespec()
        guard clock_gettime(CLOCK_REALTIME, &now) == 0,
            max(modified.seconds, changed.seconds) < Int(now.tv_sec) &- 3
        else { return nil }
    }
}
