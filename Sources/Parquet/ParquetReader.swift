/// Bounds of what is read of a Parquet file.
public struct ParquetLimits: Sendable, Equatable {
    /// The largest value; of a larger one a part is given.
    public var valueByteCount: Int
    /// The bytes of a larger value that are given.
    public var frontByteCount: Int
    /// Bytes of the file that are read at once, at least.
    public var bufferByteCount: Int

    /// The largest page: it is decoded whole, and writers put a number of values into one.
    var pageByteCount: Int { max(valueByteCount, 128 << 20) + 1 << 20 }

    /// Bounds.
    public init(
        valueByteCount: Int = 256 << 20, frontByteCount: Int = 0, bufferByteCount: Int = 256 << 10
    ) {
        self.valueByteCount = valueByteCount
        self.frontByteCount = frontByteCount
        self.bufferByteCount = bufferByteCount
    }
}

/// A value of a row.
public enum ParquetValue: Sendable, Equatable {
    /// A string; its bytes may be no UTF-8.
    case bytes([UInt8])
    /// No value.
    case null
    /// A string above the limit: its first bytes.
    case tooLarge(front: [UInt8])
}

/// Reads the values of a column, one row after the other, page by page.
///
/// With threads, row groups are read ahead of who asks, in order: each thread has a page, as it is
/// stored and as it is decoded, and some 4 MiB of values wait, or one larger one.
public struct ParquetReader: ~Copyable, Sendable {
    /// The number of the row that was read last, from 1; 0 before the first.
    public private(set) var row = 0

    // On the thread of who asks.
    private var chunks: ArraySlice<ColumnChunk>
    private var reader: ColumnReader
    /// Whether a chunk is being read.
    private var isOpen = false
    private var toldByteCount = 0
    private var failure: ParquetError?

    // On threads of their own; nil without any.
    private var ahead: ColumnAhead?
    /// Values that they have read, of which those before `place` were given out.
    private var block = ColumnAhead.Block(firstRow: 0)
    private var place = 0

    /// A reader of some of a column's row groups.
    ///
    /// - Parameters:
    ///   - column: the column.
    ///   - rowGroups: the groups; all of them if none are given.
    ///   - limits: bounds of values and pages.
    ///   - threadCount: threads that read ahead; 0 for none.
    public init(
        _ column: ParquetColumn, rowGroups: Range<Int>? = nil, limits: ParquetLimits = .init(),
        threadCount: Int = 0
    ) {
        chunks = column.chunks[rowGroups ?? column.chunks.indices]
        reader = ColumnReader(column, limits: limits)
        if threadCount > 0, !chunks.isEmpty {
            ahead = ColumnAhead(
                column, chunks: chunks, limits: limits, threadCount: threadCount)
        }
    }

    // No wait for the threads: each ends when it is next to take or to give something.
    deinit { ahead?.stop() }

    /// The value of the next row; nil behind the last. O(its bytes), and those of a page where one
    /// begins. After an error the reader is spent: every further call throws the same.
    public mutating func next() throws(ParquetError) -> ParquetValue? {
        if let failure { throw failure }
        do throws(ParquetError) {
            if let ahead { return try next(from: ahead) }
            return try nextOfChunks()
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func nextOfChunks() throws(ParquetError) -> ParquetValue? {
        while true {
            if !isOpen {
                guard let chunk = chunks.popFirst() else { return nil }
                reader.begin(chunk)
                row = chunk.firstRow
                isOpen = true
            }
            let step = try reader.advance()
            if case .end = step {
                isOpen = false
                continue
            }
            row += 1
            return reader.value(step)
        }
    }

    private mutating func next(from ahead: ColumnAhead) throws(ParquetError) -> ParquetValue? {
        while place == block.values.count {
            place = 0
            guard let next = try ahead.next() else {
                block.values = []
                return nil
            }
            let byteCount = block.storedByteCount
            block = next
            block.storedByteCount += byteCount
            row = block.firstRow
        }
        defer { place += 1 }
        row += 1
        return block.values[place]
    }

    /// Bytes that were read from the file since the last call, for the values that were given out
    /// or will be next.
    public mutating func takeStoredByteCount() -> Int {
        if ahead != nil {
            defer { block.storedByteCount = 0 }
            return block.storedByteCount
        }
        defer { toldByteCount = reader.readCount }
        return reader.readCount - toldByteCount
    }
}
