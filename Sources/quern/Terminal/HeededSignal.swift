import Synchronization
import Work

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
    private let place: Int

    /// Heeds a signal from now on: one that comes after this has returned is answered, on a thread
    /// of all such answers.
    init(_ number: Int32, answer: @escaping @Sendable () -> Void) {
        self.number = number
        place = SignalAnswers.shared.add(answer, to: number)
    }

    deinit { SignalAnswers.shared.remove(place, from: number) }
}

/// What is done when signals come.
///
/// A handler may do next to nothing, so it writes the signal's number into a pipe, and a thread
/// that reads it does the rest. (A source of libdispatch on Linux reads a signal that was sent to
/// one thread from another one, where it may stay unseen: a program that waited for a key went on
/// to wait.)
private final class SignalAnswers: Sendable {
    static let shared = SignalAnswers()

    private let writing: Int32
    private let answers = Mutex<[Int32: [Int: @Sendable () -> Void]]>([:])
    private let nextPlace = Atomic(0)

    private init() {
        var ends: [Int32] = [-1, -1]
        let status = unsafe pipe(&ends)
        precondition(status == 0, "the system gives no pipe for signals")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A handler must not wait, not even for a pipe that is full.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        writing = ends[1]
        let reading = ends[0]
        WorkerThread.start(named: "signals") {
            // Of the others all may have blocked the signal, as libdispatch's have.
            var none = sigset_t()
            unsafe sigemptyset(&none)
            unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
            while true {
                var number: UInt8 = 0
                let count = unsafe read(reading, &number, 1)
                if count == 1 { SignalAnswers.shared.give(Int32(number)) }
            }
        }
    }

    /// Gives an answer to a signal from now on.
    ///
    /// - Returns: what ``remove(_:from:)`` knows it by.
    func add(_ answer: @escaping @Sendable () -> Void, to number: Int32) -> Int {
        let place = nextPlace.wrappingAdd(1, ordering: .relaxed).newValue
        answers.withLock { answers in
            answers[number, default: [:]][place] = answer
            signal(number) { number in
                // What this thread was at may be about to look at it.
                let before = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = unsafe write(SignalAnswers.shared.writing, &byte, 1)
                errno = before
            }
        }
        return place
    }

    /// Gives that answer no more; without any, a signal does what it does by default.
    func remove(_ place: Int, from number: Int32) {
        answers.withLock { answers in
            answers[number]?[place] = nil
            if answers[number]?.isEmpty != false { signal(number, SIG_DFL) }
        }
    }

    private func give(_ number: Int32) {
        let all = answers.withLock { $0[number] ?? [:] }
        for place in all.keys.sorted() { all[place]?() }
    }
}
