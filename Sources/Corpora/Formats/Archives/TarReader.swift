import Bytes

/// Reads the texts in tar files, such as the shards of WebDataset: each file in it whose name tells
/// a text is a document.
struct TarReader: FormatReader, ~Copyable {
    private var segments: SegmentReader<TarCutter>
    private let path: String

    init(_ input: FormatInput) throws(CorpusError) {
        segments = try input.openSegments(TarCutter())
        path = input.path
    }

    mutating func advance() throws(CorpusError) -> FormatStep {
        let step = try segments.step { _ in .item(0) }
        let position = DocumentOrigin.Position.item(segments.cutter.fileCount)
        switch step {
        case .record: return .record(position)
        case .tooLarge(_, let front): return .tooLarge(position, front: front)
        case .end:
            guard segments.cutter.fileCount == 0 || segments.cutter.textCount > 0 else {
                let names = segments.cutter.otherNames.map { String(decoding: $0, as: UTF8.self) }
                throw .malformedFile(
                    path: path,
                    reason: "none of its \(segments.cutter.fileCount) files is a text by its name "
                        + "(\(names.joined(separator: ", "))): \(CorpusFormat.text.endingsText)")
            }
            return .end
        }
    }

    mutating func takeText(repairing: Bool) -> [UInt8] { segments.takeSegment() }

    /// The file's name, as `name`.
    mutating func takeFields(_ names: [[UInt8]]) -> [UInt8] {
        JSONMembers.encoded(
            names.filter { $0 == Array("name".utf8) }.map { ($0, segments.cutter.name) })
    }

    mutating func takeStoredByteCount() -> Int { segments.takeStoredByteCount() }
}
