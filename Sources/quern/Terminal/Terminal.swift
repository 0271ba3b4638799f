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
    /// Whether results go to a person's screen.
    static var showsResults: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether progress goes to a person's screen.
    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard input is a person's keyboard.
    static var readsFromPerson: Bool { isatty(STDIN_FILENO) == 1 }

    /// Columns of the screen behind standard error.
    static var width: Int {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 80
        }
        return Int(size.ws_col)
    }

    /// Writes a result.
    static func write(_ text: String) {
        write(Array(text.utf8))
    }

    /// Writes a result's bytes. A reader that has gone away ends the program quietly, as with any
    /// other program in a pipe.
    static func write(_ bytes: [UInt8]) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        } catch {
            exit(1)
        }
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
    static func writeMessage(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
