#if EMOTIONFORMER_THREAD_SANITIZER
    import EmotionFormerSystem

    /// A value that one thread at a time may use. This replaces `Synchronization.Mutex`, which the thread sanitizer
    /// does not recognize.
    ///
    /// `@unchecked Sendable`: the value is only accessed under the lock.
    package struct Lock<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        package init(_ value: consuming sending Value) {
            mutex = .allocate(capacity: 1)
            mutex.initialize(to: pthread_mutex_t())
            pthread_mutex_init(mutex, nil)
            self.value = .allocate(capacity: 1)
            self.value.initialize(to: value)
        }

        deinit {
            value.deinitialize(count: 1)
            value.deallocate()
            pthread_mutex_destroy(mutex)
            mutex.deallocate()
        }

        package borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            return try body(&value.pointee)
        }
    }
#else
    package import Synchronization

    /// A value that one thread at a time may use. Builds for the thread sanitizer have another implementation
    /// (`Tools/test-sanitizers`).
    package typealias Lock<Value: ~Copyable> = Mutex<Value>
#endif
