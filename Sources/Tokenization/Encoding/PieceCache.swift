/// What short pieces have become before: the newest of each bucket stay.
///
/// An entry holds a piece of at most 15 bytes and up to four ids in half a cache line, and a bucket
/// of two entries is one line, so that a hit costs one access to memory. The table begins small and
/// grows with what is put in, so that short texts pay little and the pieces that are nine tenths of
/// a text stay near the core.
struct PieceCache: ~Copyable {
    /// The most ids that an entry holds.
    static let maximumCount = 4

    /// In place of the number of ids: they are more, and in the ``LongPieceCache``.
    static let elsewhere = 15

    private var buffer: OwnedBuffer<Entry>
    private let maximumSizeLog: Int
    private var added = 0

    /// A view for the hot loop, until the next call of ``growIfNeeded()``.
    private(set) var view: View

    struct Entry: BitwiseCopyable {
        var low: UInt64 = 0
        /// As in the key, and the number of ids in the highest four bits; 0 in an empty entry.
        var high: UInt64 = 0
        var ids = SIMD4<UInt32>.zero

        /// The key's hash.
        var hash: UInt64 { PieceKey.hash(low, high & View.keyMask) }
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
        var old = OwnedBuffer(repeating: Entry(), count: min(view.entries.count * 4, 1 << maximumSizeLog))
        swap(&old, &buffer)
        defer { extendLifetime(old) }
        let entries = old.view
        view = View(entries: buffer.view)
        for index in 0..<entries.count where entries[index].high != 0 {
            let entry = entries[index]
            view.insert(entry, in: view.bucket(of: entry.hash))
            added += 1
        }
    }

    /// Stores the ids of a piece in place of the older entry of its bucket.
    mutating func insert(_ key: PieceKey, ids: SIMD4<UInt32>, count: Int) {
        let entry = Entry(
            low: key.low, high: key.high | UInt64(truncatingIfNeeded: count) &<< 60, ids: ids)
        view.insert(entry, in: view.bucket(of: key.hash))
        added += 1
    }

    struct View {
        fileprivate let entries: BufferView<Entry>
        private let shift: UInt64

        fileprivate init(entries: BufferView<Entry>) {
            self.entries = entries
            shift = UInt64(entries.count.leadingZeroBitCount + 1)
        }

        fileprivate static var keyMask: UInt64 { UInt64.max >> 4 }

        /// The place of the first entry of the bucket for a hash.
        @inline(__always)
        func bucket(of hash: UInt64) -> Int {
            Int(truncatingIfNeeded: hash &>> shift) & ~1
        }

        @inline(__always)
        func prefetch(_ bucket: Int) {
            entries.prefetch(bucket)
        }

        /// The ids of the piece and their number; 0 if it is not here.
        @inline(__always)
        func find(_ key: PieceKey, in bucket: Int) -> (ids: SIMD4<UInt32>, count: Int) {
            // Which of the two it is, is a sum and not a branch, since nobody could predict it.
            let first = entries[bucket]
            let isOther: UInt64 = (first.low ^ key.low) | (first.high ^ key.high) & Self.keyMask
            let entry = entries[bucket &+ (isOther == 0 ? 0 : 1)]
            let difference = (entry.low ^ key.low) | (entry.high ^ key.high) & Self.keyMask
            return (entry.ids, difference == 0 ? Int(truncatingIfNeeded: entry.high &>> 60) : 0)
        }

        fileprivate func insert(_ entry: Entry, in bucket: Int) {
            let newest = entries[bucket]
            let isSame = newest.low == entry.low && (newest.high ^ entry.high) & Self.keyMask == 0
            if !isSame { entries[bucket + 1] = newest }
            entries[bucket] = entry
        }
    }
}
