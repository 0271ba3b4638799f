/// Counts the pieces of texts. One a thread; the counts of all are merged at the end.
public final class PieceCounter {
    // A class, because each worker owns one for long and hands it around.

    /// How texts are cut.
    public let pattern: SplitPattern

    /// What has been counted so far.
    public private(set) var counts = PieceCounts()

    /// Nothing counted yet.
    public init(_ pattern: SplitPattern) {
        self.pattern = pattern
    }

    /// Counts the pieces of one text. O(count of `text`).
    public func count(_ text: Span<UInt8>) {
        ByteView.with(text) { view in
            var visitor = Visitor(counter: self, text: view)
            pattern.accept(&visitor)
        }
    }

    /// The counts, leaving the counter empty.
    public func takeCounts() -> PieceCounts {
        defer { counts = PieceCounts() }
        return counts
    }

    private struct Visitor: PieceScannerVisitor {
        let counter: PieceCounter
        let text: ByteView

        func visit(_ scanner: some PieceScanner) {
            var start = 0
            while start < text.count {
                let end = scanner.pieceEnd(in: text, from: start)
                let counted = counter.counts.add(text, from: start, to: end, occurrences: 1)
                precondition(counted, "a text cannot have 2⁶⁴ pieces")
                start = end
            }
        }
    }
}
