/// Turns pieces into tokens: most from a cache, the others by merging, in batches.
///
/// Memory is far from the core, compared with what there is to do for a piece. So for a batch of
/// pieces all that will be read is asked for first, and read afterwards; and when one is not in the
/// cache, all of the batch that are not are merged together.
struct PieceEncoder: ~Copyable {
    /// Pieces that are looked up together.
    private static let batchCount = 128

    /// The most ids that ``encode(_:from:ends:count:into:at:_:)`` has waiting.
    static let capacity = 16384

    private let tokens: TokenTable
    private let takesWholePieces: Bool

    private var cache = PieceCache(sizeLog: 12, maximumSizeLog: 19)
    private var longCache = LongPieceCache()
    private var merger: PieceMerger
    private var longMerger: LongPieceMerger

    private let keyMasks = PieceKey.Masks()
    private let keys = OwnedBuffer(repeating: PieceKey.none, count: batchCount)
    private let buckets = OwnedBuffer<Int>(repeating: 0, count: batchCount)
    private let missing = OwnedBuffer(repeating: MissingPiece(), count: batchCount)
    private var longResult: [UInt32] = []

    init(_ vocabulary: Vocabulary) {
        tokens = vocabulary.tokens
        takesWholePieces = vocabulary.mergeSemantics == .wholePieceFirst
        merger = PieceMerger(vocabulary)
        longMerger = LongPieceMerger(vocabulary)
    }

    /// Puts the ids of `total` pieces into `ids` from `place` on and returns the place after them.
    ///
    /// - Parameters:
    ///   - first: where the first piece starts.
    ///   - ends: where they end, counted from there.
    ///   - deliver: is called when `ids` is full, with the number of ids in it, and takes them.
    mutating func encode(
        _ text: ByteView, from first: Int, ends: BufferView<UInt32>, count total: Int,
        into ids: BufferView<UInt32>, at place: Int, _ deliver: (Int) -> Void
    ) -> Int {
        let (keys, buckets) = (keys.view, buckets.view)
        let most =
            Self.capacity - PieceCache.maximumCount * Self.batchCount
            - LongPieceCache.maximumLength
        var count = place
        var start = first
        var done = 0
        while done < total {
            let batch = min(Self.batchCount, total &- done)
            cache.growIfNeeded()
            let view = cache.view
            let batchStart = start
            for index in 0..<batch {
                let end = first &+ Int(ends[done &+ index])
                let length = end &- start
                let key = PieceKey(text, from: start, length: length, keyMasks)
                keys[index] = key
                let bucket = view.bucket(of: key.hash)
                buckets[index] = bucket
                view.prefetch(bucket)
                if length > PieceKey.maximumLength, length <= LongPieceCache.maximumLength {
                    let hash = quickHash(of: text, from: start, to: end)
                    keys[index] = PieceKey(hash: hash)
                    longCache.prefetch(hash: hash)
                }
                start = end
            }
            if count > most {
                deliver(count)
                count = 0
            }
            var index = 0
            var areResolved = false
            while index < batch {
                let found = view.find(keys[index], in: buckets[index])
                if UInt(bitPattern: found.count &- 1) < UInt(PieceCache.maximumCount) {
                    // All four are written and the next piece overwrites those that do not count.
                    ids.storeFour(found.ids, at: count)
                    count &+= found.count
                    index &+= 1
                    continue
                }
                if count > most {
                    deliver(count)
                    count = 0
                }
                let from = index == 0 ? batchStart : first &+ Int(ends[done &+ index &- 1])
                let end = first &+ Int(ends[done &+ index])
                let length = end &- from
                if length > LongPieceCache.maximumLength {
                    if count > 0 { deliver(count) }
                    count = 0
                    encodeLong(text, from: from, to: end, into: ids, deliver)
                    index &+= 1
                    continue
                }
                let known = findElsewhere(
                    text, from: from, length: length, key: keys[index], count: found.count)
                if known.count > 0 {
                    longCache.copy(from: known.place, count: known.count, to: ids, at: count)
                    count &+= known.count
                    index &+= 1
                    continue
                }
                // Now the cache has it, unless another piece has just taken its place.
                resolve(
                    text, from: from, ends: ends, first: first,
                    range: done &+ index..<done &+ (areResolved ? index &+ 1 : batch),
                    keyOffset: done)
                areResolved = true
            }
            done &+= batch
        }
        return count
    }

