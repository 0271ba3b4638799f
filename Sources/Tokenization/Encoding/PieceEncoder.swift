import Bytes
import CKernels

/// Turns pieces into tokens: most from a cache, the others by merging, in batches.
///
/// Memory is far from the core, compared with what there is to do for a piece. So for a batch of
/// pieces all that will be read is asked for first, and read afterwards; and when one is not in the
/// cache, all of the batch that are not are merged together.
struct PieceEncoder: ~Copyable {
    /// Pieces that are looked up together: where many are missing, as many as are cut at once, so
    /// that there are more to merge together; else so few that what is asked for stays near the
    /// core until it is read.
    private static let batchCount = 1024
    private static let quickBatchCount = 256

    /// The most ids that ``encode(_:ends:count:into:at:_:)`` has waiting.
    static let capacity = 16384

    private let tokens: TokenTable
    private let takesWholePieces: Bool
    private let parts: PartTokens?

    private var cache = PieceCache(sizeLog: 12, maximumSizeLog: 20)
    private var longCache = LongPieceCache()
    private var merger: PieceMerger
    private var longMerger: LongPieceMerger

    private let level = qk_best_level()
    private let keys = OwnedBuffer(repeating: ShortKey.none, count: batchCount)
    private let places = OwnedBuffer<PieceCache.Place>(repeating: 0, count: batchCount)
    private let longer = OwnedBuffer<UInt32>(repeating: 0, count: batchCount + 8)
    private let longHashes = OwnedBuffer<UInt64>(repeating: 0, count: batchCount)
    private let missing = OwnedBuffer(repeating: MissingPiece(), count: batchCount)

    /// By the highest bits of a key's hash, which of ``missing`` may have the key.
    private let missingNumbers = OwnedBuffer<UInt16>(repeating: 0, count: 1 << missingNumberBits)
    private static let missingNumberBits = 11

    /// Number of pieces of the last batch that were in neither cache.
    private var lastMissingCount = batchCount

    /// Fewer missing pieces a batch are not worth looking for.
    private static let fewMissing = 3

    init(_ vocabulary: Vocabulary) {
        tokens = vocabulary.tokens
        takesWholePieces = vocabulary.mergeSemantics == .wholePieceFirst
        parts = PartTokens(vocabulary)
        merger = PieceMerger(vocabulary, capacity: Self.batchCount)
        longMerger = LongPieceMerger(vocabulary)
    }

    /// Puts the ids of `total` pieces into `ids` from `place` on and returns the place after them.
    ///
    /// - Parameters:
    ///   - text: begins with the first of the pieces.
    ///   - ends: where they end.
    ///   - deliver: is called when `ids` is full, with the number of ids in it, and takes them.
    mutating func encode(
        _ text: ByteView, ends: BufferView<UInt32>, count total: Int,
        into ids: BufferView<UInt32>, at place: Int, _ deliver: (Int) -> Void
    ) -> Int {
        let most =
            Self.capacity - PieceCache.maximumCount * Self.batchCount
            - LongPieceCache.maximumLength
        var count = place
        var done = 0
        while done < total {
            cache.growIfNeeded()
            let isQuick = lastMissingCount < Self.fewMissing
            let size = isQuick ? Self.quickBatchCount : Self.batchCount
            let batch = done..<min(done &+ size, total)
            prepare(text, ends, batch)
            var index = 0
            var missingCount = 0
            while true {
                if count > most {
                    deliver(count)
                    count = 0
                }
                index = cache.view.copyKnown(
                    level, keys: keys.view, places: places.view, first: index, count: batch.count,
                    to: ids, at: &count)
                guard index < batch.count else { break }
                let piece = piece(done &+ index, ends, key: keys.view[index])
                if piece.length > LongPieceCache.maximumLength {
                    if count > 0 { deliver(count) }
                    count = 0
                    encodeLong(text, piece, into: ids, deliver)
                    index &+= 1
                    continue
                }
                let known = findElsewhere(text, piece, places.view[index])
                if known.count > 0 {
                    longCache.copy(from: known.place, count: known.count, to: ids, at: count)
                    count &+= known.count
                    index &+= 1
                    continue
                }
                // Afterwards a cache has it. Where pieces are often missing, so are others of the
                // batch, and they are merged together.
                let isAlone = missingCount > 0 || lastMissingCount < Self.fewMissing
                missingCount &+= resolve(
                    text, ends, batch: done, index..<(isAlone ? index &+ 1 : batch.count))
            }
            lastMissingCount = missingCount
            done = batch.upperBound
        }
        return count
    }

