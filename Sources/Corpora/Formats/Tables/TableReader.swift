import Bytes

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

    /// Opens a table.
    init(_ input: FormatInput, _ dialect: TableDialect) throws(CorpusError) {
        segments = try input.openSegments(TableCutter(dialect))
        record = TableRecord(dialect: dialect)
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

/// Finds the ends of a table's records: line ends outside of quotes.
///
/// Source: RFC 4180. Only a quote at the start of a field opens a quoted one, so that a stray quote
/// does not take the records behind it along.
struct TableCutter: SegmentCutter {
    private let dialect: TableDialect
    /// Line ends so far, those in quotes included.
    private(set) var lineCount = 0

    private enum State { case fieldStart, plain, quoted, afterQuote }
    private var state = State.fieldStart

    init(_ dialect: TableDialect) { self.dialect = dialect }

    mutating func look(through bytes: Span<UInt8>) -> SegmentFinding {
        let quote = UInt8(ascii: "\"")
        var index = 0
        while index < bytes.count {
            if state == .quoted {
                let rest = bytes.extracting(droppingFirst: index)
                let count = firstOffset(of: quote, in: rest) ?? rest.count
                lineCount += lineEndCount(in: rest.extracting(first: count))
                index += count
                if index == bytes.count { break }
                state = .afterQuote
                index += 1
                continue
            }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") {
                state = .fieldStart
                lineCount += 1
                return .end(index, next: index + 1)
            }
            if byte == quote, dialect.isQuoted, state == .fieldStart || state == .afterQuote {
                state = .quoted
            } else {
                state = byte == dialect.delimiter ? .fieldStart : .plain
            }
            index += 1
        }
        return .inside(kept: 0)
    }
}

private func lineEndCount(in bytes: Span<UInt8>) -> Int {
    var count = 0
    for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") { count += 1 }
    return count
}