    /// Where ``longCache`` has the ids of a piece that ``cache`` has not, `count` being what that one
    /// answered.
    @inline(__always)
    private func findElsewhere(
        _ text: ByteView, from start: Int, length: Int, key: PieceKey, count: Int
    ) -> (place: Int, count: Int) {
        if length > PieceKey.maximumLength {
            return longCache.find(text, from: start, length: length, hash: key.low)
        }
        guard count == PieceCache.elsewhere else { return (0, 0) }
        return longCache.find(text, from: start, length: length, hash: key.hash)
    }

    /// Finds the tokens of those pieces in `range` that neither cache has, and puts them there.
    ///
    /// - Parameters:
    ///   - start: where the first of them starts.
    ///   - keyOffset: the number of the piece whose key is the first of the batch.
    @inline(never)
    private mutating func resolve(
        _ text: ByteView, from start: Int, ends: BufferView<UInt32>, first: Int,
        range: Range<Int>, keyOffset: Int
    ) {
        let (missing, view) = (missing.view, cache.view)
        var count = 0
        var from = start
        for index in range {
            let end = first &+ Int(ends[index])
            let key = keys.view[index &- keyOffset]
            let found = view.find(key, in: buckets.view[index &- keyOffset])
            let piece = MissingPiece(start: from, length: end &- from, key: key)
            from = end
            if UInt(bitPattern: found.count &- 1) < UInt(PieceCache.maximumCount)
                || piece.length > LongPieceCache.maximumLength
            {
                continue
            }
            let known = findElsewhere(
                text, from: piece.start, length: piece.length, key: key, count: found.count)
            if known.count > 0 { continue }
            if takesWholePieces, piece.hasKey { tokens.prefetch(key) }
            missing[count] = piece
            count &+= 1
        }
        if takesWholePieces {
            let ids = merger.output
            var kept = 0
            for index in 0..<count {
                let piece = missing[index]
                let id =
                    piece.hasKey
                    ? tokens.id(of: piece.key)
                    : tokens.id(of: text, from: piece.start, to: piece.start + piece.length)
                if let id {
                    ids[0] = id
                    remember(piece, text, ids, count: 1)
                } else {
                    missing[kept] = piece
                    kept &+= 1
                }
            }
            count = kept
        }
        merger.begin(text, missing, count: count)
        while let merged = merger.next(in: text, missing) {
            remember(merged.piece, text, merger.output, count: merged.count)
        }
    }

    private mutating func remember(
        _ piece: MissingPiece, _ text: ByteView, _ ids: BufferView<UInt32>, count: Int
    ) {
        if piece.hasKey, count <= PieceCache.maximumCount {
            var four = SIMD4<UInt32>.zero
            for index in 0..<count { four[index] = ids[index] }
            cache.insert(piece.key, ids: four, count: count)
            return
        }
        longCache.insert(
            text, from: piece.start, length: piece.length,
            hash: piece.hasKey ? piece.key.hash : piece.key.low, ids: ids, count: count)
        if piece.hasKey { cache.insert(piece.key, ids: .zero, count: PieceCache.elsewhere) }
    }

    /// Delivers the ids of a piece that is not remembered.
    @inline(never)
    private mutating func encodeLong(
        _ text: ByteView, from start: Int, to end: Int, into ids: BufferView<UInt32>,
        _ deliver: (Int) -> Void
    ) {
        if takesWholePieces, let id = tokens.id(of: text, from: start, to: end) {
            ids[0] = id
            deliver(1)
            return
        }
        longResult.removeAll(keepingCapacity: true)
        longMerger.merge(text, from: start, to: end, appendingTo: &longResult)
        var index = 0
        while index < longResult.count {
            let count = min(Self.capacity, longResult.count - index)
            for offset in 0..<count { ids[offset] = longResult[index + offset] }
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
