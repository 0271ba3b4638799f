/// A file that names inputs, one a line.
public enum InputList {
    /// The names in the file at `path`, or on standard input for `-`. O(bytes).
    ///
    /// Each line is a name as it stands, without its line end; empty lines are left out. The list may be
    /// compressed.
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
