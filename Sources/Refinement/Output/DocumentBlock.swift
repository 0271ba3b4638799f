import Compression
public import Corpora
import Parquet

/// Some documents as JSON lines, compressed by themselves or not at all, or as rows.
public struct DocumentBlock: Sendable {
    /// The bytes: a zstd frame, or the lines, or a row group.
    public var bytes: [UInt8]
    /// What the footer of a Parquet file says of them; nil for lines.
    var group: ParquetRowGroup?
    /// The length of the lines, or of the rows without compression.
    var lineByteCount: Int
    /// The number of documents.
    public var documents: Int
    /// Bytes of their text.
    var textBytes: Int

    /// Bytes of text that make a block full.
    public static let textByteCount = 1 << 20

    /// Writes `documents` as the parts of `configuration` have them. O(bytes).
    init(_ documents: [Document], as configuration: RefinementConfiguration) throws {
        switch configuration.partFormat {
        case .jsonl: try self.init(documents, level: configuration.compressionLevel)
        case .parquet: try self.init(rowsOf: documents, level: configuration.compressionLevel)
        }
    }

    /// Writes `documents` as rows of Parquet. O(bytes).
    public init(rowsOf documents: [Document], level: Int) throws {
        let group = try DocumentRows.group(of: documents, level: level)
        textBytes = documents.reduce(0) { $0 + $1.text.count }
        lineByteCount = group.byteCount
        self.documents = documents.count
        bytes = group.bytes
        self.group = group
    }

    /// Writes `documents` as lines and compresses them into a frame, if there is a `level`.
    /// O(bytes).
    public init(_ documents: [Document], level: Int?) throws {
        var lines: [UInt8] = []
        textBytes = documents.reduce(0) { $0 + $1.text.count }
        lines.reserveCapacity(textBytes + textBytes / 16 + 96 * documents.count)
        for document in documents { try DocumentLine.append(document, to: &lines) }
        lineByteCount = lines.count
        self.documents = documents.count
        guard let level else {
            bytes = lines
            return
        }
        var encoder = try ZstandardEncoder(level: level)
        bytes = []
        try encoder.append(lines.span, to: &bytes)
        try encoder.finish(into: &bytes)
    }
}

extension DocumentBlock {
    /// The places of two facts among ``facts``.
    static let (lineFact, storedFact) = (2, 3)

    /// The number of facts of a block.
    static func factCount(of format: PartFormat) -> Int {
        4 + (format == .parquet ? ParquetRowGroup.factCount(of: DocumentRows.table) : 0)
    }

    /// All about the block but its bytes, as numbers.
    var facts: [Int] {
        [documents, textBytes, lineByteCount, bytes.count] + (group?.facts ?? [])
    }

    /// A block of these bytes, given its ``facts``.
    init(_ bytes: [UInt8], facts: [Int], _ format: PartFormat) {
        self.bytes = bytes
        documents = facts[0]
        textBytes = facts[1]
        lineByteCount = facts[Self.lineFact]
        group =
            format == .parquet ? ParquetRowGroup(bytes, facts: Array(facts.dropFirst(4))) : nil
    }
}