    /// Computes the keys of a batch and asks for the memory where their ids may be.
    @inline(never)
    private func prepare(_ text: ByteView, _ ends: BufferView<UInt32>, _ batch: Range<Int>) {
        let (keys, places, longer, view) = (keys.view, places.view, longer.view, cache.view)
        let start = batch.lowerBound == 0 ? 0 : Int(ends[batch.lowerBound &- 1])
        // The last pieces of a text do not have sixteen bytes to read.
        var safe = batch.count
        while safe > 0,
            (safe == 1 ? start : Int(ends[batch.lowerBound &+ safe &- 2])) &+ 16 > text.count
        {
            safe &-= 1
        }
        var longCount = view.prepare(
            level, text, from: start, ends: ends, first: batch.lowerBound, count: safe, keys: keys,
            places: places, longer: longer)
        for index in safe..<batch.count {
            let number = batch.lowerBound &+ index
            let (start, end) = (number == 0 ? 0 : Int(ends[number &- 1]), Int(ends[number]))
            let isLong = end &- start > ShortKey.maximumLength
            let key = isLong ? .none : ShortKey(text, from: start, length: end &- start)
            keys[index] = key
            places[index] = view.place(of: key.hash)
            longer[longCount] = UInt32(truncatingIfNeeded: index)
            if isLong { longCount &+= 1 }
        }
        let hashes = longHashes.view
        var hashCount = 0
        for place in 0..<longCount {
            let index = Int(longer[place])
            let number = batch.lowerBound &+ index
            let (start, end) = (number == 0 ? 0 : Int(ends[number &- 1]), Int(ends[number]))
            guard end &- start <= LongPieceCache.maximumLength else { continue }
            let hash = wordHash(of: text, from: start, to: end)
            keys[index] = ShortKey(hash: hash)
            longCache.prefetch(hash: hash)
            hashes[hashCount] = hash
            hashCount &+= 1
        }
        for index in 0..<hashCount { longCache.prefetchRecord(hash: hashes[index]) }
    }

    @inline(__always)
    private func piece(_ index: Int, _ ends: BufferView<UInt32>, key: ShortKey) -> MissingPiece {
        let start = index == 0 ? 0 : Int(ends[index &- 1])
        return MissingPiece(start: start, length: Int(ends[index]) &- start, key: key)
    }

    /// Place in ``longCache`` of a piece's ids, and their number; 0 if it is not there.
    @inline(__always)
    private func findElsewhere(
        _ text: ByteView, _ piece: MissingPiece, _ place: PieceCache.Place
    ) -> (place: Int, count: Int) {
        if piece.hasKey {
            guard let found = cache.view.elsewhere(piece.key, from: place) else { return (0, 0) }
            return longCache.find(record: found.record, of: found.generation)
        }
        return longCache.find(text, from: piece.start, length: piece.length, hash: piece.longHash)
    }

