import Files
import Parquet

/// Reads a string column of a Parquet file: a row is a record.
struct ParquetTextReader: FormatReader, ~Copyable {
    private let path: String
    private let name: String
    private let takesNullForBlank: Bool
    private var reader: ParquetReader
    private var value = ParquetValue.null
    private var share: StoredShare

    /// Opens a file, and finds the column.
    init(_ input: FormatInput) throws(CorpusError) {
        path = input.path
        name = input.field.text
        takesNullForBlank = input.configuration.takesNullForBlank
        let open = try input.openFile()
        let names = input.field.names.map { String(decoding: $0, as: UTF8.self) }
        let limits = ParquetLimits(
            valueByteCount: input.limit, frontByteCount: input.frontByteCount,
            bufferByteCount: input.sizes.bufferByteCount)
        do throws(ParquetError) {
            let column = try ParquetFile(open).column(at: names)
            let groups = try input.rowGroups(of: column)
            let byteCount = column.storedByteCount(ofRowGroups: groups)
            share = StoredShare(total: input.shareByteCount, column: byteCount)
            reader = ParquetReader(
                column, rowGroups: groups, limits: limits,
                threadCount: input.threadCount(forByteCount: byteCount))
        } catch {
            throw CorpusError(error)
        }
    }

    mutating func advance() throws(CorpusError) -> FormatStep {
        do throws(ParquetError) {
            guard let next = try reader.next() else {
                share.end()
                return .end
            }
            value = next
        } catch {
            throw CorpusError(error)
        }
        if case .tooLarge(let front) = value { return .tooLarge(.row(reader.row), front: front) }
        return .record(.row(reader.row))
    }

    mutating func takeText(repairing: Bool) throws(RecordFault) -> [UInt8] {
        guard case .bytes(let text) = value else {
            if takesNullForBlank { return [] }
            throw RecordFault(reason: "the column \"\(name)\" is null in this row")
        }
        value = .null
        return text
    }

    mutating func takeStoredByteCount() -> Int {
        share.add(reader.takeStoredByteCount())
        return share.take()
    }
}

extension FormatInput {
    /// Threads that read row groups ahead, where it is worth it to start them.
    fileprivate func threadCount(forByteCount byteCount: Int) -> Int {
        sizes.threadCount > 1 && byteCount >= sizes.aheadFrom ? sizes.threadCount : 0
    }

    /// The row groups that are read: those of the share, if only a part of the file is.
    fileprivate func rowGroups(of column: ParquetColumn) throws(ParquetError) -> Range<Int> {
        let all = 0..<column.rowGroupCount
        guard let share = configuration.rowGroupShares[path] else { return all }
        guard share.range.upperBound <= all.upperBound else {
            throw .malformed(
                path: path, offset: 0,
                reason: "it has \(all.count) row groups, and had more when the work was divided")
        }
        return share.range
    }

    /// Stored bytes that count as those of the input.
    fileprivate var shareByteCount: Int {
        configuration.rowGroupShares[path]?.bytes ?? source.byteCount ?? 0
    }
}

/// The share of a file's bytes that count as read: those of other columns are passed over together
/// with those of the one that is read, so that who follows the progress sees it come to the end.
struct StoredShare: Sendable {
    private let total: Int
    private let column: Int
    private var readCount = 0
    private var toldCount = 0

    init(total: Int, column: Int) {
        self.total = total
        self.column = max(1, column)
    }

    mutating func add(_ count: Int) { readCount = min(column, readCount + count) }

    mutating func end() { readCount = column }

    /// Bytes since the last call.
    mutating func take() -> Int {
        let count = Int(Double(total) * (Double(readCount) / Double(column)))
        defer { toldCount = count }
        return count - toldCount
    }
}

extension CorpusError {
    /// The error of a file that is not what Parquet asks for, or has what is not read.
    init(_ error: ParquetError) {
        switch error {
        case .file(let error): self = .file(error)
        case .malformed(let path, let offset, let reason),
            .unsupported(let path, let offset, let reason):
            self = .malformedFile(path: path, reason: "byte \(offset): \(reason)")
        case .pageTooLarge(let path, _, _, _):
            self = .malformedFile(
                path: path,
                reason: "\("\(error)".dropFirst(path.count + 2)); corpus.max_document_bytes raises "
                    + "that")
        case .missingColumn(let path, let name, let known):
            self = .missingColumn(path: path, name: name, known: known)
        case .valueTooLarge: preconditionFailure("nothing is written")
        }
    }
}
