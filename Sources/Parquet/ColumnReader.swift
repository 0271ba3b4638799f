import Bytes
import Compression
import Files

/// Reads the values of a column chunk by chunk and page by page.
///
/// Memory is one page as it is stored and as it is decoded, and the dictionary, if there is one.
struct ColumnReader: ~Copyable, Sendable {
    /// The end of one step from value to value.
    enum Step {
        /// A value, which ``value(_:)`` gives.
        case value
        /// No value in this row.
        case null
        /// The chunk has no more.
        case end
    }

    /// The way in which the values of a page are had.
    private enum Values {
        case plain(offset: Int)
        case dictionary(RunDecoder)
        /// The lengths, and the place of the next value.
        case lengths(DeltaDecoder, offset: Int)
        /// The lengths of what is taken from the value before, those of the rest, and its place.
        case prefixes(DeltaDecoder, DeltaDecoder, offset: Int)
    }

    /// The place of the value at hand.
    private enum Place {
        case page(Range<Int>)
        case dictionary(Range<Int>)
        case assembled
    }

    private let path: String
    private let pageEnd: Int
    private let maximumDefinition: Int
    private let limits: ParquetLimits
    private var window: FileWindow
    private var decompressor = PageDecompressor()

    // The chunk.
    private var chunk: ColumnChunk?
    /// The place of the next page's header.
    private var offset = 0
    /// Values of the chunk that stand in pages not begun.
    private var leftCount = 0

    // The dictionary of the chunk: the bytes of its page, and where in them each value begins, with
    // its length.
    private var hasDictionary = false
    private var dictionary: [UInt8] = []
    private var dictionaryStarts: [UInt32] = []

    // The page: its first `pageCount` bytes count.
    private var page: [UInt8] = []
    private var pageCount = 0
    private var pageStart = 0
    /// Values of the page that were not given out, nulls counted.
    private var pageLeftCount = 0
    private var levels: RunDecoder?
    private var values = Values.plain(offset: 0)

    private var place = Place.assembled
    /// The value of DELTA_BYTE_ARRAY, which the next one begins like.
    private var assembled: [UInt8] = []

    init(_ column: ParquetColumn, limits: ParquetLimits) {
        path = column.file.path
        pageEnd = column.pageEnd
        maximumDefinition = column.maximumDefinition
        self.limits = limits
        window = FileWindow(column.file, step: limits.bufferByteCount)
    }

    /// Stored bytes that were read so far.
    var readCount: Int { window.readCount }

    /// Begins a chunk.
    mutating func begin(_ chunk: ColumnChunk) {
        self.chunk = chunk
        offset = chunk.start
        leftCount = chunk.valueCount
        hasDictionary = false
        pageLeftCount = 0
    }

    /// Goes to the next value of the chunk. O(its bytes), and those of a page where one begins.
    mutating func advance() throws(ParquetError) -> Step {
        while pageLeftCount == 0 {
            guard leftCount > 0 else { return .end }
            try openPage()
        }
        pageLeftCount -= 1
        do throws(ParquetFault) {
            return try step()
        } catch {
            throw error.error(in: path, from: pageStart)
        }
    }

    /// The value at which ``advance()`` has arrived, copied. O(its bytes).
    func value(_ step: Step) -> ParquetValue {
        guard case .value = step else { return .null }
        switch place {
        case .page(let range): return value(page.span.extracting(range))
        case .dictionary(let range): return value(dictionary.span.extracting(range))
        case .assembled: return value(assembled.span)
        }
    }

    private func value(_ bytes: Span<UInt8>) -> ParquetValue {
        bytes.count <= limits.valueByteCount
            ? .bytes(Array(copying: bytes))
            : .tooLarge(front: Array(copying: bytes.extracting(first: limits.frontByteCount)))
    }

    // MARK: Values

