/// The end of a file that is written, which grows with its row groups.
///
///     "PAR1" | row groups | footer | u32 length of the footer | "PAR1"
///
/// ```swift
/// var footer = ParquetFooter(table)
/// var bytes = ParquetFooter.magic
/// for group in groups {
///     bytes += group.bytes
///     footer.append(group)
/// }
/// bytes += footer.encoded
/// ```
public struct ParquetFooter: Sendable {
    /// What a file begins with.
    public static let magic = Array("PAR1".utf8)

    /// Bytes of the file so far.
    public private(set) var byteCount = magic.count
    /// Rows so far.
    public private(set) var rowCount = 0
    /// Row groups so far.
    public private(set) var groupCount = 0

    private struct Group {
        var start: Int
        var rowCount: Int
        var columns: [ParquetRowGroup.Column]
    }

    private let table: ParquetTable
    private var groups: [Group] = []

    /// The footer of a file of `table` without rows.
    public init(_ table: ParquetTable) { self.table = table }

    /// Whether a file that ends with `bytes` was written here.
    public static func endsFile(_ bytes: ArraySlice<UInt8>) -> Bool {
        // The program is the last field of the footer, before its length.
        let end = Array(program) + [0]
        let front = bytes.dropLast(8)
        return bytes.suffix(4).elementsEqual(magic)
            && front.suffix(end.count).elementsEqual(end)
    }

    private static let program = Array("Quern".utf8)

    /// Adds a group, whose bytes are written behind those of the groups before it.
    public mutating func append(_ group: ParquetRowGroup) {
        groups.append(
            Group(start: byteCount, rowCount: group.rowCount, columns: group.columns))
        byteCount += group.bytes.count
        rowCount += group.rowCount
        groupCount += 1
    }

    /// The bytes behind the last group. O(groups · columns).
    public var encoded: [UInt8] {
        var bytes = ThriftWriter.structure { footer in
            footer.field(1, int32: 2)
            writeSchema(&footer)
            footer.field(3, int64: rowCount)
            footer.field(4, structures: groups, write)
            footer.field(6, Self.program)
        }
        let count = bytes.count
        for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: count >> (8 * index))) }
        return bytes + Self.magic
    }

    private func writeSchema(_ footer: inout ThriftWriter) {
        let root = ParquetTable.Element.group(name: "schema", childCount: table.childCount)
        let elements = [root] + table.elements
        footer.field(2, structures: Array(elements.enumerated())) { writer, element in
            switch element.element {
            case .group(let name, let childCount):
                if element.offset > 0 { writer.field(3, int32: 0) }
                writer.field(4, Array(name.utf8))
                writer.field(5, int32: childCount)
            case .column(let column):
                writer.field(1, int32: column.kind == .string ? 6 : 2)
                writer.field(3, int32: column.isOptional ? 1 : 0)
                writer.field(4, Array(column.path.last!.utf8))
                if column.kind == .string {
                    writer.field(6, int32: 0)
                    writer.field(10) { type in type.field(1) { _ in } }
                }
            }
        }
    }

    private func write(_ writer: inout ThriftWriter, _ group: Group) {
        writer.field(1, structures: Array(zip(group.columns, table.columns))) { writer, pair in
            let (chunk, column) = pair
            let start = group.start + chunk.start
            writer.field(2, int64: start)
            writer.field(3) { metadata in
                metadata.field(1, int32: column.kind == .string ? 6 : 2)
                metadata.field(2, int32s: column.isOptional ? [0, 3] : [0])
                metadata.field(3, texts: column.path)
                metadata.field(4, int32: PageCodec.zstandard.rawValue)
                metadata.field(5, int64: group.rowCount)
                metadata.field(6, int64: chunk.byteCount)
                metadata.field(7, int64: chunk.storedByteCount)
                metadata.field(9, int64: start)
                metadata.field(12) { statistics in
                    statistics.field(3, int64: chunk.nullCount)
                }
            }
        }
        writer.field(2, int64: group.columns.reduce(0) { $0 + $1.byteCount })
        writer.field(3, int64: group.rowCount)
        writer.field(5, int64: group.start)
        writer.field(6, int64: group.columns.reduce(0) { $0 + $1.storedByteCount })
    }
}
