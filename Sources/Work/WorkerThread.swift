import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A thread of the operating system.
package enum WorkerThread {
    /// Runs `body` on a new thread. Nothing waits for its end: what has to know of it uses a
    /// ``Monitor``.
    ///
    /// - Parameter name: what debuggers and `top -H` show, cut to 15 bytes.
    package static func start(named name: String, _ body: @escaping @Sendable () -> Void) {
        #if canImport(Darwin)
            var thread: pthread_t? = nil
        #else
            var thread = pthread_t()
        #endif
        let start = unsafe Unmanaged.passRetained(ThreadStart(name, body)).toOpaque()
        let status = unsafe pthread_create(&thread, nil, threadMain, start)
        precondition(status == 0, "the system gives no more threads")
        #if canImport(Darwin)
            if let thread = unsafe thread { unsafe pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
    }
}

/// Name and body of a new thread.
private final class ThreadStart {
    private let name: String
    private let body: @Sendable () -> Void

    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }

    func run() {
        unsafe qk_name_thread(String(decoding: name.utf8.prefix(15), as: UTF8.self))
        body()
    }
}

#if canImport(Darwin)
    private let threadMain: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
        argument in
        unsafe Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
#else
    private let threadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
        { argument in
            unsafe Unmanaged<ThreadStart>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        }
#endif
