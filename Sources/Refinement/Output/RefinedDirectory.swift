import Bytes
import Compression
public import Corpora
import Files
internal import Foundation
import Parquet

/// A refined corpus on its way to a directory, which appears whole or not at all.
///
/// All is made in `DIRECTORY.a1B2c3.partial`, which then takes the directory's name; an earlier
/// result stays until that moment. Each part is a seekable zstd file of JSON lines, or a Parquet
/// file. As long as the value lives, no other process can write there.
public struct RefinedDirectory: ~Copyable {
    private let path: String
    private var staging: StagingDirectory
    private let partByteCount: Int
    private let format: PartFormat
    private var part: FileReplacement?
    /// The end of the part, as far as it is known.
    private var table = SeekTable()
    private var footer = ParquetFooter(DocumentRows.table)
    private var current = RefinementReport.Part()

    /// The parts that are finished.
    public private(set) var parts: [RefinementReport.Part] = []

    /// What the name of an earlier result ends with while the new one takes its place.
    private static let replacedSuffix = ".replaced"

    /// The name of the report in the directory.
    public static let reportName = "report.json"

    /// Starts a result for `path`.
    ///
    /// - Parameters:
    ///   - path: the directory that will have the result.
    ///   - partByteCount: bytes of lines in a part, which the last block of it may exceed.
    ///   - format: the form of the parts.
    /// - Throws: ``RefinementError/occupied(path:)`` if something else has that name, and
    ///   `FileError.inUse` if another process writes there.
    public init(path: String, partByteCount: Int, format: PartFormat = .jsonl) throws {
        try Self.checkFree(path)
        try Self.checkFree(path + Self.replacedSuffix)
        // Within another: a source of a corpus that had no sources before.
        let claim = try OutputClaim(
            path, .replaced, making: .directory(.refinedCorpus, within: .refinedCorpus))
        let manager = FileManager.default
        // A process may have been killed between the moves of the earlier result and of its own.
        let old = claim.path + Self.replacedSuffix
        if !manager.fileExists(atPath: claim.path), Self.isResult(old) {
            try FileSystem.renameFile(old, to: claim.path)
        }
        let staging = try StagingDirectory(claim)
        self.staging = staging
        self.path = claim.path
        self.partByteCount = partByteCount
        self.format = format
    }

    private static func isResult(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + reportName)
    }

    /// Throws if there is something at `path` that is no earlier result, or holds something else
    /// than that. O(files).
    static func checkFree(_ path: String) throws {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else { return }
        guard let names = try? FileSystem.namesInDirectory(path) else {
            throw RefinementError.occupied(path: path)
        }
        guard !names.isEmpty else { return }
        guard let data = FileSystem.contentsIfReadable(path + "/" + reportName),
            let report = try? JSONDecoder().decode(RefinementReport.self, from: data)
        else { throw RefinementError.occupied(path: path) }
        let known = Set(report.parts.map(\.name) + [reportName])
        for name in names
        where !known.contains(name) && !name.hasSuffix(OutputClaim.lockName) {
            // Those of several sources lie in a directory each.
            let inner = path + "/" + name
            guard manager.fileExists(atPath: inner + "/" + reportName) else {
                throw RefinementError.otherFile(path: inner)
            }
            try checkFree(inner)
        }
    }

    /// Appends a compressed block, which is of the directory's format.
    public mutating func append(_ block: DocumentBlock) throws {
        if part == nil {
            let digits = String(parts.count)
            current.name =
                "part_" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
                + format.ending
            part = try FileReplacement(path: staging.path + "/" + current.name)
            let magic = ParquetFooter.magic
            if format == .parquet { try unsafe part!.write(magic.span.bytes) }
        }
        try unsafe part!.write(block.bytes.span.bytes)
        if let group = block.group {
            footer.append(group)
        } else {
            table.append(frame: block.bytes.span, contentByteCount: block.lineByteCount)
        }
        current.documents += block.documents
        current.bytes += block.textBytes
        current.lineBytes += block.lineByteCount
        current.storedBytes += block.bytes.count
        if current.lineBytes >= partByteCount { try endPart() }
    }

    /// Ends the last part.
    public mutating func endPart() throws {
        guard var part = part.take() else { return }
        let bytes = format == .parquet ? footer.encoded : table.encoded
        try unsafe part.write(bytes.span.bytes)
        try part.commit()
        current.storedBytes += bytes.count
        if format == .parquet { current.storedBytes += ParquetFooter.magic.count }
        parts.append(current)
        current = RefinementReport.Part()
        table = SeekTable()
        footer = ParquetFooter(DocumentRows.table)
    }

    /// Writes the report and gives the directory its name.
    public mutating func commit(_ report: RefinementReport) throws {
        try FileReplacement.writeJSON(report, to: staging.path + "/" + Self.reportName)
        let manager = FileManager.default
        let old = path + Self.replacedSuffix
        // Something else may have taken the names meanwhile.
        try Self.checkFree(path)
        try Self.checkFree(old)
        if manager.fileExists(atPath: old) { try FileSystem.removeItem(old) }
        if manager.fileExists(atPath: path) { try FileSystem.renameFile(path, to: old) }
        try staging.commit()
        if manager.fileExists(atPath: old) { try FileSystem.removeItem(old) }
    }
}

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

/// Writes a document as a JSON line: its text, the fields that were kept, and where it was found.
///
///     {"text":"In the beginning …","source":{"path":"corpora/kjv.txt.zst","part":1}}
///
/// The position is `line` for a line, `part` for a part of a text file, `item` for an element of
/// JSON and `row` for a row of a file of columns, from 1 on.
enum DocumentLine {
    /// Appends the line of `document`, whose text must be UTF-8. O(bytes).
    static func append(_ document: Document, to line: inout [UInt8]) throws(RefinementError) {
        guard document.isValidUTF8 else { throw .invalidText(origin: document.origin) }
        line += "{\"text\":".utf8
        JSONString.append(document.text.span, to: &line)
        if !document.fields.isEmpty {
            line.append(UInt8(ascii: ","))
            line += document.fields
        }
        line += ",\"source\":{\"path\":".utf8
        JSONString.append(document.origin.path.utf8Span.span, to: &line)
        switch document.origin.position {
        case .line(let number): line += ",\"line\":\(number)}}\n".utf8
        case .part(let number): line += ",\"part\":\(number)}}\n".utf8
        case .item(let number): line += ",\"item\":\(number)}}\n".utf8
        case .row(let number): line += ",\"row\":\(number)}}\n".utf8
        }
    }
}
