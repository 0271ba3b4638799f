public import Compression

/// Rows that were compressed together, and do not know yet where in a file they will stand.
///
/// Groups can so be made on many threads, and put into a file one after the other. Pages are of
/// version 1, PLAIN, and end when they have ``pageByteCount`` bytes; each has its CRC-32. Source of
/// the format: apache/parquet-format.
public struct ParquetRowGroup: Sendable {
    /// The values of a column.
    public enum Values: Sendable {
        /// Those of a string column, which are UTF-8.
        case strings([[UInt8]])
        /// Those of a string column in which some may be missing.
        case optionalStrings([[UInt8]?])
        /// Those of a column of numbers, in which some may be missing.
        case integers([Int?])

        var count: Int {
            switch self {
            case .strings(let values): values.count
            case .optionalStrings(let values): values.count
            case .integers(let values): values.count
            }
        }

        /// Whether a column can have them.
        func fit(_ column: ParquetTable.Column) -> Bool {
            switch self {
            case .strings: column.kind == .string
            case .optionalStrings: column.kind == .string && column.isOptional
            case .integers(let values):
                column.kind == .integer && (column.isOptional || !values.contains(nil))
            }
        }
    }

    /// What the footer says of a column.
    struct Column: Sendable {
        /// The place of its first page among ``bytes``.
        var start: Int
        var storedByteCount = 0
        var byteCount = 0
        var nullCount = 0
    }

    /// The pages of all columns.
    public private(set) var bytes: [UInt8] = []
    /// The number of rows.
    public let rowCount: Int
    /// Bytes of the pages before compression.
    public var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }
    /// The columns, in the table's order.
    private(set) var columns: [Column] = []

    /// Bytes of values at which a page ends.
    public static let pageByteCount = 1 << 20

    /// Values have fewer bytes: a page states its size in 32 bits, and its levels have some too.
    private static let largestValueByteCount = Int(Int32.max) - 16 << 20

    /// Compresses rows. O(bytes).
    ///
    /// - Parameters:
    ///   - values: those of each column of `table`, in its order, and all of one length.
    ///   - table: the columns.
    ///   - encoder: the compression.
    /// - Throws: ``ParquetError/valueTooLarge(byteCount:)``, and what compressing throws.
    public init(
        _ values: [Values], of table: ParquetTable, encoder: inout ZstandardEncoder
    ) throws {
        precondition(values.count == table.columns.count, "each column has values")
        precondition(
            zip(values, table.columns).allSatisfy { $0.fit($1) }, "values are of their columns")
        rowCount = values.first?.count ?? 0
        for (values, column) in zip(values, table.columns) {
            precondition(values.count == rowCount, "columns have the same number of rows")
            columns.append(Column(start: bytes.count))
            var row = 0
            while row < rowCount {
                row = try appendPage(of: values, from: row, column, &encoder)
            }
        }
    }

    /// Appends a page with the values from the row `start` on; returns the row behind it.
    private mutating func appendPage(
        of values: Values, from start: Int, _ column: ParquetTable.Column,
        _ encoder: inout ZstandardEncoder
    ) throws -> Int {
        var content: [UInt8] = []
        var present: [Bool] = []
        var row = start
        while row < rowCount, content.count < Self.pageByteCount, row - start < 1 << 20 {
            let string: [UInt8]?
            switch values {
            case .strings(let strings): string = strings[row]
            case .optionalStrings(let strings): string = strings[row]
            case .integers(let numbers):
                string = nil
                if let number = numbers[row] { Self.append(number, byteCount: 8, to: &content) }
                present.append(numbers[row] != nil)
                row += 1
                continue
            }
            if let string {
                guard string.count < Self.largestValueByteCount else {
                    throw ParquetError.valueTooLarge(byteCount: string.count)
                }
                guard content.count + string.count < Self.largestValueByteCount else { break }
                Self.append(string.count, byteCount: 4, to: &content)
                content += string
            }
            present.append(string != nil)
            row += 1
        }
        if column.isOptional { content = Self.levels(present) + content }
        var stored: [UInt8] = []
        try encoder.appendFrame(of: content.span, to: &stored)
        let checksum = CRC32.checksum(of: stored.span)
        let header = ThriftWriter.structure { header in
            header.field(1, int32: 0)
            header.field(2, int32: content.count)
            header.field(3, int32: stored.count)
            header.field(4, int32: Int(Int32(bitPattern: checksum)))
            header.field(5) { page in
                page.field(1, int32: row - start)
                page.field(2, int32: 0)
                page.field(3, int32: 3)
                page.field(4, int32: 3)
            }
        }
        bytes += header
        bytes += stored
        columns[columns.count - 1].storedByteCount += header.count + stored.count
        columns[columns.count - 1].byteCount += header.count + content.count
        columns[columns.count - 1].nullCount += present.count { !$0 }
        return row
    }

    /// Definition levels, runs of equal ones, with their length before them.
    private static func levels(_ present: [Bool]) -> [UInt8] {
        var runs: [UInt8] = []
        var start = 0
        while start < present.count {
            let end =
                present[start...].firstIndex { $0 != present[start] } ?? present.count
            appendVarint(UInt64(end - start) << 1, to: &runs)
            runs.append(present[start] ? 1 : 0)
            start = end
        }
        var bytes: [UInt8] = []
        append(runs.count, byteCount: 4, to: &bytes)
        return bytes + runs
    }

    /// Appends the lowest bytes of a number.
    private static func append(_ number: Int, byteCount: Int, to bytes: inout [UInt8]) {
        for index in 0..<byteCount {
            bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index)))
        }
    }
}

extension ParquetRowGroup {
    private static let columnFactCount = 4

    /// The number of facts of a group of `table`.
    package static func factCount(of table: ParquetTable) -> Int {
        1 + columnFactCount * table.columns.count
    }

    /// All that a footer says of the group, as numbers: with its bytes they make it again.
    package var facts: [Int] {
        [rowCount]
            + columns.flatMap { [$0.start, $0.storedByteCount, $0.byteCount, $0.nullCount] }
    }

    /// A group of these bytes, given its ``facts``.
    package init(_ bytes: [UInt8], facts: [Int]) {
        self.bytes = bytes
        rowCount = facts[0]
        columns = stride(from: 1, to: facts.count, by: Self.columnFactCount).map { place in
            Column(
                start: facts[place], storedByteCount: facts[place + 1],
                byteCount: facts[place + 2], nullCount: facts[place + 3])
        }
    }
}
