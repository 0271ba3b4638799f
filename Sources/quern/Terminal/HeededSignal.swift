import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A signal that the program answers by itself, for as long as this lives; then it does again what
/// it does by default.
final class HeededSignal {
    let number: Int32
    private let source: any DispatchSourceSignal

    /// Heeds a signal from now on: one that comes after this has returned is answered.
    ///
    /// A source is registered on another thread, which may take its time. A signal that came
    /// meanwhile would be lost if it were ignored, and a program that waits for its end would wait
    /// for ever; so it does what it does by default until the source is there.
    init(_ number: Int32, answer: @escaping @Sendable () -> Void) {
        self.number = number
        #if canImport(Darwin)
            // There a source sees what is ignored, and nothing sees it before the source.
            signal(number, SIG_IGN)
        #endif
        // The global queue has a thread for each processor, and all may wait for input or a lock; a
        // queue of its own gets one more.
        source = DispatchSource.makeSignalSource(
            signal: number, queue: DispatchQueue(label: "signal \(number)"))
        let isRegistered = DispatchSemaphore(value: 0)
        source.setRegistrationHandler { isRegistered.signal() }
        source.setEventHandler(handler: answer)
        source.resume()
        isRegistered.wait()
    }

    deinit {
        source.cancel()
        signal(number, SIG_DFL)
    }
}
