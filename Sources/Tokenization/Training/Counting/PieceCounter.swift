/// Counts the pieces of texts. One a thread; the counts of all are merged at the end.
public final class PieceCounter {
    // A class, because each worker owns one for long and hands it around.

    /// How texts are cut.
    public let pattern: SplitPattern

    /// What has been counted so far.
    private var counts = PieceCounts()

    private let ends = OwnedBuffer<UInt32>(repeating: 0, count: 4097)
    private let keys = OwnedBuffer(
        repeating: PieceCounts.WaitingPiece(), count: PieceCounts.batchCount)

    /// Nothing counted yet.
    public init(_ pattern: SplitPattern) {
        self.pattern = pattern
    }

    /// Counts the pieces of one text. O(count of `text`).
    public func count(_ text: Span<UInt8>) {
        // Nothing spills, so nothing fails.
        try? count(text, limit: .max) { _ in }
    }

    /// Counts the pieces of one text, and moves the counts to `runs` whenever they need more memory than
    /// one counter may use. O(count of `text`).
    public func count(_ text: Span<UInt8>, spillingTo runs: PieceRuns) throws {
        try count(text, limit: runs.counterByteCount) { try runs.add($0) }
    }

    /// The memory that the counts have now.
    public var byteCount: Int { counts.byteCount(addingBatchOf: 0) }

    /// The counts, leaving the counter empty.
    public func takeCounts() -> PieceCounts {
        exchange(&counts, with: PieceCounts())
    }

    private func count(
        _ text: Span<UInt8>, limit: Int, spill: (consuming PieceCounts) throws -> Void
    ) throws {
        try ByteView.with(text) { view in
            switch pattern {
            case .gpt2: try count(GPT2Scanner.self, view, limit, spill)
            case .gpt4: try count(GPT4Scanner.self, view, limit, spill)
            case .character: try count(CharacterScanner.self, view, limit, spill)
            case .word: try count(WordScanner.self, view, limit, spill)
            }
        }
    }

    private func count<Scanner: PieceScanner>(
        _: Scanner.Type, _ text: ByteView, _ limit: Int,
        _ spill: (consuming PieceCounts) throws -> Void
    ) throws {
        let scanner = Scanner(tables: UnicodeClasses.shared.tables)
        let ends = ends.view
        let keys = keys.view
        var start = 0
        while start < text.count {
            let origin = start
            var found = 0
            var position = start
            while position < text.count, found < 4096, position - origin < 1 << 30 {
                position = scanner.pieceEnd(in: text, from: position)
                ends[found] = UInt32(position - origin)
                found += 1
            }
            var first = 0
            while first < found {
                let count = min(PieceCounts.batchCount, found - first)
                let end = origin + Int(ends[first + count - 1])
                if counts.byteCount(addingBatchOf: end - start) > limit, counts.count > 0 {
                    try spill(takeCounts())
                }
                counts.addPieces(
                    of: text, from: start, ends: ends, origin: origin, first: first, count: count,
                    keys: keys)
                first += count
                start = end
            }
        }
    }
}
