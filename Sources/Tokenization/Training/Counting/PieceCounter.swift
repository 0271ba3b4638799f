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
        ByteView.with(text) { view in
            switch pattern {
            case .gpt2: count(GPT2Scanner.self, view)
            case .gpt4: count(GPT4Scanner.self, view)
            case .character: count(CharacterScanner.self, view)
            case .word: count(WordScanner.self, view)
            }
        }
    }

    /// The counts, leaving the counter empty.
    public func takeCounts() -> PieceCounts {
        exchange(&counts, with: PieceCounts())
    }

    private func count<Scanner: PieceScanner>(_: Scanner.Type, _ text: ByteView) {
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
                counts.addPieces(
                    of: text, from: start, ends: ends, origin: origin, first: first, count: count,
                    keys: keys)
                first += count
                start = origin + Int(ends[first - 1])
            }
        }
    }
}
