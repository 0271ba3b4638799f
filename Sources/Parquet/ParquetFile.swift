import Bytes
package import Files

/// A Parquet file: what its footer says of its columns.
///
/// Strings of one column are read, page by page, so that memory does not depend on the file:
///
/// ```swift
/// let file = try ParquetFile(path: "fineweb.parquet")
/// var texts = ParquetReader(try file.column("text"))
/// while let value = try texts.next() {
///     if case .bytes(let text) = value { print(text.count) }
/// }
/// ```
///
/// The footer is kept as long as the value lives. Source of the format: apache/parquet-format.
public struct ParquetFile: Sendable {
    /// The names of all columns, those in groups with dots, in the file's order.
    public let columnNames: [String]
    /// The rows of the file, as its footer states them.
    public let rowCount: Int

    let file: OpenFile
    private let schema: Schema
    private let footer: [UInt8]
    /// The place of the footer in the file, behind all pages.
    private let footerStart: Int

    /// The largest footer that is read.
    public static let largestFooterByteCount = 256 << 20

    private static let magic = Array("PAR1".utf8)

    /// Opens the file at `path` and reads its footer. O(bytes of the footer).
    public init(path: String) throws(ParquetError) {
        try self.init(try namingFile { () throws(FileError) in try OpenFile(path: path) })
    }

    /// Reads the footer of an open file. O(its bytes).
    package init(_ file: OpenFile) throws(ParquetError) {
        self.file = file
        (footer, footerStart) = try Self.footer(of: file)
        let (bytes, start) = (footer, footerStart)
        (schema, rowCount) = try Self.naming(file.path, start) {
            () throws(ParquetFault) -> (Schema, Int) in
            try Self.schema(of: bytes)
        }
        columnNames = schema.leaves.map(\.name)
    }

    /// The column at the path `names`, such as `["meta", "text"]`, whose values are strings.
    /// O(bytes of the footer).
    public func column(_ names: String...) throws(ParquetError) -> ParquetColumn {
        try column(at: names)
    }

    /// The column at the path `names`, whose values are strings. O(bytes of the footer).
    public func column(at names: [String]) throws(ParquetError) -> ParquetColumn {
        guard let index = schema.index(of: names) else {
            // A name that leads to no column may be that of a group or of a list.
            let inner = schema.leaves.first { $0.path.starts(with: names) }
            if let inner, inner.maximumRepetition > 0 {
                let fault = ParquetFault.unsupported(
                    "the column \"\(names.joined(separator: "."))\" is a list (it is repeated), "
                        + "and such columns are not read", at: inner.offset)
                throw fault.error(in: file.path, from: footerStart)
            }
            throw .missingColumn(
                path: file.path, name: names.joined(separator: "."), known: columnNames)
        }
        let leaf = schema.leaves[index]
        let chunks = try Self.naming(file.path, footerStart) {
            () throws(ParquetFault) -> [ColumnChunk] in
            try leaf.checkStrings()
            return try self.chunks(ofColumn: index)
        }
        return ParquetColumn(
            file: file, name: leaf.name, maximumDefinition: leaf.maximumDefinition, chunks: chunks,
            pageEnd: footerStart)
    }

    /// The bytes of the file that each row group has, if the groups stand one after the other; nil
    /// if they do not. O(bytes of the footer).
    public func rowGroupRanges() throws(ParquetError) -> [Range<Int>]? {
        let footer = footer
        let groups = try Self.naming(file.path, footerStart) {
            () throws(ParquetFault) -> [RowGroupEntry] in
            var groups: [RowGroupEntry] = []
            try Self.reading(footer) { reader throws(ThriftReader.Fault) in
                try reader.structure { reader, field throws(ThriftReader.Fault) in
                    guard field.id == 4 else { return false }
                    try reader.list(of: .structure, in: field) {
                        reader, _ throws(ThriftReader.Fault) in
                        groups.append(try RowGroupEntry(&reader, column: -1, isFlat: []))
                    }
                    return true
                }
            }
            return groups
        }
        var ranges: [Range<Int>] = []
        var end = footerStart
        for group in groups.reversed() {
            guard let start = group.start, start >= 4, start <= end else { return nil }
            ranges.append(start..<end)
            end = start
        }
        return ranges.reversed()
    }

    /// Calls `body`, and gives what it throws the place in the file.
    private static func naming<Result>(
        _ path: String, _ start: Int, _ body: () throws(ParquetFault) -> Result
    ) throws(ParquetError) -> Result {
        do throws(ParquetFault) {
            return try body()
        } catch {
            throw error.error(in: path, from: start)
        }
    }

    // MARK: The footer

