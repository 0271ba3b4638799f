/// What short pieces have become before: the last of each bucket stay.
///
/// An entry holds a piece of at most 15 bytes and up to four ids in half a cache line, and a bucket
/// of two entries is one line, so that a hit costs one access to memory; what does not fit goes to
/// the bucket beside it. The table begins small and
/// grows with what is put in, so that short texts pay little and the pieces that are nine tenths of
/// a text stay near the core.
struct PieceCache: ~Copyable {
    /// The most ids that an entry holds.
    static let maximumCount = 4

    private var buffer: OwnedBuffer<Entry>
    private let maximumSizeLog: Int
    private var added = 0

    /// A view for the hot loop, until the next call of ``growIfNeeded()``.
    private(set) var view: View

    struct Entry: BitwiseCopyable {
        var low: UInt64 = 0
        /// As in the key; 0 in an empty entry. The highest bit is set where the ids are too many and
        /// in the ``LongPieceCache``.
        var high: UInt64 = 0
        /// The ids, and their number in the highest byte of the last.
        var ids = SIMD4<UInt32>.zero

        static let elsewhere: UInt64 = 1 << 63
    }

    /// A cache of `2 ^ sizeLog` entries of 32 bytes each, which may grow to `2 ^ maximumSizeLog`.
    init(sizeLog: Int, maximumSizeLog: Int) {
        buffer = OwnedBuffer(repeating: Entry(), count: 1 << sizeLog)
        view = View(entries: buffer.view)
        self.maximumSizeLog = maximumSizeLog
    }

    /// Makes room if half of the table may be full. O(size) when it grows, which it does at most a
    /// few times.
    @inline(__always)
    mutating func growIfNeeded() {
        if added > view.entries.count / 2 { grow() }
    }

    @inline(never)
    private mutating func grow() {
        added = 0
        guard view.entries.count < 1 << maximumSizeLog else { return }
        // `old` must live to the end: its elements are read below.
        var old = OwnedBuffer(
            repeating: Entry(), count: min(view.entries.count * 8, 1 << maximumSizeLog))
        swap(&old, &buffer)
        defer { extendLifetime(old) }
        let entries = old.view
        view = View(entries: buffer.view)
        for index in 0..<entries.count where entries[index].high != 0 {
            let entry = entries[index]
            let hash = PieceKey.hash(entry.low, entry.high & ~Entry.elsewhere)
            view.insert(entry, at: view.bucket(of: hash))
            added += 1
        }
    }

    /// Stores the ids of a piece, at most ``maximumCount``, in place of the older entry of its bucket.
    mutating func insert(_ key: PieceKey, ids: SIMD4<UInt32>, count: Int) {
        var ids = ids
        ids.w |= UInt32(truncatingIfNeeded: count) << 24
        insert(Entry(low: key.low, high: key.high, ids: ids), key)
    }

    /// Stores that the ids of a piece are elsewhere.
    mutating func insertElsewhere(_ key: PieceKey) {
        insert(Entry(low: key.low, high: key.high | Entry.elsewhere), key)
    }

    private mutating func insert(_ entry: Entry, _ key: PieceKey) {
        view.insert(entry, at: view.bucket(of: key.hash))
        added += 1
    }

    /// A bucket's place, in bytes from the table's beginning.
    typealias Bucket = UInt64

    struct View {
        fileprivate let entries: BufferView<Entry>
        private let mask: UInt64

        /// Takes the number out of the last id.
        static var idMask: SIMD4<UInt32> { SIMD4(.max, .max, .max, 0xFF_FFFF) }

        fileprivate init(entries: BufferView<Entry>) {
            self.entries = entries
            mask = UInt64(entries.count * MemoryLayout<Entry>.stride - 64)
        }

        @inline(__always)
        func bucket(of hash: UInt64) -> Bucket {
            hash &>> 26 & mask
        }

        @inline(__always)
        func prefetch(_ bucket: Bucket) {
            entries.prefetch(byteOffset: bucket)
        }

        /// The first entry of a bucket, which is its newest.
        @inline(__always)
        func first(of bucket: Bucket) -> Entry {
            entries[byteOffset: bucket]
        }

        /// Whether the table has the ids of a piece; they are then in its bucket's first entry.
        @inline(never)
        func promote(_ key: PieceKey, in bucket: Bucket) -> Bool {
            let first = entries[byteOffset: bucket]
            if first.low == key.low, first.high == key.high { return true }
            guard let place = place(of: key.low, key.high, in: bucket) else { return false }
            entries[byteOffset: bucket] = entries[byteOffset: place]
            entries[byteOffset: place] = first
            return true
        }

        /// Whether the table says that the ids of a piece are elsewhere.
        func isElsewhere(_ key: PieceKey, in bucket: Bucket) -> Bool {
            place(of: key.low, key.high | Entry.elsewhere, in: bucket) != nil
        }

        /// Where an entry is: in its bucket or in the one beside it, which takes what does not fit.
        private func place(of low: UInt64, _ high: UInt64, in bucket: Bucket) -> Bucket? {
            for offset in 0..<4 as Range<UInt64> {
                let place = bucket ^ (offset * 32)
                let entry = entries[byteOffset: place]
                if entry.low == low, entry.high == high { return place }
            }
            return nil
        }

        fileprivate func insert(_ entry: Entry, at bucket: Bucket) {
            if let place = place(of: entry.low, entry.high, in: bucket) {
                entries[byteOffset: place] = entry
                return
            }
            let older = entries[byteOffset: bucket + 32]
            entries[byteOffset: bucket + 32] = entries[byteOffset: bucket]
            entries[byteOffset: bucket] = entry
            // What leaves the bucket takes the older place of the one beside it.
            if older.high != 0 { entries[byteOffset: bucket ^ 96] = older }
        }
    }
}
