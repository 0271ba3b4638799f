import Files
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A file of the lines that a person has typed, one below the other, which nobody else may read.
///
/// A file that cannot be read or written is no reason to end a conversation: the lines of a session
/// are then its own.
struct HistoryFile {
    let path: String

    /// The most bytes that are kept when the file is read.
    private static let byteLimit = 1 << 20

    /// The file at a path.
    init(path: String) { self.path = path }

    /// The file of a name in the place for such: `$XDG_STATE_HOME/quern`, or `~/.local/state/quern`
    /// (<https://specifications.freedesktop.org/basedir-spec>); nil where neither is known.
    init?(name: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
        // A path that is not absolute counts for nothing.
        func place(_ variable: String) -> String? {
            environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        guard let base = place("XDG_STATE_HOME") ?? place("HOME").map({ $0 + "/.local/state" })
        else { return nil }
        path = base + "/quern/" + name
    }

    /// The lines so far, the oldest first. Of a file that has become too long, the first go.
    func lines() -> [String] {
        guard isFile, let data = FileManager.default.contents(atPath: path) else { return [] }
        let isLong = data.count > Self.byteLimit
        let kept = data.suffix(Self.byteLimit).split(separator: UInt8(ascii: "\n"))
            .dropFirst(isLong ? 1 : 0).suffix(LineEditor.historyLimit)
        let lines = kept.map { Self.unescaped(String(decoding: $0, as: UTF8.self)) }
        if isLong {
            // What is not written again in time is still in the other file.
            let old = path + ".old"
            guard unsafe rename(path, old) == 0 else { return lines }
            write(lines)
            unsafe _ = unlink(old)
        }
        return lines
    }

    /// Whether what lies at the path is a file of its own.
    private var isFile: Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Keeps a line.
    func append(_ line: String) { write([line]) }

    private func write(_ lines: [String]) {
        let directory = FileSystem.parentDirectory(of: path)
        try? FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        // A link to /dev/null, or a pipe, is somebody's way to keep no history.
        let descriptor = unsafe open(
            path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard isFile else { return }
        fchmod(descriptor, 0o600)
        let bytes = lines.flatMap { Array((Self.escaped($0) + "\n").utf8) }
        // In one piece, so that two programs do not mix their lines.
        unsafe _ = bytes.withUnsafeBytes { unsafe Self.write(descriptor, $0) }
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Darwin)
            unsafe Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            unsafe Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    private static func escaped(_ line: String) -> String {
        line.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func unescaped(_ line: String) -> String {
        var text = ""
        var isEscaped = false
        for character in line {
            if isEscaped {
                text.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                text.append(character)
            }
        }
        return text
    }
}
