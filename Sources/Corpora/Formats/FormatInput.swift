import Compression
import Files

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

    /// Whether a record above the limit is the end of reading, so that the rest of it is not read.
    var endsAboveLimit: Bool { configuration.onError == .fail }

    /// Records that are refused go into quarantine.
    var keepsRefused: Bool {
        configuration.onError == .quarantine && configuration.quarantinePath != nil
    }

    /// The most bytes that are wanted of a record above the limit.
    var frontByteCount: Int { keepsRefused ? min(Quarantine.frontByteCount, limit) : 0 }

    /// Whether threads look through records before they are asked for.
    var isReadAhead: Bool {
        sizes.threadCount > 1 && source.byteCount.map { $0 >= sizes.aheadFrom } ?? false
    }

    /// The decompressed bytes from the first to the last.
    func openBytes() throws(CorpusError) -> InputBytes {
        try InputBytes(
            path: path, byteCount: source.byteCount,
            maximumWindowLog: configuration.maximumWindowLog,
            isExact: configuration.onError != .fail, sizes: sizes)
    }

    /// The decompressed bytes from the first to the last, cut by `cutter`.
    func openSegments<Cutter>(_ cutter: Cutter) throws(CorpusError) -> SegmentReader<Cutter> {
        SegmentReader(
            source: try openBytes(), path: path, cutter: cutter, limit: limit,
            endsAboveLimit: endsAboveLimit, bufferByteCount: sizes.bufferByteCount,
            frontByteCount: frontByteCount)
    }

    /// The file, to be read at any place.
    ///
    /// - Throws: ``CorpusError/notSeekable(path:isCompressed:)`` for standard input and pipes, of
    ///   which the end comes last, and for files that are compressed as a whole.
    func openFile() throws(CorpusError) -> OpenFile {
        guard source.byteCount != nil else {
            throw .notSeekable(path: path, isCompressed: false)
        }
        do throws(FileError) {
            let file = try OpenFile(path: path)
            var firstBytes = [UInt8](repeating: 0, count: 4)
            firstBytes.removeLast(4 - (try file.read(into: &firstBytes, at: 0)))
            if CompressionFormat(firstBytes: firstBytes.span, path: path) == nil { return file }
        } catch {
            throw .file(error)
        }
        throw .notSeekable(path: path, isCompressed: true)
    }
}

/// The way to a value inside JSON objects: `text`, or `meta.body.text` for what lies deeper.
struct FieldPath: Sendable, Equatable {
    /// As it was written.
    let text: String
    /// The name in each object on the way, as UTF-8.
    let names: [[UInt8]]

    /// Reads a path: dots stand between names; `\.` is a dot in a name and `\\` a backslash.
    init(_ text: String) {
        var names: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in text.utf8 {
            let isSpecial = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "\\")
            if isEscaped {
                // A backslash before anything else stands for itself.
                if !isSpecial { names[names.count - 1].append(UInt8(ascii: "\\")) }
                names[names.count - 1].append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: ".") {
                names.append([])
            } else {
                names[names.count - 1].append(byte)
            }
        }
        if isEscaped { names[names.count - 1].append(UInt8(ascii: "\\")) }
        self.text = text
        self.names = names
    }

    /// The name of a column, in a table, where nothing lies deeper.
    var columnName: [UInt8] { Array(names.joined(separator: [UInt8(ascii: ".")])) }
}
