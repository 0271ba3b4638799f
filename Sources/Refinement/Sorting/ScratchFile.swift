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
        try append(elements[...])
    }

    /// Appends the bytes of `elements`.
    func append<Element: BitwiseCopyable>(_ elements: ArraySlice<Element>) throws(FileError) {
        let bytes = unsafe elements.span.bytes
        try file.write(bytes, at: byteCount)
        byteCount += bytes.byteCount
    }

    /// Fills `buffer` with the bytes from `offset` on, which are there.
    func read(into buffer: inout [UInt8], at offset: Int) throws(FileError) {
        try read(into: &buffer, over: buffer.indices, at: offset)
    }

    /// Fills the elements of `buffer` in `range` with the bytes from `offset` on, which are there.
    func read<Element: BitwiseCopyable>(
        into buffer: inout [Element], over range: Range<Int>, at offset: Int
    ) throws(FileError) {
        let byteCount = range.count * MemoryLayout<Element>.stride
        guard try file.read(into: &buffer, over: range, at: offset) == byteCount else {
            throw .failed(
                operation: "read back", path: file.path, reason: "the scratch file is too short")
        }
    }
}
