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

    private var cache = PieceCache(sizeLog: 12, maximumSizeLog: 18)
    private var longCache = LongPieceCache()
    private let keyMasks = PieceKey.Masks()
    private let keys = OwnedBuffer(repeating: PieceKey.none, count: batchCount)
    private let buckets = OwnedBuffer<Int>(repeating: 0, count: batchCount)
    private var splitter = PieceSplitter()
    private var merger: PieceMerger
    private let takesWholePieces: Bool

    /// Ids on their way to the caller's array, so that it is appended to in bulk.
    private let waiting = OwnedBuffer<UInt32>(repeating: 0, count: waitingCapacity + 4)
    private let narrowed = OwnedBuffer<UInt16>(repeating: 0, count: waitingCapacity)
    private var longResult: [UInt32] = []

    /// Finds the special tokens that the last text's policy allowed.
    private var finder: SpecialTokenFinder?
    private var finderPolicy = SpecialTokenPolicy.none

    private static let waitingCapacity = 16384

    /// Pieces that are looked up together: enough for the memory to answer meanwhile.
    private static let batchCount = 64

    /// An encoder with an empty cache, 2 MiB.
    public init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
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

    /// The finder of what `policy` allows, made anew only when the policy is another one.
    private func finder(of policy: SpecialTokenPolicy) -> SpecialTokenFinder? {
        if policy != finderPolicy {
            finder = SpecialTokenFinder(vocabulary, policy)
            finderPolicy = policy
        }
        return finder
    }

    private func encodePart(_ text: ByteView, _ deliver: (Int) -> Void) {
        let tables = UnicodeClasses.shared.tables
        switch vocabulary.pattern {
        case .gpt2: encodePieces(text, GPT2Scanner(tables: tables), deliver)
        case .gpt4: encodePieces(text, GPT4Scanner(tables: tables), deliver)
        case .character: encodePieces(text, CharacterScanner(tables: tables), deliver)
        case .word: encodePieces(text, WordScanner(tables: tables), deliver)
        }
    }

    @inline(__always)
    private func encodePieces<Scanner: PieceScanner>(
        _ text: ByteView, _ scanner: Scanner, _ deliver: (Int) -> Void
    ) {
        let waiting = waiting.view
        let keys = keys.view
        let buckets = buckets.view
        let most = Self.waitingCapacity - PieceCache.maximumCount * (Self.batchCount + 1)
        var count = 0
        var start = 0
        while start < text.count {
            let first = start
            let total = splitter.next(scanner, text, from: first)
            let ends = splitter.ends
            var done = 0
            while done < total {
                let batch = min(Self.batchCount, total &- done)
                cache.growIfNeeded()
                let view = cache.view
                var from = start
                for index in 0..<batch {
                    let end = first &+ Int(ends[done &+ index])
                    let key = PieceKey(text, from: from, length: end &- from, keyMasks)
                    keys[index] = key
                    buckets[index] = view.bucket(of: key.hash)
                    view.prefetch(buckets[index])
                    from = end
                }
                if count > most {
                    deliver(count)
                    count = 0
                }
                for index in 0..<batch {
                    let found = view.find(keys[index], in: buckets[index])
                    if found.count > 0 {
                        // All four are written and the next piece overwrites those that do not count.
                        waiting.storeFour(found.ids, at: count)
                        count &+= found.count
                        continue
                    }
                    let place = done &+ index
                    count = encodeMissing(
                        text, from: place == 0 ? first : first &+ Int(ends[place &- 1]),
                        to: first &+ Int(ends[place]), key: keys[index], at: count, deliver)
                }
                done &+= batch
                start = from
            }
        }
        if count > 0 { deliver(count) }
    }

    /// Puts the ids of a piece that is not in the cache of short ones where `place` is, and returns
    /// the place after them.
    @inline(never)
    private func encodeMissing(
        _ text: ByteView, from start: Int, to end: Int, key: PieceKey, at place: Int,
        _ deliver: (Int) -> Void
    ) -> Int {
        let waiting = waiting.view
        let length = end - start
        guard length <= LongPieceCache.maximumLength else {
            if place > 0 { deliver(place) }
            encodeLong(text, from: start, to: end, deliver)
            return 0
        }
        var place = place
        if place > Self.waitingCapacity - 2 * LongPieceCache.maximumLength {
            deliver(place)
            place = 0
        }
        let known = longCache.find(text, from: start, length: length)
        if known.count > 0 {
            longCache.copy(from: known.place, count: known.count, to: waiting, at: place)
            return place + known.count
        }
        let count = encodeShort(text, from: start, to: end, key: key, at: place)
        if length <= PieceKey.maximumLength, count <= PieceCache.maximumCount {
            var ids = SIMD4<UInt32>.zero
            for index in 0..<count { ids[index] = waiting[place + index] }
            cache.insert(key, ids: ids, count: count)
        } else {
            longCache.insert(
                text, from: start, length: length, ids: waiting, at: place, count: count)
        }
        return place + count
    }

    /// Puts the ids of a piece of at most ``LongPieceCache/maximumLength`` bytes where `place` is,
    /// and returns their number.
    @inline(__always)
    private func encodeShort(
        _ text: ByteView, from start: Int, to end: Int, key: PieceKey, at place: Int
    ) -> Int {
        let waiting = waiting.view
        if takesWholePieces {
            let id =
                end - start <= PieceKey.maximumLength
                ? vocabulary.tokens.id(of: key)
                : vocabulary.tokens.id(of: text, from: start, to: end)
            if let id {
                waiting[place] = id
                return 1
            }
        }
        return merger.mergeShort(text, from: start, to: end, into: waiting, at: place)
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
