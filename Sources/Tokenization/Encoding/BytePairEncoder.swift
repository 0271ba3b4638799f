import Bytes

/// Turns text into tokens. One a thread: it owns a cache and scratch, and shares the vocabulary.
///
/// ```swift
/// let encoder = BytePairEncoder(vocabulary)
/// var ids: [TokenID] = []
/// encoder.encode(Array("Hold my math!".utf8).span, into: &ids)
/// ```
///
/// Any bytes can be encoded, and decoding gives them back. The same text gives the same ids,
/// whatever was encoded before.
public final class BytePairEncoder {
    // A class, because its cache is large and belongs to one thread for long.

    /// The tokens that text becomes.
    public let vocabulary: Vocabulary

    private var splitter = PieceSplitter()
    private var pieces: PieceEncoder

    /// Ids on their way to the caller's array, so that it is appended to in bulk.
    private let waiting = OwnedBuffer<UInt32>(repeating: 0, count: PieceEncoder.capacity)
    private let narrowed = OwnedBuffer<UInt16>(repeating: 0, count: PieceEncoder.capacity)

    /// Finds the special tokens that the last text's policy allowed.
    private var finder: SpecialTokenFinder?
    private var finderPolicy: SpecialTokenPolicy?

    /// An encoder with an empty cache, which grows with the pieces that it is given, to 32 MiB at
    /// most for those of up to 15 bytes.
    public init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        pieces = PieceEncoder(vocabulary)
    }

    /// Appends the ids of `text` to `ids`. O(count of `text`), and O(n log n) in a long piece.
    ///
    /// - Parameters:
    ///   - text: any bytes.
    ///   - specials: which special tokens are recognised. The text is cut at them first, and each
    ///     part is a text of its own.
    ///   - ids: where the ids go, behind those that are there.
    public func encode(
        _ text: Span<UInt8>, specials: SpecialTokenPolicy = .none, into ids: inout [TokenID]
    ) {
        let waiting = waiting.view
        encode(text, specials) { count in
            unsafe waiting.elements(from: 0, to: count).withMemoryRebound(to: TokenID.self) {
                unsafe ids.append(contentsOf: $0)
            }
        }
    }

    /// Appends the ids of `text` to `ids`. O(count of `text`), and O(n log n) in a long piece.
    ///
    /// - Precondition: the vocabulary has at most 65,536 tokens.
    /// - Parameters:
    ///   - text: any bytes.
    ///   - specials: which special tokens are recognised. The text is cut at them first, and each
    ///     part is a text of its own.
    ///   - ids: where the ids go, behind those that are there.
    public func encode(
        _ text: Span<UInt8>, specials: SpecialTokenPolicy = .none, into ids: inout [UInt16]
    ) {
        precondition(vocabulary.count <= 1 << 16, "the vocabulary needs ids of 32 bits")
        let waiting = waiting.view
        let narrowed = narrowed.view
        encode(text, specials) { count in
            for index in 0..<count {
                narrowed[index] = UInt16(truncatingIfNeeded: waiting[index])
            }
            unsafe ids.append(contentsOf: narrowed.elements(from: 0, to: count))
        }
    }

    /// The tokens of `text`. O(count of `text`), and O(n log n) in a long piece.
    public func encode(_ text: String, specials: SpecialTokenPolicy = .none) -> [TokenID] {
        var ids: [TokenID] = []
        encode(Array(text.utf8).span, specials: specials, into: &ids)
        return ids
    }

    /// Cuts at special tokens and encodes; `deliver` takes the ids that wait.
    private func encode(
        _ text: Span<UInt8>, _ policy: SpecialTokenPolicy, _ deliver: (Int) -> Void
    ) {
        ByteView.with(text) { view in
            guard let finder = finder(of: policy) else {
                encodePart(view, deliver)
                return
            }
            var start = 0
            var search = SpecialTokenSearch(finder, in: view)
            while let found = search.next(from: start) {
                encodePart(view.slice(from: start, to: found.range.lowerBound), deliver)
                waiting.view[0] = found.id
                deliver(1)
                start = found.range.upperBound
            }
            encodePart(view.slice(from: start, to: view.count), deliver)
        }
    }

    /// Appends the ids of the beginning of `text` that no text behind it can change, and returns
    /// how many bytes they stand for; a text of its own begins there, if the whole is one. O(count
    /// of `text`), and O(n log n) in a long piece.
    ///
    /// - Parameter longestSpecial: bytes of the longest special token that `specials` allows.
    func encodeBeginning(
        of text: Span<UInt8>, specials: SpecialTokenPolicy, longestSpecial: Int,
        into ids: inout [TokenID]
    ) -> Int {
        let waiting = waiting.view
        return ByteView.with(text) { view in
            func deliver(_ count: Int) {
                unsafe waiting.elements(from: 0, to: count).withMemoryRebound(to: TokenID.self) {
                    unsafe ids.append(contentsOf: $0)
                }
            }
            guard let finder = finder(of: specials) else {
                return encodeCertain(view, deliver)
            }
            // One that begins before the end of what is certain ends within the text, and so does
            // any that begins inside of it and goes before it.
            let certain = max(0, view.count - 2 * longestSpecial)
            var start = 0
            var search = SpecialTokenSearch(finder, in: view)
            while let found = search.next(from: start), found.range.lowerBound < certain {
                encodePart(view.slice(from: start, to: found.range.lowerBound), deliver)
                waiting[0] = found.id
                deliver(1)
                start = found.range.upperBound
            }
            guard start < certain else { return start }
            return start + encodeCertain(view.slice(from: start, to: certain), deliver)
        }
    }

    /// Encodes the pieces of `text` that no text behind it can change; returns their bytes.
    private func encodeCertain(_ text: ByteView, _ deliver: (Int) -> Void) -> Int {
        withoutActuallyEscaping(deliver) { deliver in
            let whole = text.slice(from: 0, to: PieceSplitter.endOfCharacters(in: text))
            var visitor = CertainVisitor(encoder: self, text: whole, deliver: deliver)
            return vocabulary.pattern.accept(&visitor)
        }
    }

    private struct CertainVisitor: PieceScannerVisitor {
        let encoder: BytePairEncoder
        let text: ByteView
        let deliver: (Int) -> Void

        func visit(_ scanner: some PieceScanner) -> Int {
            encoder.encodeCertainPieces(text, scanner, deliver)
        }
    }

    private func encodeCertainPieces(
        _ text: ByteView, _ scanner: some PieceScanner, _ deliver: (Int) -> Void
    ) -> Int {
        var waitingCount = 0
        var start = 0
        while true {
            let count = splitter.nextCertain(scanner, text, from: start)
            guard count > 0 else { break }
            let ends = splitter.ends
            waitingCount = pieces.encode(
                text.slice(from: start, to: text.count), ends: ends, count: count,
                into: waiting.view, at: waitingCount, deliver)
            start += Int(ends[count - 1])
        }
        if waitingCount > 0 { deliver(waitingCount) }
        return start
    }

    /// The finder of what `policy` allows, made anew only when the policy is another one.
    private func finder(of policy: SpecialTokenPolicy) -> SpecialTokenFinder? {
        if policy != finderPolicy {
            finder = SpecialTokenFinder(vocabulary, policy)
            finderPolicy = policy
        }
        return finder
    }

    private func encodePart(_ text: ByteView, _ deliver: (Int) -> Void) {
        withoutActuallyEscaping(deliver) { deliver in
            var visitor = Visitor(encoder: self, text: text, deliver: deliver)
            vocabulary.pattern.accept(&visitor)
        }
    }

    private struct Visitor: PieceScannerVisitor {
        let encoder: BytePairEncoder
        let text: ByteView
        let deliver: (Int) -> Void

        func visit(_ scanner: some PieceScanner) {
            encoder.encodePieces(text, scanner, deliver)
        }
    }

    @inline(__always)
    private func encodePieces<Scanner: PieceScanner>(
        _ text: ByteView, _ scanner: Scanner, _ deliver: (Int) -> Void
    ) {
        var waitingCount = 0
        var start = 0
        while start < text.count {
            let count = splitter.next(scanner, text, from: start)
            let ends = splitter.ends
            waitingCount = pieces.encode(
                text.slice(from: start, to: text.count), ends: ends, count: count,
                into: waiting.view, at: waitingCount, deliver)
            start += Int(ends[count - 1])
        }
        if waitingCount > 0 { deliver(waitingCount) }
    }
}
