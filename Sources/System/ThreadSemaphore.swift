/// A counter of wake-ups, for a thread that sleeps until another one wakes it.
///
/// Where there are unnamed POSIX semaphores, a `signal` without a sleeper is one atomic operation and a sleeper waits in
/// the kernel, on a futex. Darwin has none; a mutex and a condition do there what they do.
///
/// `@unchecked Sendable`: the memory is only touched by functions that any thread may call.
package struct ThreadSemaphore: @unchecked Sendable {
    #if canImport(Darwin)
        private struct State {
            var mutex = pthread_mutex_t()
            var condition = pthread_cond_t()
            var count = 0
        }

        private let state: UnsafeMutablePointer<State>
    #else
        private let semaphore: UnsafeMutablePointer<sem_t>
    #endif

    /// With a count of zero. The memory is never freed.
    package init() {
        #if canImport(Darwin)
            state = .allocate(capacity: 1)
        #else
            semaphore = .allocate(capacity: 1)
        #endif
        reset()
    }

    /// Makes it anew, with a count of zero; in a forked process, where nobody can be waiting.
    package func reset() {
        #if canImport(Darwin)
            state.initialize(to: State())
            pthread_mutex_init(&state.pointee.mutex, nil)
            pthread_cond_init(&state.pointee.condition, nil)
        #else
            semaphore.initialize(to: sem_t())
            sem_init(semaphore, 0, 0)
        #endif
    }

    package func signal() {
        #if canImport(Darwin)
            pthread_mutex_lock(&state.pointee.mutex)
            state.pointee.count += 1
            pthread_cond_signal(&state.pointee.condition)
            pthread_mutex_unlock(&state.pointee.mutex)
        #else
            sem_post(semaphore)
        #endif
    }

    /// Sleeps until the count is positive, and takes one from it.
    package func wait() {
        #if canImport(Darwin)
            pthread_mutex_lock(&state.pointee.mutex)
            while state.pointee.count == 0 { pthread_cond_wait(&state.pointee.condition, &state.pointee.mutex) }
            state.pointee.count -= 1
            pthread_mutex_unlock(&state.pointee.mutex)
        #else
            // A signal handler may interrupt it.
            while sem_wait(semaphore) != 0 {}
        #endif
    }
}
