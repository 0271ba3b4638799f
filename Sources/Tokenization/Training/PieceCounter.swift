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
        defer { counts = PieceCounts() }
        return counts
    }

    private func count<Scanner: PieceScanner>(_: Scanner.Type, _ text: ByteView) {
        let scanner = Scanner(tables: UnicodeClasses.shared.tables)
        var start = 0
        while start < text.count {
            let end = scanner.pieceEnd(in: text, from: start)
            let counted = counts.add(text, from: start, to: end, occurrences: 1)
            precondition(counted, "a text cannot have 2⁶⁴ pieces")
            start = end
        }
    }
}
