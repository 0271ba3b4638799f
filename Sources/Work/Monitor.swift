#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// State that several threads share: a mutex, and a condition variable on which threads wait for
/// the state to change.
///
/// ```swift
/// let queue = Monitor<[Int]>([])
/// WorkerThread.start(named: "producer") {
///     queue.withLock { $0.append(1) }
///     queue.notifyAll()
/// }
/// let number = queue.wait { $0.popLast() }
/// ```
@safe package final class Monitor<State: ~Copyable>: @unchecked Sendable {
    // Unchecked, because the state is read and written with the mutex locked, and the two system
    // objects are made for sharing. They have addresses of their own, which must not change.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    package init(_ state: consuming sending State) {
        self.state = state
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Calls `body` with the state, while no other thread has it.
    package func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Calls `body` with the state, and again after each ``notifyAll()``, until it gives a result.
    ///
    /// The state is unlocked between two calls.
    package func wait<Result, Failure: Error>(
        for body: (inout State) throws(Failure) -> Result?
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = try body(&state) { return result }
            unsafe pthread_cond_wait(condition, mutex)
        }
    }

    /// Wakes every thread that waits, so that it looks at the state again.
    package func notifyAll() { unsafe pthread_cond_broadcast(condition) }
}
