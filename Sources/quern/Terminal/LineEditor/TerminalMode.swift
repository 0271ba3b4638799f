import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The mode of the terminal behind standard input: raw while a line is edited, so that every key
/// comes as it is pressed, and at any other time as it was found.
final class TerminalMode: Sendable {
    /// The settings that were found; nil while they are in force.
    private let found = Mutex<termios?>(nil)

    deinit { restore() }

    /// Makes the terminal raw, and lets it mark what is pasted. Line breaks are written as before.
    ///
    /// - Returns: whether standard input is a terminal that can be.
    func makeRaw() -> Bool {
        found.withLock { found in
            var settings = termios()
            guard found == nil, unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else {
                return found != nil
            }
            found = settings
            let output = settings.c_oflag
            unsafe cfmakeraw(&settings)
            settings.c_oflag = output
            guard unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0 else { return false }
            Terminal.draw(KeyReader.marksPastes)
            return true
        }
    }

    /// Gives the terminal the settings that were found.
    func restore() {
        found.withLock { found in
            guard var settings = found else { return }
            Terminal.draw(KeyReader.marksNoPastes)
            unsafe _ = tcsetattr(STDIN_FILENO, TCSANOW, &settings)
            found = nil
        }
    }
}

/// Gives a terminal back before one of the signals that end a program does so. That of Ctrl-C is
/// left to ``AnswerInterrupts``.
final class TerminalReturn {
    private let signals: [HeededSignal]

    /// Heeds the signals from now on.
    init(of mode: TerminalMode) {
        let numbers = [SIGTERM, SIGHUP, SIGQUIT].filter { !InterruptHandler.isIgnored($0) }
        signals = numbers.map { number in
            HeededSignal(number) {
                mode.restore()
                Self.end(by: number)
            }
        }
    }

    /// Ends the program by a signal, on the thread that answers signals, which blocks none.
    private static func end(by number: Int32) -> Never {
        signal(number, SIG_DFL)
        raise(number)
        _exit(128 + number)
    }
}
