/// Turns text into tokens. One a thread: it owns a cache and scratch, and shares the vocabulary.
///
/// ```swift
/// let encoder = BytePairEncoder(vocabulary)
/// var ids: [UInt32] = []
/// encoder.encode(Array("Hold my math!".utf8).span, into: &ids)
/// ```
///
/// Any bytes can be encoded, and decoding gives them back. The same text gives the same ids, whatever
/// was encoded before.
public final class BytePairEncoder {
    // A class, because its cache is large and belongs to one thread for long.

    /// The tokens that text becomes.
    public let vocabulary: Vocabulary

    private let cache: PieceCache
    private var merger: PieceMerger
    private let takesWholePieces: Bool

    /// Ids on their way to the caller's array, so that it is appended to in bulk.
    private let waiting = OwnedBuffer<UInt32>(repeating: 0, count: waitingCapacity + 4)
    private let narrowed = OwnedBuffer<UInt16>(repeating: 0, count: waitingCapacity)
    private var longResult: [UInt32] = []

    private static let waitingCapacity = 4096

    /// The cache has 2¹⁶ entries, 2 MiB: the most that stays near a core of today, and room for the
    /// pieces that are nine tenths of a text.
    private static let cacheSizeLog = 16

    /// An encoder with an empty cache, 2 MiB.
    public init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        cache = PieceCache(sizeLog: Self.cacheSizeLog)
        merger = PieceMerger(vocabulary)
        takesWholePieces = vocabulary.mergeSemantics == .wholePieceFirst
    }

    /// Appends the ids of `text` to `ids`. O(count of `text`), and O(n log n) in a long piece.
    ///
    /// - Parameter specials: which special tokens are recognised. The text is cut at them first, and
    ///   each part is a text of its own.
    public func encode(
        _ text: Span<UInt8>, specials: SpecialTokenPolicy = .none, into ids: inout [UInt32]
    ) {
        let waiting = waiting.view
        encode(text, specials) { count in
            unsafe ids.append(contentsOf: waiting.elements(from: 0, to: count))
        }
    }

    /// Appends the ids of `text` to `ids`. O(count of `text`), and O(n log n) in a long piece.
    ///
    /// - Precondition: the vocabulary has at most 65,536 tokens.
    /// - Parameter specials: which special tokens are recognised. The text is cut at them first, and
    ///   each part is a text of its own.
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
        var ids: [UInt32] = []
        encode(Array(text.utf8).span, specials: specials, into: &ids)
        return ids.map { TokenID($0) }
    }

    /// Cuts at special tokens and encodes; `deliver` takes the ids that wait.
    private func encode(
        _ text: Span<UInt8>, _ policy: SpecialTokenPolicy, _ deliver: (Int) -> Void
    ) {
        ByteView.with(text) { view in
            guard var finder = SpecialTokenFinder(vocabulary, policy) else {
                encodePart(view, deliver)
                return
            }
            var start = 0
            while let found = finder.next(in: view, from: start) {
                encodePart(view.slice(from: start, to: found.range.lowerBound), deliver)
                waiting.view[0] = found.id
                deliver(1)
                start = found.range.upperBound
            }
            encodePart(view.slice(from: start, to: view.count), deliver)
        }
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
        let cache = cache.view
        let waiting = waiting.view
        var count = 0
        var start = 0
        while start < text.count {
            let end = scanner.pieceEnd(in: text, from: start)
            if count > Self.waitingCapacity - PieceMerger.shortLimit {
                deliver(count)
                count = 0
            }
            if end - start <= PieceKey.maximumLength {
                let key = PieceKey(text, from: start, to: end)
                let bucket = cache.bucket(of: key)
                let found = cache.find(key, in: bucket)
                if found.count > 0 {
                    // All four are written and the next piece overwrites those that do not count.
                    waiting.storeFour(found.ids, at: count)
                    count += found.count
                } else {
                    let added = encodeShort(text, from: start, to: end, at: count)
                    remember(key, in: bucket, at: count, count: added)
                    count += added
                }
            } else if end - start <= PieceMerger.shortLimit {
                count += encodeShort(text, from: start, to: end, at: count)
            } else {
                if count > 0 { deliver(count) }
                count = 0
                encodeLong(text, from: start, to: end, deliver)
            }
            start = end
        }
        if count > 0 { deliver(count) }
    }

    /// Puts the ids of a piece of at most ``PieceMerger/shortLimit`` bytes where `place` is, and
    /// returns their number.
    @inline(never)
    private func encodeShort(_ text: ByteView, from start: Int, to end: Int, at place: Int) -> Int {
        let waiting = waiting.view
        if takesWholePieces, let id = vocabulary.tokens.id(of: text, from: start, to: end) {
            waiting[place] = id
            return 1
        }
        let count = merger.mergeShort(text, from: start, to: end)
        let tokens = merger.tokens
        for index in 0..<count { waiting[place + index] = tokens[index] }
        return count
    }

    @inline(never)
    private func remember(_ key: PieceKey, in bucket: Int, at place: Int, count: Int) {
        guard count <= PieceCache.maximumCount else { return }
        var ids = SIMD4<UInt32>.zero
        for index in 0..<count { ids[index] = waiting.view[place + index] }
        cache.view.insert(key, in: bucket, ids: ids, count: count)
    }

    @inline(never)
    private func encodeLong(
        _ text: ByteView, from start: Int, to end: Int, _ deliver: (Int) -> Void
    ) {
        let waiting = waiting.view
        if takesWholePieces, let id = vocabulary.tokens.id(of: text, from: start, to: end) {
            waiting[0] = id
            deliver(1)
            return
        }
        longResult.removeAll(keepingCapacity: true)
        merger.mergeLong(text, from: start, to: end, appendingTo: &longResult)
        var index = 0
        while index < longResult.count {
            let count = min(Self.waitingCapacity, longResult.count - index)
            for offset in 0..<count { waiting[offset] = longResult[index + offset] }
            deliver(count)
            index += count
        }
        if longResult.capacity > 1 << 20 { longResult = [] }
    }
}

extension BufferView<UInt32> {
    /// Stores four elements from `index` on.
    @inline(__always)
    fileprivate func storeFour(_ values: SIMD4<UInt32>, at index: Int) {
        assert(index >= 0 && index + 4 <= count, "index outside the buffer")
        unsafe UnsafeMutableRawPointer(base + index).storeBytes(of: values, as: SIMD4<UInt32>.self)
    }
}
