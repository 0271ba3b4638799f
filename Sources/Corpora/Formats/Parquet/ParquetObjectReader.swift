import Bytes
import Files
import Parquet

/// Reads several columns of a Parquet file: a record is the object of JSON that the row would be,
/// with the columns that have a value in it.
///
/// Which they are is for ``CorpusConfiguration/objectColumns``; those that are not there are left
/// out, and so are those that hold no strings.
struct ParquetObjectReader: FormatReader, ~Copyable {
    /// The columns that are wanted.
    struct Columns: Sendable, Equatable {
        /// Columns of texts.
        var texts: Set<String> = []
        /// Columns of JSON as text.
        var values: Set<String> = []
    }

    /// A column that is read.
    private final class Cursor: @unchecked Sendable {
        // Unchecked, because the reader of objects is its only owner.
        let name: String
        let isValue: Bool
        var reader: ParquetReader
        var value = ParquetValue.null

        init(_ name: String, isValue: Bool, _ reader: consuming ParquetReader) {
            self.name = name
            self.isValue = isValue
            self.reader = reader
        }
    }

    private let cursors: [Cursor]
    private var share: StoredShare

    /// The scanner refuses all else.
    var checksUTF8: Bool { true }

    /// Opens a file, and finds the columns.
    init(_ input: FormatInput) throws(CorpusError) {
        let open = try input.openFile()
        let found: (cursors: [Cursor], byteCount: Int)
        do throws(ParquetError) {
            found = try Self.cursors(of: ParquetFile(open), input)
        } catch {
            throw CorpusError(error)
        }
        cursors = found.cursors
        share = StoredShare(total: input.source.byteCount ?? 0, column: found.byteCount)
    }

    /// The wanted columns that the file has, and the bytes of all of them.
    private static func cursors(
        of file: ParquetFile, _ input: FormatInput
    ) throws(ParquetError) -> (cursors: [Cursor], byteCount: Int) {
        let wanted = input.configuration.objectColumns
        let limits = ParquetLimits(
            valueByteCount: input.limit, frontByteCount: input.frontByteCount,
            bufferByteCount: input.sizes.bufferByteCount)
        var cursors: [Cursor] = []
        var byteCount = 0
        for name in wanted.values.union(wanted.texts).sorted() {
            let isValue = wanted.values.contains(name)
            // A list of messages would have to be put together, and is refused as a column.
            guard
                file.columnNames.contains(where: {
                    $0 == name || isValue && $0.hasPrefix(name + ".")
                })
            else { continue }
            let column: ParquetColumn
            do throws(ParquetError) {
                column = try file.column(at: [name])
            } catch {
                guard case .unsupported = error, !isValue else { throw error }
                continue
            }
            byteCount += column.storedByteCount
            let reader = ParquetReader(column, limits: limits)
            cursors.append(Cursor(name, isValue: isValue, reader))
        }
        guard !cursors.isEmpty else {
            throw .missingColumn(
                path: input.path, name: wanted.values.sorted().last ?? "",
                known: file.columnNames)
        }
        return (cursors, byteCount)
    }

    mutating func advance() throws(CorpusError) -> FormatStep {
        var row = 0
        var front: [UInt8]?
        do throws(ParquetError) {
            for cursor in cursors {
                guard let value = try cursor.reader.next() else {
                    share.end()
                    return .end
                }
                cursor.value = value
                row = cursor.reader.row
                if case .tooLarge(let bytes) = value { front = bytes }
            }
        } catch {
            throw CorpusError(error)
        }
        if let front { return .tooLarge(.row(row), front: front) }
        return .record(.row(row))
    }

    mutating func takeText(repairing: Bool) throws(RecordFault) -> [UInt8] {
        var object: [UInt8] = []
        for cursor in cursors {
            guard case .bytes(let text) = cursor.value else { continue }
            object.append(UInt8(ascii: object.isEmpty ? "{" : ","))
            JSONString.append(Array(cursor.name.utf8).span, to: &object)
            object.append(UInt8(ascii: ":"))
            if cursor.isValue {
                try Self.check(text, cursor.name)
                object += text
            } else {
                let end = endOfValidUTF8(text.span, from: 0)
                guard end == text.count else {
                    throw RecordFault(
                        reason: "the column \"\(cursor.name)\" is not UTF-8 from its byte "
                            + "\(end + 1) on")
                }
                JSONString.append(text.span, to: &object)
            }
        }
        return object.isEmpty ? Array("{}".utf8) : object + [UInt8(ascii: "}")]
    }

    /// Checks that `text` is one value of JSON, and so stays one inside an object.
    private static func check(_ text: [UInt8], _ name: String) throws(RecordFault) {
        var scanner = JSONScanner()
        do throws(JSONError) {
            let text = text.span
            scanner.skipWhitespace(text)
            try scanner.skipValue(text, depth: 1, limit: JSONFieldExtractor.nestingLimit)
            scanner.skipWhitespace(text)
            guard scanner.next(text) == nil else { throw scanner.fault(.trailingBytes, text) }
        } catch {
            throw RecordFault(
                reason: "the column \"\(name)\" is not JSON: byte \(error.offset + 1): "
                    + "\(error.reason)")
        }
    }

    mutating func takeStoredByteCount() -> Int {
        for cursor in cursors { share.add(cursor.reader.takeStoredByteCount()) }
        return share.take()
    }
}
