import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Turns Ctrl-C into a request to stop an answer while one is being given; at any other time it
/// ends the program.
final class AnswerInterrupts {
    private enum State: Int, AtomicRepresentable {
        case waiting
        case answering
        case stopping
    }

    private final class Shared: Sendable {
        let state = Atomic(State.waiting)
    }

    private let shared = Shared()
    private let source: any DispatchSourceSignal

    /// Heeds Ctrl-C from now on.
    init() {
        let shared = shared
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            let (_, before) = shared.state.compareExchange(
                expected: .answering, desired: .stopping, ordering: .relaxed)
            guard before == .waiting else { return }
            if Terminal.readsFromPerson { Terminal.writeMessage("\n") }
            _exit(130)
        }
        source.resume()
    }

    deinit {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }

    /// Whether the end of the answer was asked for.
    var isRequested: Bool { shared.state.load(ordering: .relaxed) == .stopping }

    /// An answer begins.
    func beginAnswer() { shared.state.store(.answering, ordering: .relaxed) }

    /// An answer is over.
    func endAnswer() { shared.state.store(.waiting, ordering: .relaxed) }
}
