import Bytes
import Compression
public import Corpora
import Files

/// A list of removed documents on its way to a file, a line of JSON each:
///
///     {"source":{"path":"web.jsonl","line":7},"bytes":31,"rule":"gopher-min-words"}
///     {"source":{"path":"web.jsonl","line":9},"bytes":31,"rule":"remove_duplicates",
///      "kept":{"path":"web.jsonl","line":2}}
///     {"source":{"path":"web.jsonl","line":12},"bytes":47,"rule":"remove_near_duplicates",
///      "kept":{"path":"web.jsonl","line":4},"similarity":0.9083}
///
/// A name with `.zst` or `.gz` behind is compressed so. What rules remove stands in the order of
/// the corpus; what is removed in comparing documents with others stands where that was found,
/// which depends on the memory.
///
/// A class, because the refiner tells it and the stage ends it.
public final class RemovedList {
    private var file: FileReplacement
    private var zstandard: ZstandardEncoder?
    private var gzip: GzipEncoder?
    private var lines: [UInt8] = []
    private var fault: (any Error)?

    private static let bufferByteCount = 1 << 20

    /// Begins the file for `path`, which appears when the list is whole.
    public init(path: String) throws {
        file = try FileReplacement(path: path)
        if path.hasSuffix(".zst") { zstandard = try ZstandardEncoder(level: 3) }
        if path.hasSuffix(".gz") { gzip = try GzipEncoder() }
    }

    /// Adds a document. What goes wrong with the file is thrown by ``commit()``.
    public func append(_ document: RemovedDocument) {
        lines += Array("{\"source\":".utf8)
        append(document.origin)
        lines += Array(",\"bytes\":\(document.byteCount),\"rule\":".utf8)
        append(document.step)
        if let kept = document.keptOrigin {
            lines += Array(",\"kept\":".utf8)
            append(kept)
        }
        if let similarity = document.similarity {
            lines += Array(",\"similarity\":\((10_000 * similarity).rounded() / 10_000)".utf8)
        }
        if !document.evaluationPaths.isEmpty {
            lines += Array(",\"evaluations\":".utf8)
            for (number, path) in document.evaluationPaths.enumerated() {
                lines.append(UInt8(ascii: number == 0 ? "[" : ","))
                append(path)
            }
            lines.append(UInt8(ascii: "]"))
        }
        lines += Array("}\n".utf8)
        if lines.count >= Self.bufferByteCount { write() }
    }

    /// Ends the list and gives the file its name.
    public func commit() throws {
        write()
        if let fault { throw fault }
        var rest: [UInt8] = []
        try zstandard?.finish(into: &rest)
        try gzip?.finish(into: &rest)
        try unsafe file.write(rest.span.bytes)
        try file.commit()
    }

    private func append(_ text: String) { JSONString.append(Array(text.utf8).span, to: &lines) }

    private func append(_ origin: DocumentOrigin) {
        lines += Array("{\"path\":".utf8)
        append(origin.path)
        let (name, number) =
            switch origin.position {
            case .line(let number): ("line", number)
            case .part(let number): ("part", number)
            case .item(let number): ("item", number)
            case .row(let number): ("row", number)
            }
        lines += Array(",\"\(name)\":\(number)}".utf8)
    }

    private func write() {
        guard fault == nil else { return }
        do {
            let text = lines
            var bytes: [UInt8] = []
            if zstandard != nil {
                try zstandard!.append(text.span, to: &bytes)
            } else if gzip != nil {
                try gzip!.append(text.span, to: &bytes)
            } else {
                bytes = text
            }
            try unsafe file.write(bytes.span.bytes)
            lines.removeAll(keepingCapacity: true)
        } catch {
            fault = error
        }
    }
}
