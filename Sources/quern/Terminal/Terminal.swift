import Files
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The two output streams, and what is known about the screen behind them.
enum Terminal {
    /// The screen that results go to.
    static var resultScreen: Screen { Screen(descriptor: STDOUT_FILENO) }

    /// The screen that progress and messages go to.
    static var progressScreen: Screen { Screen(descriptor: STDERR_FILENO) }

    /// Whether standard input is a person's keyboard.
    static var readsFromPerson: Bool { isatty(STDIN_FILENO) == 1 }

    /// Columns of the screen behind standard error.
    static var width: Int { columns(of: STDERR_FILENO) ?? 80 }

    /// Columns that results are laid out for: what `COLUMNS` in the environment says, or else those
    /// of the screen behind standard output.
    static var resultColumns: Int {
        let wanted = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
        return wanted ?? columns(of: STDOUT_FILENO) ?? 80
    }

    /// Columns of the screen behind a descriptor, as it is now; nil if there is none.
    static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// Writes a result.
    static func write(_ text: String) {
        write(Array(text.utf8))
    }

    /// Writes a result's bytes. A reader that has gone away ends the program quietly, as with any
    /// other program in a pipe; another failure ends it with a message.
    static func write(_ bytes: [UInt8]) {
        switch writeAll(bytes, to: STDOUT_FILENO) {
        case 0: return
        case EPIPE:
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
            exit(128 + SIGPIPE)
        case let code:
            let reason = unsafe String(cString: strerror(code))
            writeLastMessage("Error: could not write standard output: \(reason)\n")
            exit(1)
        }
    }

    /// Writes what only a screen needs, control characters and all, for which no failure matters,
    /// to standard output.
    static func draw(_ text: String) {
        _ = writeAll(Array(text.utf8), to: STDOUT_FILENO, asItIs: true)
    }

    /// Next bytes of standard input, as soon as it has any; nil at its end.
    static func readInput() throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe read(STDIN_FILENO, $0.baseAddress, $0.count)
            }
            if count >= 0 { return count == 0 ? nil : Array(bytes[..<count]) }
            guard errno == EINTR else {
                throw FileError.failed(
                    operation: "read", path: "standard input",
                    reason: unsafe String(cString: strerror(errno)))
            }
        }
    }

    /// Everything that standard input has.
    static func readAllInput() throws -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try readInput() { all += bytes }
        return all
    }

    /// Writes a message or progress.
    ///
    /// A reader that has gone away asks for an end of the work, as `SIGTERM` does, and what is
    /// written after that goes nowhere. Other failures are nothing to end the work for.
    static func writeMessage(_ text: String) {
        guard writeAll(Array(text.utf8), to: STDERR_FILENO) == EPIPE else { return }
        let nowhere = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        if nowhere >= 0 {
            dup2(nowhere, STDERR_FILENO)
            close(nowhere)
        }
        kill(getpid(), SIGTERM)
    }

    /// Writes a message, whether it can be read or not, with which the program ends.
    static func writeLastMessage(_ text: String) {
        _ = writeAll(Array(text.utf8), to: STDERR_FILENO)
    }

    /// Writes all of `bytes`; to a terminal, with the control characters of texts and names shown
    /// rather than obeyed.
    ///
    /// - Returns: 0, or the error's number.
    private static func writeAll(
        _ bytes: [UInt8], to descriptor: Int32, asItIs: Bool = false
    ) -> Int32 {
        let isShown = !asItIs && isatty(descriptor) == 1
        var rest = (isShown ? ControlCharacters.shown(bytes) : bytes)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe systemWrite(descriptor, $0.baseAddress, $0.count)
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&state, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}

/// `write(2)`, whose name is also that of methods.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
