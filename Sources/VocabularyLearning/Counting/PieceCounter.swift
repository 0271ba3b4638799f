import Bytes
public import Tokenization

/// Counts the pieces of texts. One a thread; the counts of all are merged at the end.
public final class PieceCounter {
    // A class, because each worker owns one for long and hands it around.

    /// Pattern that cuts texts.
    public var pattern: SplitPattern { splitter.pattern }

    /// Counts so far.
    private var counts = PieceCounts()

    private let splitter: PatternSplitter
    /// Cuts at what is not counted; nil where all is.
    private let cutter: TextCutter?
    private let keys = OwnedBuffer(
        repeating: PieceCounts.WaitingPiece(), count: PieceCounts.batchCount)

    /// A counter of the pieces that `pattern` cuts, at zero.
    ///
    /// - Parameters:
    ///   - pattern: the pattern.
    ///   - excluded: strings, such as special tokens, that are not counted where they stand in a
    ///     text: what lies between them are texts of their own.
    public init(_ pattern: SplitPattern, excluding excluded: [String] = []) {
        splitter = PatternSplitter(pattern)
        cutter = TextCutter(at: excluded)
    }

    /// Counts the pieces of one text. O(count of `text`).
    public func count(_ text: Span<UInt8>) {
        // No limit, so nothing spills and nothing fails.
        try? count(text, limit: .max) { _ in }
    }

    /// Counts the pieces of one text, and moves the counts to `runs` whenever they need more memory
    /// than one counter may use. O(count of `text`).
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
        try ByteView.with(text) { text in
            guard let cutter else { return try count(text, limit: limit, spill: spill) }
            try cutter.forEachPart(of: text) { try count($0, limit: limit, spill: spill) }
        }
    }

    private func count(
        _ text: ByteView, limit: Int, spill: (consuming PieceCounts) throws -> Void
    ) throws {
        let keys = keys.view
        let ends = splitter.ends
        var origin = 0
        while origin < text.count {
            let total = splitter.next(text, from: origin)
            var start = origin
            var done = 0
            while done < total {
                let count = min(PieceCounts.batchCount, total - done)
                let end = origin + Int(ends[done + count - 1])
                if counts.byteCount(addingBatchOf: end - start) > limit, counts.count > 0 {
                    try spill(takeCounts())
                }
                counts.addPieces(
                    of: text, from: start, ends: ends, origin: origin, first: done, count: count,
                    keys: keys)
                done += count
                start = end
            }
            origin = start
        }
    }
}
