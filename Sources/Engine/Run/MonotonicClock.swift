import EmotionFormerSystem

/// Time since some moment, which never goes back.
enum MonotonicClock {
    static var nanoseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
