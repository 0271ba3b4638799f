import Bytes

/// Turns text into tokens. One a thread: it owns a cache and scratch, and shares the vocabulary.
///
/// ```swift
/// let encoder = BytePairEncoder(vocabulary)
/// var ids: [TokenID] = []
/// encoder.encode(Array("Hold my math!".utf8).span, into: &ids)
/// ```
///
/// Any bytes can be encoded, and decoding gives them back, but for vocabularies of which
/// ``Vocabulary/lackedBytes`` or ``Vocabulary/changesTexts`` say otherwise. The same text gives the
/// same ids, whatever was encoded before.
public final class BytePairEncoder {
    // A class, because its cache is large and belongs to one thread for long.

    /// The tokens that text becomes.
    public let vocabulary: Vocabulary

    private var splitter = PieceSplitter()
    private var pieces: PieceEncoder
    /// What merges words, behind the encoder of words alone; nil where nothing does.
    private let superwordMerger: SuperwordMerger?
    private let wordIDs: OwnedBuffer<UInt32>

    /// Ids on their way to the caller's array, so that it is appended to in bulk.
    private let waiting = OwnedBuffer<UInt32>(repeating: 0, count: PieceEncoder.capacity)
    private let narrowed = OwnedBuffer<UInt16>(repeating: 0, count: PieceEncoder.capacity)

    /// The first byte of the last text that no token stands for.
    private var lacked: (byte: UInt8, offset: Int)?
    /// The first since the last look at it.
    private var unseenLacked: (byte: UInt8, offset: Int)?
    private let lackedBytes: LackedBytes?

    /// Finds the special tokens that the last text's policy allowed.
    private var finder: SpecialTokenFinder?
    private var finderPolicy: SpecialTokenPolicy?

