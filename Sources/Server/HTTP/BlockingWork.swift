#if Server
    import Work

    /// Work that may take seconds, on a thread of its own.
    enum BlockingWork {
        /// What `body` returns or throws.
        static func result<Value: Sendable>(
            _ body: @escaping @Sendable () throws -> Value
        ) async -> Result<Value, any Error> {
            await withCheckedContinuation { continuation in
                WorkerThread.start(named: "quern blocking") {
                    continuation.resume(returning: Result { try body() })
                }
            }
        }
    }
#endif
