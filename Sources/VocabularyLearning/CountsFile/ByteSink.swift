import Files

/// Sink of the bytes of a file of counts, which are written one after another.
protocol ByteSink: ~Copyable {
    mutating func write(_ bytes: RawSpan) throws(FileError)
}

extension FileReplacement: ByteSink {}

/// The end of a temporary file.
struct TemporarySink: ByteSink {
    let file: OpenFile
    private var offset = 0

    /// Writes to `file` from its start on.
    init(_ file: OpenFile) { self.file = file }

    mutating func write(_ bytes: RawSpan) throws(FileError) {
        try file.write(bytes, at: offset)
        offset += bytes.byteCount
    }
}
