import Bytes

/// Reads the texts of web archives, such as those that Common Crawl makes of its pages (`.wet`).
struct WARCReader: FormatReader, ~Copyable {
    private var segments: SegmentReader<WARCCutter>
    private let path: String

    init(_ input: FormatInput) throws(CorpusError) {
        segments = try input.openSegments(WARCCutter())
        path = input.path
    }

    mutating func advance() throws(CorpusError) -> FormatStep {
        let step = try segments.step { _ in .item(0) }
        let position = DocumentOrigin.Position.item(segments.cutter.recordCount)
        switch step {
        case .record: return .record(position)
        case .tooLarge(_, let front): return .tooLarge(position, front: front)
        case .end:
            guard segments.cutter.recordCount == 0 || segments.cutter.textCount > 0 else {
                throw .malformedFile(
                    path: path,
                    reason: "none of its \(segments.cutter.recordCount) records is plain text; "
                        + "Common Crawl keeps the texts of its pages in files of their own, .wet")
            }
            return .end
        }
    }

    mutating func takeText(repairing: Bool) -> [UInt8] { segments.takeSegment() }

    /// Lines of the record's header, such as `WARC-Target-URI`.
    mutating func takeFields(_ names: [[UInt8]]) -> [UInt8] {
        let header = segments.cutter.header
        return JSONMembers.encoded(
            names.compactMap { name in
                header[String(decoding: name, as: UTF8.self)].map { (name, $0) }
            })
    }

    mutating func takeStoredByteCount() -> Int { segments.takeStoredByteCount() }
}