    private mutating func step() throws(ParquetFault) -> Step {
        // The array is shared and not copied, so that its span does not hold all of the reader.
        let page = page
        if levels != nil {
            let level = try levels!.next(page.span)
            guard level <= maximumDefinition else {
                throw ParquetFault(
                    "the page that begins here has a definition level of \(level), and "
                        + "\(maximumDefinition) is the highest")
            }
            if level < maximumDefinition { return .null }
        }
        switch values {
        case .plain(let offset):
            let range = try Self.plainRange(page.span, at: offset, end: pageCount)
            place = .page(range)
            values = .plain(offset: range.upperBound)
        case .dictionary(var indices):
            let index = Int(try indices.next(page.span))
            values = .dictionary(indices)
            guard index < dictionaryStarts.count else {
                throw ParquetFault(
                    "the page that begins here names the value \(index) of a dictionary of "
                        + "\(dictionaryStarts.count)")
            }
            place = .dictionary(
                try Self.plainRange(
                    dictionary.span, at: Int(dictionaryStarts[index]), end: dictionary.count))
        case .lengths(var lengths, let offset):
            let range = try range(of: try lengths.next(page.span), at: offset)
            place = .page(range)
            values = .lengths(lengths, offset: range.upperBound)
        case .prefixes(var prefixes, var lengths, let offset):
            let prefix = try prefixes.next(page.span)
            let range = try range(of: try lengths.next(page.span), at: offset)
            values = .prefixes(prefixes, lengths, offset: range.upperBound)
            guard (0...Int64(assembled.count)).contains(prefix) else {
                throw ParquetFault(
                    "the page that begins here takes \(prefix) bytes from a value of "
                        + "\(assembled.count)")
            }
            assembled.removeLast(assembled.count - Int(prefix))
            assembled.append(copying: page.span.extracting(range))
            place = .assembled
        }
        return .value
    }

    private func range(of length: Int64, at offset: Int) throws(ParquetFault) -> Range<Int> {
        guard length >= 0, length <= pageCount - offset else {
            throw ParquetFault(
                "the page that begins here has a value of \(length) bytes, and "
                    + "\(pageCount - offset) are left")
        }
        return offset..<offset + Int(length)
    }

