/// The values of one column in one group of rows, as the footer describes them.
struct ColumnChunk: Equatable, Sendable {
    /// The place of the first page.
    var start: Int
    /// The place behind the last page, as the footer states it.
    var end: Int
    var codec: PageCodec
    /// Values, nulls counted.
    var valueCount: Int
    /// Rows of the file before the first.
    var firstRow: Int
}

/// A row group as the footer has it, with one of its columns.
struct RowGroupEntry {
    /// The rest of what the footer says about a column in a group.
    struct Column {
        var offset = 0
        var hasOwnFile = false
        var isEncrypted = false
        var hasMetadata = false
        var type: Int?
        var codec: Int?
        var valueCount: Int?
        var byteCount: Int?
        var dataOffset: Int?
        var dictionaryOffset: Int?

        /// The place of the first page. Some writers state 0 where there is no dictionary.
        var start: Int? {
            guard let dictionaryOffset, let dataOffset, dictionaryOffset > 0 else {
                return dataOffset
            }
            return min(dictionaryOffset, dataOffset)
        }
    }

    var offset: Int
    var rowCount: Int?
    var columnCount = 0
    /// The numbers of values of all columns, for the check that they agree.
    var disagreeing: Int?
    var column = Column()
    /// The place of the first page of any column; nil if none says where it is.
    var start: Int?

    /// Reads a group.
    ///
    /// - Parameters:
    ///   - index: the number of the column that is wanted.
    ///   - isFlat: whether a column has one value in each row.
    init(
        _ reader: inout ThriftReader, column index: Int, isFlat: [Bool]
    ) throws(ThriftReader.Fault) {
        offset = reader.offset
        var found = RowGroupEntry(offset: offset)
        var counts: Set<Int> = []
        try reader.structure { reader, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1:
                try reader.list(of: .structure, in: field) {
                    reader, _ throws(ThriftReader.Fault) in
                    let number = found.columnCount
                    found.columnCount += 1
                    let column = try Self.column(&reader)
                    if let start = column.start { found.start = min(found.start ?? start, start) }
                    if number == index { found.column = column }
                    if number < isFlat.count, isFlat[number], let count = column.valueCount {
                        // Two are enough to tell that they differ.
                        if counts.count < 2 { counts.insert(count) }
                    }
                }
            case 3: found.rowCount = try reader.integer(field)
            default: return false
            }
            return true
        }
        found.disagreeing = counts.first { $0 != found.rowCount }
        self = found
    }

    private init(offset: Int) { self.offset = offset }

    private static func column(
        _ reader: inout ThriftReader
    ) throws(ThriftReader.Fault) -> Column {
        var column = Column()
        column.offset = reader.offset
        try reader.structure { reader, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: column.hasOwnFile = try !reader.binary(field).isEmpty
            case 3:
                try reader.expectStructure(field)
                column.hasMetadata = true
                try reader.structure { reader, field throws(ThriftReader.Fault) in
                    switch field.id {
                    case 1: column.type = try reader.integer(field)
                    case 4: column.codec = try reader.integer(field)
                    case 5: column.valueCount = try reader.integer(field)
                    case 7: column.byteCount = try reader.integer(field)
                    case 9: column.dataOffset = try reader.integer(field)
                    case 11: column.dictionaryOffset = try reader.integer(field)
                    default: return false
                    }
                    return true
                }
            case 8, 9:
                column.isEncrypted = true
                return false
            default: return false
            }
            return true
        }
        return column
    }

    /// The chunk of the column.
    ///
    /// - Parameters:
    ///   - name: the column, for messages.
    ///   - firstRow: rows of the groups before this one.
    ///   - pageEnd: the place behind all pages of the file.
    func chunk(
        named name: String, columnCount: Int, firstRow: Int, pageEnd: Int
    ) throws(ParquetFault) -> ColumnChunk {
        guard self.columnCount == columnCount else {
            throw ParquetFault(
                "a row group has \(self.columnCount) columns, and the schema \(columnCount)",
                at: offset)
        }
        guard let rowCount, rowCount >= 0, rowCount <= Int.max - firstRow else {
            throw ParquetFault(
                "a row group states \(rowCount.map { "\($0)" } ?? "no number of") rows", at: offset)
        }
        let place = column.offset
        if column.isEncrypted {
            throw .unsupported("the column \"\(name)\" is encrypted", at: place)
        }
        if column.hasOwnFile {
            throw .unsupported(
                "the column \"\(name)\" stands in another file, to which this one is the index",
                at: place)
        }
        guard column.hasMetadata, let codec = column.codec, let valueCount = column.valueCount,
            let byteCount = column.byteCount, let start = column.start
        else {
            throw ParquetFault(
                "the footer does not say where the column \"\(name)\" stands", at: place)
        }
        guard column.type == 6 else {
            throw ParquetFault(
                "a row group has another type for the column \"\(name)\" than the schema",
                at: place)
        }
        if let other = disagreeing {
            throw ParquetFault(
                "a row group of \(rowCount) rows has a column of \(other) values", at: offset)
        }
        guard start >= 4, byteCount >= 0, start <= pageEnd, byteCount <= pageEnd - start else {
            throw ParquetFault(
                "the footer has the column \"\(name)\" at byte \(start) with \(byteCount) bytes, "
                    + "where no pages are", at: place)
        }
        return ColumnChunk(
            start: start, end: start + byteCount, codec: try PageCodec(number: codec, at: place),
            valueCount: valueCount, firstRow: firstRow)
    }
}
