internal import Storage

/// One input, to be opened by the reader of its format.
struct FormatInput: Sendable {
    let source: SourceList.Source
    let configuration: CorpusConfiguration
    let sizes: ReadingSizes

    /// The file's path, or `-` for standard input.
    var path: String { source.path }

    /// The way to the text inside a record.
    var field: FieldPath { FieldPath(configuration.textField) }

    /// The most bytes of a record.
    var limit: Int { configuration.maximumDocumentByteCount }

    /// Records that are refused go into quarantine.
    var keepsRefused: Bool {
        configuration.onError == .quarantine && configuration.quarantinePath != nil
    }

    /// The most bytes that are wanted of a record above the limit.
    var frontByteCount: Int { keepsRefused ? min(Quarantine.frontByteCount, limit) : 0 }

    /// The decompressed bytes from the first to the last, cut by `cutter`.
    func openSegments<Cutter>(_ cutter: Cutter) throws(CorpusError) -> SegmentReader<Cutter> {
        SegmentReader(
            source: try InputBytes(
                path: path, byteCount: source.byteCount,
                maximumWindowLog: configuration.maximumWindowLog, sizes: sizes),
            path: path, cutter: cutter, limit: limit, bufferByteCount: sizes.bufferByteCount,
            frontByteCount: frontByteCount)
    }

    /// The file, to be read at any place.
    ///
    /// - Throws: ``CorpusError/notSeekable(path:isCompressed:)`` for standard input and pipes, of which
    ///   the end comes last, and for files that are compressed as a whole.
    func openFile() throws(CorpusError) -> OpenFile {
        guard source.byteCount != nil else {
            throw .notSeekable(path: path, isCompressed: false)
        }
        do throws(StorageError) {
            let file = try OpenFile(path: path)
            var firstBytes = [UInt8](repeating: 0, count: 4)
            firstBytes.removeLast(4 - (try file.read(into: &firstBytes, at: 0)))
            if Compression(firstBytes: firstBytes.span, path: path) == .none { return file }
        } catch {
            throw .storage(error)
        }
        throw .notSeekable(path: path, isCompressed: true)
    }
}