    /// The place of a value whose length stands before it.
    private static func plainRange(
        _ bytes: Span<UInt8>, at offset: Int, end: Int
    ) throws(ParquetFault) -> Range<Int> {
        guard end - offset >= 4 else {
            throw ParquetFault("the page that begins here ends before its last value")
        }
        let length = (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        guard length <= end - offset - 4 else {
            throw ParquetFault(
                "the page that begins here has a value of \(length) bytes, and "
                    + "\(end - offset - 4) are left")
        }
        return offset + 4..<offset + 4 + length
    }

    // MARK: Pages

    /// Opens the next page, whatever it is.
    private mutating func openPage() throws(ParquetError) {
        let header = try readHeader()
        guard header.storedByteCount <= pageEnd - offset else {
            throw .malformed(
                path: path, offset: pageStart,
                reason: "the page that begins here states \(header.storedByteCount) bytes, and "
                    + "\(pageEnd - offset) are left")
        }
        let range = try window.require(
            offset..<offset + header.storedByteCount,
            upTo: max(chunk!.end, offset + header.storedByteCount))
        offset += header.storedByteCount
        do throws(ParquetFault) {
            try open(header, range)
        } catch {
            throw error.error(in: path, from: pageStart)
        }
    }

    /// The most bytes of a page's header, which may hold the least and the greatest value.
    private static let largestHeaderByteCount = 16 << 20

    private mutating func readHeader() throws(ParquetError) -> PageHeader {
        pageStart = offset
        var count = 256
        while true {
            let room = min(count, pageEnd - offset)
            let range = try window.require(offset..<offset + room, upTo: max(chunk!.end, offset))
            var reader = ThriftReader(window.bytes, range)
            let reason: String
            do throws(ThriftReader.Fault) {
                let header = try PageHeader(&reader)
                offset += reader.offset - range.lowerBound
                return header
            } catch {
                switch error {
                case .malformed(_, let found): reason = found
                case .endsEarly where room < count:
                    reason =
                        "the header of a page does not end before the pages do, after "
                        + "\(chunk!.valueCount - leftCount) of \(chunk!.valueCount) values"
                case .endsEarly where count >= Self.largestHeaderByteCount:
                    reason = "the header of a page has more than \(count) bytes"
                case .endsEarly:
                    count *= 4
                    continue
                }
            }
            throw .malformed(path: path, offset: pageStart, reason: reason)
        }
    }

    private mutating func open(
        _ header: PageHeader, _ stored: Range<Int>
    ) throws(ParquetFault) {
        if header.kind == .other { return }
        let bytes = window.bytes
        let content = bytes.span.extracting(stored)
        if let checksum = header.checksum, CRC32.checksum(of: content) != checksum {
            throw ParquetFault("the page that begins here does not match its checksum")
        }
        guard header.byteCount <= limits.pageByteCount else {
            throw .pageTooLarge(header.byteCount, limit: limits.pageByteCount)
        }
        let codec = chunk!.codec
        switch header.kind {
        case .other: break
        case .dictionary(let count, let encoding):
            guard !hasDictionary, leftCount == chunk!.valueCount else {
                throw ParquetFault("a dictionary begins here, and is not the first page")
            }
            guard encoding == 0 || encoding == 2 else { throw unknown(encoding) }
            Self.grow(&dictionary, to: header.byteCount)
            try decompressor.decode(
                content, codec, into: &dictionary, range: 0..<header.byteCount)
            try indexDictionary(count, byteCount: header.byteCount)
        case .data(let count, let encoding, let levelEncoding):
            try beginPage(header, count)
            try decode(content, codec, from: 0)
            var start = 0
            levels = nil
            if maximumDefinition > 0 {
                guard levelEncoding == 3 else {
                    throw .unsupported(
                        "the page that begins here has its levels in the old encoding BIT_PACKED, "
                            + "which is not read")
                }
                let range = try Self.plainRange(page.span, at: 0, end: pageCount)
                beginLevels(range)
                start = range.upperBound
            }
            try beginValues(encoding, at: start)
        case .dataV2(let count, let encoding, let definition, let repetition, let isCompressed):
            try beginPage(header, count)
            let (front, isOverflowing) = definition.addingReportingOverflow(repetition)
            guard !isOverflowing, front <= content.count, front <= header.byteCount else {
                throw ParquetFault("the page that begins here ends inside its levels")
            }
            copyBytes(content.extracting(first: front), to: &page, at: 0)
            try decode(
                content.extracting(droppingFirst: front), isCompressed ? codec : .none,
                from: front)
            levels = nil
            if maximumDefinition > 0 { beginLevels(repetition..<front) }
            try beginValues(encoding, at: front)
        }
    }

    private static func grow(_ bytes: inout [UInt8], to count: Int) {
        if bytes.count < count {
            bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
        }
    }

    private mutating func beginPage(_ header: PageHeader, _ count: Int) throws(ParquetFault) {
        guard count <= leftCount else {
            throw ParquetFault(
                "the page that begins here has \(count) values, and the row group has "
                    + "\(leftCount) left")
        }
        leftCount -= count
        pageLeftCount = count
        pageCount = header.byteCount
        Self.grow(&page, to: pageCount)
    }

    /// Decompresses `content` to the page, from the byte `start` on.
    private mutating func decode(
        _ content: Span<UInt8>, _ codec: PageCodec, from start: Int
    ) throws(ParquetFault) {
        // Pages of nulls have no bytes, and some writers compress none to none.
        if content.count == 0, start == pageCount { return }
        try decompressor.decode(content, codec, into: &page, range: start..<pageCount)
    }

    private mutating func beginLevels(_ range: Range<Int>) {
        levels = RunDecoder(range, width: Int.bitWidth - maximumDefinition.leadingZeroBitCount)
    }

    private mutating func beginValues(_ encoding: Int, at start: Int) throws(ParquetFault) {
        switch encoding {
        case 0: values = .plain(offset: start)
        case 2, 8:
            guard hasDictionary else {
                throw ParquetFault(
                    "the page that begins here wants a dictionary, and there is none")
            }
            // Without values there is no width either.
            guard start < pageCount else {
                values = .plain(offset: start)
                return
            }
            let width = Int(page[start])
            guard width <= 32 else {
                throw ParquetFault(
                    "the page that begins here has indices of \(width) bits, and 32 are the most")
            }
            values = .dictionary(RunDecoder(start + 1..<pageCount, width: width))
        case 6, 7:
            assembled.removeAll(keepingCapacity: true)
            // A page of nulls may have nothing at all.
            guard start < pageCount else {
                values = .plain(offset: start)
                return
            }
            let first = try DeltaDecoder(page.span, start..<pageCount)
            let end = try first.end(page.span)
            guard encoding == 7 else {
                values = .lengths(first, offset: end)
                return
            }
            let second = try DeltaDecoder(page.span, end..<pageCount)
            values = .prefixes(first, second, offset: try second.end(page.span))
        default: throw unknown(encoding)
        }
    }

    private func unknown(_ encoding: Int) -> ParquetFault {
        let names = [
            3: "RLE", 4: "BIT_PACKED", 5: "DELTA_BINARY_PACKED", 9: "BYTE_STREAM_SPLIT",
        ]
        return .unsupported(
            "the page that begins here has the encoding \(names[encoding] ?? "\(encoding)"), in "
                + "which strings are not read")
    }

    /// Finds the values of the dictionary.
    private mutating func indexDictionary(
        _ count: Int, byteCount: Int
    ) throws(ParquetFault) {
        // Each has its length before it.
        guard count <= byteCount / 4 else {
            throw ParquetFault(
                "the dictionary that begins here states \(count) values in \(byteCount) bytes")
        }
        dictionaryStarts.removeAll(keepingCapacity: true)
        var offset = 0
        for _ in 0..<count {
            dictionaryStarts.append(UInt32(offset))
            offset = try Self.plainRange(dictionary.span, at: offset, end: byteCount).upperBound
        }
        hasDictionary = true
    }
}