    private static func footer(
        of file: OpenFile
    ) throws(ParquetError) -> (bytes: [UInt8], start: Int) {
        let path = file.path
        let byteCount = try namingFile { () throws(FileError) in try file.byteCount }
        var tail = [UInt8](repeating: 0, count: 8)
        let tailStart = max(0, byteCount - 8)
        let tailCount = try namingFile { () throws(FileError) in
            try file.read(into: &tail, at: tailStart)
        }
        guard byteCount >= 12, tailCount == 8 else {
            throw .malformed(
                path: path, offset: byteCount,
                reason: "a file of \(byteCount) bytes is no Parquet file: it was cut short")
        }
        guard tail[4...].elementsEqual(magic) else {
            if tail[4...].elementsEqual("PARE".utf8) {
                throw .unsupported(
                    path: path, offset: byteCount - 4,
                    reason: "the file is encrypted (its footer is), and such files are not read")
            }
            throw .malformed(
                path: path, offset: byteCount - 4,
                reason: "this is no Parquet file, or it was cut short: it does not end with PAR1")
        }
        let count = (0..<4).reduce(0) { $0 | Int(tail[$1]) << (8 * $1) }
        guard count <= largestFooterByteCount else {
            throw .unsupported(
                path: path, offset: byteCount - 8,
                reason: "the footer states \(count) bytes, and \(largestFooterByteCount) are the "
                    + "most")
        }
        guard count <= byteCount - 12 else {
            throw .malformed(
                path: path, offset: byteCount - 8,
                reason: "the footer states \(count) bytes, and the file has \(byteCount)")
        }
        let start = byteCount - 8 - count
        var bytes = [UInt8](repeating: 0, count: count)
        let readCount = try namingFile { () throws(FileError) in
            try file.read(into: &bytes, at: start)
        }
        guard readCount == count else {
            throw .malformed(
                path: path, offset: start + readCount,
                reason: "the file became shorter while it was read")
        }
        return (bytes, start)
    }

    /// Calls `body` with a reader of the footer, and explains what it throws.
    private static func reading<Result>(
        _ footer: [UInt8],
        _ body: (inout ThriftReader) throws(ThriftReader.Fault) -> Result
    ) throws(ParquetFault) -> Result {
        var reader = ThriftReader(footer, footer.indices)
        do throws(ThriftReader.Fault) {
            return try body(&reader)
        } catch {
            switch error {
            case .endsEarly:
                throw ParquetFault("the footer ends inside a value", at: footer.count)
            case .malformed(let offset, let reason):
                throw ParquetFault("the footer is damaged: \(reason)", at: offset)
            }
        }
    }

    private static func schema(
        of footer: [UInt8]
    ) throws(ParquetFault) -> (Schema, rowCount: Int) {
        var elements: [Schema.Element] = []
        var rowCount: Int?
        try reading(footer) { reader throws(ThriftReader.Fault) in
            try reader.structure { reader, field throws(ThriftReader.Fault) in
                switch field.id {
                case 2:
                    try reader.list(of: .structure, in: field) {
                        reader, _ throws(ThriftReader.Fault) in
                        elements.append(try Schema.Element(&reader))
                    }
                case 3: rowCount = try reader.integer(field)
                default: return false
                }
                return true
            }
        }
        guard let rowCount, rowCount >= 0 else {
            throw ParquetFault(
                "the footer states \(rowCount.map { "\($0)" } ?? "no number of") rows")
        }
        return (try Schema(elements), rowCount)
    }

    /// The chunks of a column, one for each row group.
    private func chunks(ofColumn index: Int) throws(ParquetFault) -> [ColumnChunk] {
        let isFlat = schema.leaves.map { $0.maximumRepetition == 0 }
        let name = schema.leaves[index].name
        var chunks: [ColumnChunk] = []
        var firstRow = 0
        var fault: ParquetFault?
        try Self.reading(footer) { reader throws(ThriftReader.Fault) in
            try reader.structure { reader, field throws(ThriftReader.Fault) in
                guard field.id == 4 else { return false }
                try reader.list(of: .structure, in: field) {
                    reader, _ throws(ThriftReader.Fault) in
                    let group = try RowGroupEntry(&reader, column: index, isFlat: isFlat)
                    guard fault == nil else { return }
                    do throws(ParquetFault) {
                        let chunk = try group.chunk(
                            named: name, columnCount: isFlat.count, firstRow: firstRow,
                            pageEnd: footerStart)
                        firstRow += chunk.valueCount
                        chunks.append(chunk)
                    } catch {
                        fault = error
                    }
                }
                return true
            }
        }
        if let fault { throw fault }
        guard firstRow == rowCount else {
            throw ParquetFault(
                "the footer states \(rowCount) rows, and its row groups have \(firstRow)")
        }
        return chunks
    }
}

/// A column of a Parquet file whose values are strings.
public struct ParquetColumn: Sendable {
    let file: OpenFile
    /// The names of the groups that it is in, and its own, with dots between.
    public let name: String
    let maximumDefinition: Int
    let chunks: [ColumnChunk]
    /// The place behind all pages of the file.
    let pageEnd: Int

    /// The number of row groups.
    public var rowGroupCount: Int { chunks.count }

    /// Bytes of the column as it is stored. O(row groups).
    public var storedByteCount: Int { storedByteCount(ofRowGroups: chunks.indices) }

    /// Bytes of the column in some row groups, as it is stored. O(row groups).
    public func storedByteCount(ofRowGroups range: Range<Int>) -> Int {
        chunks[range].reduce(0) { $0 + $1.end - $1.start }
    }
}
