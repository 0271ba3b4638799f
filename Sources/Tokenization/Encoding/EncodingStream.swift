import Bytes

/// Turns a text that comes in parts of any size into tokens, the same ones as in one go.
///
/// ```swift
/// var stream = EncodingStream(vocabulary)
/// var found: [TokenID] = []
/// // Piece by piece, as the text comes.
/// stream.append(text.span, into: &found)
/// try stream.finish(into: &found)
/// ```
///
/// What a further part could still change is kept: a few pieces, or one that does not end. So
/// memory does not grow with the text, unless it is a single word, or the vocabulary changes texts
/// before it cuts them (``Vocabulary/changesTexts``): then all of it is kept to the end.
public struct EncodingStream: ~Copyable {
    private let encoder: BytePairEncoder
    private let specials: SpecialTokenPolicy
    /// Bytes of the longest special token that is recognised.
    private let longestSpecial: Int
    /// Text that is not encoded yet.
    private var pending: [UInt8] = []
    /// Length at which it is looked at again: a piece that does not end is not cut at every part.
    private var nextLength = 0

    /// A stream at the beginning of a text.
    ///
    /// - Parameters:
    ///   - vocabulary: the tokens that text becomes.
    ///   - specials: which special tokens are recognised.
    public init(_ vocabulary: Vocabulary, specials: SpecialTokenPolicy = .none) {
        encoder = BytePairEncoder(vocabulary)
        self.specials = specials
        longestSpecial =
            vocabulary.specialTokens.filter { specials.allows($0) }
            .map(\.content.utf8.count).max() ?? 0
    }

    /// Bytes of the text before those that are not encoded yet.
    private var encodedCount = 0

    /// Bytes that are not encoded yet.
    var pendingCount: Int { pending.count }

    /// Appends the ids that are certain with `bytes` to `ids`. O(count), and O(n log n) in a long
    /// piece.
    public mutating func append(_ bytes: Span<UInt8>, into ids: inout [TokenID]) {
        unsafe bytes.withUnsafeBufferPointer { unsafe pending.append(contentsOf: $0) }
        guard pending.count >= nextLength else { return }
        let taken = encoder.encodeBeginning(
            of: pending.span, specials: specials, longestSpecial: longestSpecial, into: &ids)
        pending.removeSubrange(..<taken)
        encodedCount += taken
        nextLength = 2 * pending.count
    }

    /// Appends the ids of the text's end to `ids`; the stream begins another text.
    ///
    /// - Throws: ``TokenizationError/lackedByte(_:offset:)``.
    public mutating func finish(into ids: inout [TokenID]) throws(TokenizationError) {
        encoder.encode(pending.span, specials: specials, into: &ids)
        pending.removeAll(keepingCapacity: true)
        nextLength = 0
        defer { encodedCount = 0 }
        try encoder.check(behind: encodedCount)
    }
}

/// Cuts a text that comes in parts of any size into the pieces of a pattern, the same ones as in
/// one go.
public struct PieceStream: ~Copyable {
    private let splitter: PatternSplitter
    private var pending: [UInt8] = []
    private var nextLength = 0

    /// A stream at the beginning of a text that `pattern` cuts.
    public init(_ pattern: SplitPattern) { splitter = PatternSplitter(pattern) }

    /// The pieces that are certain with `bytes`. O(count).
    public mutating func append(_ bytes: Span<UInt8>) -> [[UInt8]] {
        unsafe bytes.withUnsafeBufferPointer { unsafe pending.append(contentsOf: $0) }
        guard pending.count >= nextLength else { return [] }
        let pieces = take(isEnd: false)
        nextLength = 2 * pending.count
        return pieces
    }

    /// The pieces of the text's end; the stream begins another text.
    public mutating func finish() -> [[UInt8]] {
        nextLength = 0
        return take(isEnd: true)
    }

    /// Takes the pieces that are certain off what is pending; all of them at the end of a text.
    private mutating func take(isEnd: Bool) -> [[UInt8]] {
        let splitter = splitter
        var pieces: [[UInt8]] = []
        let taken = ByteView.with(pending.span) { text in
            var start = 0
            while true {
                guard start < text.count else { return start }
                let count =
                    isEnd
                    ? splitter.next(text, from: start) : splitter.nextCertain(text, from: start)
                guard count > 0 else { return start }
                var (first, ends) = (start, splitter.ends)
                for index in 0..<count {
                    let end = start + Int(ends[index])
                    pieces.append(text.array(from: first, to: end))
                    first = end
                }
                start = first
            }
        }
        pending.removeSubrange(..<taken)
        return pieces
    }
}
