/// Reads one column of a table of delimited values, whose first record names the columns.
struct TableReader: FormatReader, ~Copyable {
    /// The column that holds the text.
    private struct Column {
        var index: Int
        /// The number of all columns.
        var count: Int
    }

    private var segments: SegmentReader<TableCutter>
    private let record: TableRecord
    private let path: String
    private let field: FieldPath
    private let limit: Int
    /// Nil before the header is read.
    private var column: Column?

    /// Opens a table whose fields `delimiter` separates.
    init(_ input: FormatInput, delimiter: UInt8) throws(CorpusError) {
        segments = try input.openSegments(TableCutter(delimiter: delimiter))
        record = TableRecord(delimiter: delimiter)
        path = input.path
        field = input.field
        limit = input.limit
    }

    mutating func advance() throws(CorpusError) -> FormatStep {
        if column == nil {
            column = try readHeader()
            if column == nil { return .end }
        }
        let line = segments.cutter.lineCount + 1
        return try segments.step { _ in .line(line) }
    }

    mutating func takeText(repairing: Bool) throws(RecordFault) -> [UInt8] {
        guard let column else { preconditionFailure("there is no record before the header") }
        let record = record
        return try segments.withSegment { line throws(RecordFault) -> [UInt8] in
            isBlank(line) ? [] : try record.field(at: column.index, of: column.count, line)
        }
    }

    mutating func takeRecord() -> [UInt8]? { segments.takeSegment() }

    mutating func takeStoredByteCount() -> Int { segments.takeStoredByteCount() }

    /// Reads the first record, which names the columns; nil if there is none.
    private mutating func readHeader() throws(CorpusError) -> Column? {
        let outcome = try segments.advance()
        if outcome == .end { return nil }
        let origin = DocumentOrigin(path: path, position: .line(1))
        if outcome == .tooLarge { throw .documentTooLarge(origin: origin, limit: limit) }
        let record = record
        let names: [[UInt8]]
        do throws(RecordFault) {
            names = try segments.withSegment { line throws(RecordFault) -> [[UInt8]] in
                try record.fields(line.extracting(droppingFirst: byteOrderMarkLength(of: line)))
            }
        } catch {
            throw .malformedLine(
                origin: origin, column: error.offset.map { $0 + 1 }, reason: error.reason)
        }
        let name = field.columnName
        guard let index = names.firstIndex(of: name) else {
            throw .missingColumn(
                path: path, name: field.text,
                known: names.map { String(decoding: $0, as: UTF8.self) })
        }
        guard names.lastIndex(of: name) == index else {
            throw .malformedFile(
                path: path,
                reason: "the header has more than one column \"\(field.text)\", and nothing says "
                    + "which is meant; give the others another name")
        }
        return Column(index: index, count: names.count)
    }
}
