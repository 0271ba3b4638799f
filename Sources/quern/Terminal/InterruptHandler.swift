import Foundation
import Synchronization
import Training
import Work

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Turns the first Ctrl-C, a polite request to end, or the end of the terminal, into a request to
/// stop at the next good place; another one, a second later or more, ends the program at once.
/// Within that second it is taken for the same request, since launchers send theirs to the program
/// and to its group.
///
/// Requests are heeded for as long as the handler lives.
final class InterruptHandler {
    let stop = StopSignal()
    /// Whether the request was a person's, or the end of the terminal: not that of a system that
    /// wants the program to end in order.
    var isInterrupted: Bool { firstRequest.isInterruption.load(ordering: .relaxed) }
    private let firstRequest = FirstRequest()
    private let signals: [HeededSignal]

    /// Heeds requests from now on.
    ///
    /// - Parameters:
    ///   - form: how the answer to a request is shown.
    ///   - answer: what is shown.
    ///   - politeSignals: signals, besides those that every command heeds, after which the program
    ///     has done what was wanted of it, and those of the others of which the same is true.
    ///   - onRequest: called at the first request.
    init(
        form: ProgressPrinter.Form = .text,
        answer: String = "stopping at the next good place; once more to stop at once",
        politeSignals: [Int32] = [],
        onRequest: @escaping @Sendable () -> Void = {}
    ) {
        let (stop, firstRequest) = (stop, firstRequest)
        // Under nohup the end of the terminal is none of the program's business.
        let usual = [SIGINT, SIGTERM] + (Self.isIgnored(SIGHUP) ? [] : [SIGHUP])
        let numbers = usual + politeSignals.filter { !usual.contains($0) }
        signals = numbers.map { number in
            HeededSignal(number) {
                let isRepeated = firstRequest.instant.withLock { first in
                    let now = ContinuousClock.now
                    defer { first = first ?? now }
                    return first.map { now - $0 > .seconds(1) } ?? false
                }
                if isRepeated { _exit(130) }
                guard !stop.isRequested else { return }
                firstRequest.isInterruption.store(
                    !politeSignals.contains(number), ordering: .relaxed)
                stop.request()
                // On a terminal the "^C" stands at the end of a bar.
                if form == .text, Terminal.progressScreen.isTerminal { Terminal.writeMessage("\n") }
                ProgressPrinter.notice(answer, form: form)
                onRequest()
            }
        }
    }

    /// Whether the program was started with a signal ignored.
    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        let ignored = unsafe unsafeBitCast(SIG_IGN, to: Int.self)
        #if canImport(Darwin)
            return unsafe unsafeBitCast(action.__sigaction_u.__sa_handler, to: Int.self) == ignored
        #else
            return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
                == ignored
        #endif
    }
}

/// Time of the first request.
private final class FirstRequest: Sendable {
    let instant = Mutex<ContinuousClock.Instant?>(nil)
    let isInterruption = Atomic(false)
}

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
    private let signal: HeededSignal

    /// Heeds Ctrl-C from now on.
    ///
    /// - Parameter mode: the mode of the terminal, which is given back at the end; nil where it
    ///   stays as it is.
    init(mode: TerminalMode? = nil) {
        let shared = shared
        signal = HeededSignal(SIGINT) {
            let (_, before) = shared.state.compareExchange(
                expected: .answering, desired: .stopping, ordering: .relaxed)
            guard before == .waiting else { return }
            mode?.restore()
            if Terminal.readsFromPerson { Terminal.writeMessage("\n") }
            _exit(130)
        }
    }

    /// Whether the end of the answer was asked for.
    var isRequested: Bool { shared.state.load(ordering: .relaxed) == .stopping }

    /// An answer begins.
    func beginAnswer() { shared.state.store(.answering, ordering: .relaxed) }

    /// An answer is over.
    func endAnswer() { shared.state.store(.waiting, ordering: .relaxed) }
}