    /// Finds the tokens of those pieces that neither cache has, puts them there, and returns how
    /// many there were.
    ///
    /// - Parameters:
    ///   - batch: the number of the piece whose key is the first of the batch.
    ///   - range: which pieces of the batch.
    @inline(never)
    private mutating func resolve(
        _ text: ByteView, _ ends: BufferView<UInt32>, batch: Int, _ range: Range<Int>
    ) -> Int {
        let (missing, view) = (missing.view, cache.view)
        let displacedCount = view.displaced(
            level, keys: keys.view, places: places.view, in: range, to: longer.view)
        var count = 0
        for displaced in 0..<displacedCount {
            let index = Int(longer.view[displaced])
            let (key, place) = (keys.view[index], places.view[index])
            let isLong = key.high == ShortKey.none.high
            if !isLong, view.find(key, from: place) != nil { continue }
            let piece = piece(batch &+ index, ends, key: key)
            if piece.length > LongPieceCache.maximumLength
                || findElsewhere(text, piece, place).count > 0
            {
                continue
            }
            // New pieces often come again in the same batch, and are merged once. A number that
            // stands here from a batch before, or a hash that is another piece's, costs time only:
            // a piece that is left out is looked up again.
            let slot = Int(truncatingIfNeeded: key.hash &>> UInt64(64 - Self.missingNumberBits))
            let same = Int(missingNumbers.view[slot])
            if same < count, missing[same].key.low == key.low, missing[same].key.high == key.high {
                continue
            }
            missingNumbers.view[slot] = UInt16(truncatingIfNeeded: count)
            if takesWholePieces, piece.hasKey { tokens.prefetch(key) }
            missing[count] = piece
            count &+= 1
        }
        let found = count
        if takesWholePieces { count = takeWholePieces(text, count) }
        merger.merge(text, missing, count: count)
        for index in 0..<count {
            let place: Int
            var count: Int
            (place, count) = merger.ids(of: index)
            if let parts {
                let ids = merger.ids.slice(from: place, to: place &+ missing[index].length)
                count = parts.replace(in: ids, count: count)
            }
            remember(missing[index], text, merger.ids, at: place, count: count)
        }
        return found
    }

    /// Remembers those of the missing pieces that are tokens, and returns how many are left.
    private mutating func takeWholePieces(_ text: ByteView, _ count: Int) -> Int {
        let (missing, ids) = (missing.view, merger.ids)
        for index in 0..<count where missing[index].hasKey {
            tokens.prefetchToken(missing[index].key)
        }
        var left = 0
        for index in 0..<count {
            let piece = missing[index]
            let id =
                piece.hasKey
                ? tokens.id(of: piece.key)
                : tokens.id(
                    of: text, from: piece.start, to: piece.start + piece.length,
                    hash: piece.longHash)
            if let id, id < tokens.count {
                ids[0] = id
                remember(piece, text, ids, at: 0, count: 1)
            } else {
                missing[left] = piece
                left &+= 1
            }
        }
        return left
    }

    /// Remembers the `count` ids of a piece that are at `place` of `ids`.
    private mutating func remember(
        _ piece: MissingPiece, _ text: ByteView, _ ids: BufferView<UInt32>, at place: Int,
        count: Int
    ) {
        if piece.hasKey, count <= PieceCache.maximumCount {
            var four = SIMD4<UInt32>.zero
            for index in 0..<count { four[index] = ids[place &+ index] }
            cache.insert(piece.key, ids: four, count: count)
            return
        }
        let ids = ids.slice(from: place, to: place &+ count)
        if piece.hasKey {
            let record = longCache.append(
                text, from: piece.start, length: piece.length, ids: ids, count: count)
            cache.insertElsewhere(piece.key, record: record, of: longCache.generation)
        } else {
            longCache.insert(
                text, from: piece.start, length: piece.length, hash: piece.longHash, ids: ids,
                count: count)
        }
    }

    /// Delivers the ids of a piece that is not remembered.
    @inline(never)
    private mutating func encodeLong(
        _ text: ByteView, _ piece: MissingPiece, into ids: BufferView<UInt32>,
        _ deliver: (Int) -> Void
    ) {
        let (start, end) = (piece.start, piece.start + piece.length)
        if takesWholePieces, let id = tokens.id(of: text, from: start, to: end) {
            ids[0] = id
            deliver(1)
            return
        }
        longMerger.merge(text, from: start, to: end)
        var index = 0
        let result = parts?.replaced(longMerger.result) ?? longMerger.result
        let count = result.count
        while index < count {
            let part = min(Self.capacity, count - index)
            for offset in 0..<part { ids[offset] = result[index + offset] }
            deliver(part)
            index += part
        }
        longMerger.shrink()
    }
}

extension BufferView<UInt32> {
    /// Stores four elements from `index` on.
    @inline(__always)
    func storeFour(_ values: SIMD4<UInt32>, at index: Int) {
        assert(index >= 0 && index + 4 <= count, "index outside the buffer")
        unsafe UnsafeMutableRawPointer(base + index).storeBytes(of: values, as: SIMD4<UInt32>.self)
    }
}
