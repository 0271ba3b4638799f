import Files

/// A file without a name, to which bytes are appended and from which they are read back: however
/// the process ends, nothing is left.
final class ScratchFile {
    private let file: OpenFile
    /// The path beside which it has its place.
    var path: String { file.path }
    /// Its length.
    private(set) var byteCount = 0

    /// An empty file on the disk of `path`.
    init(beside path: String) throws(FileError) {
        file = try OpenFile(temporaryBeside: path)
    }

    /// Appends the bytes of `elements`.
    func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(FileError) {
        let bytes = unsafe elements.span.bytes
        try file.write(bytes, at: byteCount)
        byteCount += bytes.byteCount
    }

    /// Fills `buffer` with the bytes from `offset` on, which are there.
    func read(into buffer: inout [UInt8], at offset: Int) throws(FileError) {
        guard try file.read(into: &buffer, at: offset) == buffer.count else {
            throw .failed(
                operation: "read back", path: file.path, reason: "the scratch file is too short")
        }
    }
}
