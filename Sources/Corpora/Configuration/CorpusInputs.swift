#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The files and folders that the inputs of a configuration stand for.
public struct CorpusInputs: Sendable {
    /// The files in the order in which they are read; "-" for standard input.
    public let paths: [String]
    /// Names in the folders among the inputs that are visible and not read, sorted: files whose
    /// names tell no format, or not the one asked for, links to folders, and what is no file.
    public let leftOut: [String]
    /// The folders that inputs name.
    private let folders: [String]
    /// The files, as the system knows them.
    private let files: Set<String>

    init(_ list: SourceList) {
        paths = list.sources.map(\.path)
        leftOut = list.leftOut
        folders = list.folders
        files = list.identities
    }

    /// An input that an output at `output` would become a part of, now or when it is read again;
    /// nil if there is none. O(files).
    ///
    /// Such an input is a folder around the output, unless a name on the way begins with a dot and
    /// so is not looked into, and a file that is the output or lies in it.
    public func input(meeting output: String) -> String? {
        guard !output.isEmpty else { return nil }
        let output = resolved(output)
        for name in folders {
            let folder = resolved(name)
            if output == folder { return name }
            let start = folder == "/" ? folder : folder + "/"
            guard output.hasPrefix(start) else { continue }
            let isHidden = output.dropFirst(start.count).split(separator: "/")
                .contains { $0.hasPrefix(".") }
            if !isHidden { return name }
        }
        return files.filter { $0 == output || $0.hasPrefix(output + "/") }.min()
    }
}

/// The name of a file without links, of which as much as exists is looked up.
private func resolved(_ path: String) -> String {
    if let real = unsafe realpath(path, nil) {
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
    var parts = path.split(separator: "/", omittingEmptySubsequences: true)
    guard let last = parts.popLast() else { return path }
    let start = path.hasPrefix("/") ? "/" : ""
    let above = parts.isEmpty ? (start.isEmpty ? "." : start) : start + parts.joined(separator: "/")
    let parent = resolved(above)
    return parent == "/" ? parent + last : parent + "/" + last
}

/// A file that names inputs, one a line.
public enum InputList {
    /// The names in the file at `path`, or on standard input for `-`. O(bytes).
    ///
    /// Each line is a name as it stands, without its line end; empty lines are left out. The list
    /// may be compressed.
    public static func read(path: String) throws(CorpusError) -> [String] {
        var source = try ByteSource(path: path, bufferByteCount: 1 << 16)
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try source.read(into: &room, from: 0)
            if count == 0 { break }
            bytes += room[..<count]
        }
        var names: [String] = []
        for (number, line) in bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let name = String(validating: line, as: UTF8.self) else {
                throw .malformedFile(
                    path: path, reason: "line \(number + 1) names no file: it is not UTF-8")
            }
            if !name.isEmpty { names.append(name) }
        }
        return names
    }
}
