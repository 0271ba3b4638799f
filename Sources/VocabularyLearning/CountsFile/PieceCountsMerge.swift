import Bytes
import Files
import Tokenization

/// Several files of counts as one: every piece once, in order, with the sum of its counts.
///
/// Memory is that of the readers. A heap of readers, the one with the first piece on top.
struct PieceCountsMerge {
    /// A reader and the first bytes of its piece, the earliest highest, so that most comparisons
    /// are of two numbers.
    private struct Source {
        var prefix: UInt64
        var reader: PieceCountsReader

        init(_ reader: PieceCountsReader) {
            self.reader = reader
            let piece = reader.piece
            var prefix: UInt64 = 0
            for index in 0..<8 {
                prefix = prefix << 8 | (index < piece.count ? UInt64(piece[index]) : 0)
            }
            self.prefix = prefix
        }

        func precedes(_ other: Source) -> Bool {
            prefix == other.prefix
                ? reader.piece.precedes(other.reader.piece) : prefix < other.prefix
        }
    }

    private var heap: [Source] = []

    /// Pieces of all files, and those that were read.
    private let total: Int
    private var readCount = 0

    /// Told now and then how many pieces were read, and how many there are; may throw to end the
    /// work.
    typealias Checkpoint = (_ piecesRead: Int, _ total: Int) throws -> Void

    /// Writes the sums of `files` to `writer`. O(bytes · log of the files).
    static func write<Sink: ByteSink & ~Copyable>(
        _ files: [OpenFile], to writer: inout PieceCountsWriter<Sink>, checkpoint: Checkpoint
    ) throws {
        var merge = try PieceCountsMerge(files.map { try PieceCountsReader($0) })
        try merge.write(to: &writer, checkpoint: checkpoint)
    }

    /// A merge of what `readers`, which have read nothing yet, will read.
    private init(_ readers: [PieceCountsReader]) throws(TokenizationError) {
        total = readers.reduce(0) { Int(clamping: UInt64($0) + $1.totals.pieces) }
        for reader in readers where try reader.next() {
            heap.append(Source(reader))
            var index = heap.count - 1
            while index > 0, heap[index].precedes(heap[(index - 1) / 2]) {
                heap.swapAt(index, (index - 1) / 2)
                index = (index - 1) / 2
            }
        }
    }

    private mutating func write<Sink: ByteSink & ~Copyable>(
        to writer: inout PieceCountsWriter<Sink>, checkpoint: Checkpoint
    ) throws {
        var piece: [UInt8] = []
        while let first = heap.first {
            piece.removeAll(keepingCapacity: true)
            let view = first.reader.piece
            for index in 0..<view.count { piece.append(view[index]) }
            let count = try ByteView.with(piece.span) { view throws(TokenizationError) in
                try takeCount(of: view)
            }
            try ByteView.with(piece.span) { view throws(TokenizationError) in
                try writer.append(view, count: count)
            }
            if writer.totals.pieces % (1 << 14) == 0 { try checkpoint(readCount, total) }
        }
    }

    /// The sum of the counts of `piece`, which is left behind.
    private mutating func takeCount(of piece: ByteView) throws(TokenizationError) -> UInt64 {
        var sum: UInt64 = 0
        while let reader = heap.first?.reader, reader.piece.count == piece.count,
            piece.equals(at: 0, reader.piece, at: 0, length: piece.count)
        {
            let (added, overflow) = sum.addingReportingOverflow(reader.count)
            guard !overflow else { throw .countOverflow }
            sum = added
            try advanceFirst()
        }
        return sum
    }

    /// Moves the first reader on and finds the new first.
    private mutating func advanceFirst() throws(TokenizationError) {
        readCount += 1
        if try heap[0].reader.next() {
            heap[0] = Source(heap[0].reader)
        } else {
            heap[0] = heap[heap.count - 1]
            heap.removeLast()
        }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
            guard heap[child].precedes(heap[index]) else { return }
            heap.swapAt(child, index)
            index = child
        }
    }
}