    /// An encoder with an empty cache, which grows with the pieces that it is given, to 32 MiB at
    /// most for those of up to 15 bytes.
    public init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        pieces = PieceEncoder(vocabulary.superwords?.words ?? vocabulary)
        superwordMerger = vocabulary.superwords.map { SuperwordMerger(vocabulary, $0) }
        wordIDs = OwnedBuffer(
            repeating: 0, count: superwordMerger == nil ? 0 : PieceEncoder.capacity)
        lackedBytes = LackedBytes(vocabulary)
    }

    /// Throws if a text that was encoded since the last call has a byte that no token of the
    /// vocabulary stands for: its ids are those of what stands before the byte. A vocabulary with
    /// tokens for all 256 never throws.
    ///
    /// - Parameter byteCount: bytes that stand before what was encoded, where it is a part of a
    ///   longer text: the byte's place is told in that.
    /// - Throws: ``TokenizationError/lackedByte(_:offset:)``.
    public func check(behind byteCount: Int = 0) throws(TokenizationError) {
        defer { unseenLacked = nil }
        if let lacked = unseenLacked {
            throw .lackedByte(lacked.byte, offset: byteCount + lacked.offset)
        }
    }

    /// Appends the ids of `text` to `ids`. O(count of `text`), and O(n log n) in a long piece.
    ///
    /// - Parameters:
    ///   - text: any bytes.
    ///   - specials: which special tokens are recognised. The text is cut at them first, and each
    ///     part is a text of its own.
    ///   - isContinued: whether the text goes on behind another one, so that it gets no space in
    ///     front where the vocabulary puts one at the beginning of a text only.
    ///   - ids: where the ids go, behind those that are there.
    public func encode(
        _ text: Span<UInt8>, specials: SpecialTokenPolicy = .none, isContinued: Bool = false,
        into ids: inout [TokenID]
    ) {
        let waiting = waiting.view
        encode(text, specials, isContinued: isContinued) { count in
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
    ///   - isContinued: whether the text goes on behind another one, so that it gets no space in
    ///     front where the vocabulary puts one at the beginning of a text only.
    ///   - ids: where the ids go, behind those that are there.
    public func encode(
        _ text: Span<UInt8>, specials: SpecialTokenPolicy = .none, isContinued: Bool = false,
        into ids: inout [UInt16]
    ) {
        precondition(vocabulary.count <= 1 << 16, "the vocabulary needs ids of 32 bits")
        let waiting = waiting.view
        let narrowed = narrowed.view
        encode(text, specials, isContinued: isContinued) { count in
            for index in 0..<count {
                narrowed[index] = UInt16(truncatingIfNeeded: waiting[index])
            }
            unsafe ids.append(contentsOf: narrowed.elements(from: 0, to: count))
        }
    }

    /// The tokens of `text`. O(count of `text`), and O(n log n) in a long piece.
    public func encode(
        _ text: String, specials: SpecialTokenPolicy = .none, isContinued: Bool = false
    ) -> [TokenID] {
        var ids: [TokenID] = []
        encode(Array(text.utf8).span, specials: specials, isContinued: isContinued, into: &ids)
        return ids
    }

    /// Cuts at special tokens and encodes; `deliver` takes the ids that wait.
    private func encode(
        _ text: Span<UInt8>, _ policy: SpecialTokenPolicy, isContinued: Bool,
        _ deliver: (Int) -> Void
    ) {
        lacked = nil
        ByteView.with(text) { view in
            let finder = finder(of: policy)
            guard vocabulary.rules.keepsTexts, finder?.minds != true else {
                encodeByRules(view, finder, isContinued: isContinued, deliver)
                return
            }
            guard let finder else {
                encodePart(view, at: 0, deliver)
                return
            }
            var start = 0
            var search = SpecialTokenSearch(finder, in: view)
            while let found = search.next(from: start), lacked == nil {
                encodePart(view.slice(from: start, to: found.range.lowerBound), at: start, deliver)
                guard lacked == nil else { return }
                waiting.view[0] = found.id
                deliver(1)
                start = found.range.upperBound
            }
            encodePart(view.slice(from: start, to: view.count), at: start, deliver)
        }
    }

    /// Encodes as `tokenizers` does where a vocabulary changes texts: the special tokens that are
    /// searched first cut the text as it is; what lies between them is normalized; those that are
    /// searched last cut that; and what is left may get a space in front.
    private func encodeByRules(
        _ text: ByteView, _ finder: SpecialTokenFinder?, isContinued: Bool,
        _ deliver: (Int) -> Void
    ) {
        let rules = vocabulary.rules
        func encodeBetween(_ part: ByteView, at start: Int) {
            func encodePrepared(_ part: ByteView, isFirst: Bool) {
                guard part.count > 0, lacked == nil else { return }
                if let prepared = rules.prepared(part, isFirst: isFirst) {
                    ByteView.with(prepared.span) { encodePart($0, at: start, deliver) }
                } else {
                    encodePart(part, at: start, deliver)
                }
            }
            func encodeNormalized(_ part: ByteView) {
                let isFirst = start == 0 && !isContinued
                guard let last = finder?.last, !last.isEmpty else {
                    return encodePrepared(part, isFirst: isFirst)
                }
                last.cut(part) { range, id in
                    guard lacked == nil else { return }
                    guard let id else {
                        return encodePrepared(
                            part.slice(from: range.lowerBound, to: range.upperBound),
                            isFirst: isFirst && range.lowerBound == 0)
                    }
                    waiting.view[0] = id
                    deliver(1)
                }
            }
            guard part.count > 0 else { return }
            if let normalized = rules.normalized(part) {
                ByteView.with(normalized.span) { encodeNormalized($0) }
            } else {
                encodeNormalized(part)
            }
        }
        guard let first = finder?.first, !first.isEmpty else { return encodeBetween(text, at: 0) }
        first.cut(text) { range, id in
            guard lacked == nil else { return }
            guard let id else {
                return encodeBetween(
                    text.slice(from: range.lowerBound, to: range.upperBound),
                    at: range.lowerBound)
            }
            waiting.view[0] = id
            deliver(1)
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
        lacked = nil
        // What ends here is begun again with what follows, and found again at its place in that.
        defer { unseenLacked = nil }
        // What is before a place may change what is behind it: nothing is certain.
        guard vocabulary.rules.keepsTexts, finder(of: specials)?.minds != true else { return 0 }
        let waiting = waiting.view
        return ByteView.with(text) { view in
            func deliver(_ count: Int) {
                unsafe waiting.elements(from: 0, to: count).withMemoryRebound(to: TokenID.self) {
                    unsafe ids.append(contentsOf: $0)
                }
            }
            guard let finder = finder(of: specials) else {
                return encodeCertain(view, at: 0, deliver)
            }
            // One that begins before the end of what is certain ends within the text, and so does
            // any that begins inside of it and goes before it.
            let certain = max(0, view.count - 2 * longestSpecial)
            var start = 0
            var search = SpecialTokenSearch(finder, in: view)
            while let found = search.next(from: start), found.range.lowerBound < certain {
                encodePart(view.slice(from: start, to: found.range.lowerBound), at: start, deliver)
                guard lacked == nil else { return start }
                waiting[0] = found.id
                deliver(1)
                start = found.range.upperBound
            }
            guard start < certain else { return start }
            return start + encodeCertain(view.slice(from: start, to: certain), at: start, deliver)
        }
    }

    /// Encodes the pieces of `text` that no text behind it can change; returns their bytes.
    private func encodeCertain(
        _ text: ByteView, at start: Int, _ deliver: (Int) -> Void
    ) -> Int {
        let text = withoutLacked(text, at: start)
        return withoutActuallyEscaping(deliver) { deliver in
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
        if let superwords = vocabulary.superwords, let superwordMerger {
            while case let count = splitter.nextCertain(scanner, text, from: start), count > 0 {
                start += Int(splitter.ends[count - 1])
            }
            encodeSuperwords(
                text.slice(from: 0, to: start), superwords, superwordMerger, deliver)
            return start
        }
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

    /// What of `text`, which begins at `start` of the whole, stands before the first byte that no
    /// token stands for.
    private func withoutLacked(_ text: ByteView, at start: Int) -> ByteView {
        guard let lackedBytes, let place = lackedBytes.firstPlace(in: text) else { return text }
        lacked = (text[place], start + place)
        unseenLacked = unseenLacked ?? lacked
        return text.slice(from: 0, to: place)
    }

    private func encodePart(_ text: ByteView, at start: Int, _ deliver: (Int) -> Void) {
        let text = withoutLacked(text, at: start)
        if let superwords = vocabulary.superwords, let superwordMerger {
            return encodeSuperwords(text, superwords, superwordMerger, deliver)
        }
        if let seams = vocabulary.seams {
            return encodePieces(text, SeamScanner(seams), deliver)
        }
        withoutActuallyEscaping(deliver) { deliver in
            var visitor = Visitor(encoder: self, text: text, deliver: deliver)
            vocabulary.pattern.accept(&visitor)
        }
    }

    /// Encodes the words, and merges what they became.
    private func encodeSuperwords(
        _ text: ByteView, _ superwords: Superwords, _ merger: SuperwordMerger,
        _ deliver: (Int) -> Void
    ) {
        merger.begin()
        let scanner = SuperwordScanner(superwords.seams, borders: merger.borders)
        let (words, waiting) = (wordIDs.view, waiting.view)
        var (wordCount, start) = (0, 0)
        while start < text.count {
            let count = splitter.next(scanner, text, from: start)
            let ends = splitter.ends
            wordCount = pieces.encode(
                text.slice(from: start, to: text.count), ends: ends, count: count, into: words,
                at: wordCount
            ) { merger.merge(words, count: $0, into: waiting, deliver) }
            start += Int(ends[count - 1])
        }
        merger.merge(words, count: wordCount, into: waiting, deliver)
        merger.finish(waiting, deliver)
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

/// The bytes that no token of a vocabulary stands for.
private struct LackedBytes {
    private let isLacked: [Bool]

    /// Those of `vocabulary`; nil if there is none.
    init?(_ vocabulary: Vocabulary) {
        guard !vocabulary.lackedBytes.isEmpty else { return nil }
        var isLacked = [Bool](repeating: false, count: 256)
        for byte in vocabulary.lackedBytes { isLacked[Int(byte)] = true }
        self.isLacked = isLacked
    }

    /// Offset of the first of them in `text`; nil if it has none. O(count).
    func firstPlace(in text: ByteView) -> Int? {
        for index in 0..<text.count where isLacked[Int(text[index])] { return index }
        return nil
    }
}
