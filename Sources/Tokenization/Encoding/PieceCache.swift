import Bytes
import CKernels

/// Cache of the ids of short pieces.
///
/// An entry holds a piece of at most 15 bytes and up to four ids in half a cache line. A piece's
/// first place follows from its hash, and nearly always its entry is there, so that one access to
/// memory and one comparison find it. Where two pieces have the same first place, the one that is
/// likely to be more frequent has it, and the other is beside it. The table begins small and grows
/// with what is put in, so that short texts pay little and the pieces that are nine tenths of a
/// text stay near the core.
struct PieceCache: ~Copyable {
    /// The most ids that an entry holds.
    static let maximumCount = 4

    /// A table of so many entries is in memory that comes from the system as it is touched.
    private static let largeCount = (2 << 20) / MemoryLayout<Entry>.stride

    /// Room for the table, and where it is large, for the largest that it may become.
    private var buffer: OwnedBuffer<Entry>
    private let maximumSizeLog: Int
    private var added = 0

    /// A view for the hot loop, until the next call of ``growIfNeeded()``.
    private(set) var view: View

    /// In memory as `qk_piece_entry`; an empty one is zeros.
    struct Entry: BitwiseCopyable {
        var low: UInt64 = 0
        /// As in the key; 0 in an empty entry. The highest bit is set where the ids are too many
        /// and in the ``LongPieceCache``.
        var high: UInt64 = 0
        /// The ids, and their number in the highest byte of the last.
        var ids = SIMD4<UInt32>.zero

        static let elsewhere: UInt64 = 1 << 63

        /// Number of ids.
        var count: Int { Int(ids.w >> UInt32(QK_PIECE_COUNT_SHIFT)) }

        /// The less, the more frequent the piece is likely to be: tokens come before what is
        /// several, and those that were learned first before the others.
        fileprivate var rarity: UInt64 { UInt64(count) << 32 | UInt64(ids.x) }

        fileprivate var hash: UInt64 { ShortKey.hash(low, high & ~Self.elsewhere) }
    }

    /// A cache of `2 ^ sizeLog` entries of 32 bytes each, which may grow to `2 ^ maximumSizeLog`.
    init(sizeLog: Int, maximumSizeLog: Int) {
        buffer = OwnedBuffer(zeros: 1 << sizeLog)
        view = View(entries: buffer.view)
        self.maximumSizeLog = maximumSizeLog
    }

    /// Makes room if a quarter of the table may be full, so that nearly all entries are at their
    /// first places. O(size) when it grows, which it does at most a few times.
    @inline(__always)
    mutating func growIfNeeded() {
        if added > view.entries.count / 4 { grow() }
    }

    @inline(never)
    private mutating func grow() {
        let count = view.entries.count
        added = 0
        guard count < 1 << maximumSizeLog else { return }
        if buffer.view.count > count {
            split()
            return
        }
        // While it is small it grows quickly.
        let grown = min(count * 8, 1 << maximumSizeLog)
        // Room for the largest table is taken at once where large pages begin, so that it is copied
        // no more; pages that are not used yet are not touched. `old` must live to the end: its
        // elements are read.
        let room = grown >= Self.largeCount ? 1 << maximumSizeLog : grown
        var old = OwnedBuffer<Entry>(zeros: room)
        swap(&old, &buffer)
        defer { extendLifetime(old) }
        let entries = old.view
        view = View(entries: buffer.view.slice(from: 0, to: grown))
        for index in 0..<count where entries[index].high != 0 {
            view.insert(entries[index])
            added += 1
        }
    }

    /// Doubles the table in its place: what was in four places that belong together now is there or
    /// in the four that lie as much further as the table was large.
    private mutating func split() {
        let entries = view.entries
        view = View(entries: buffer.view.slice(from: 0, to: 2 * entries.count))
        let stride = Place(MemoryLayout<Entry>.stride)
        let tableSize = Place(entries.count) &* stride
        // Lists of numbers in place of branches, which would be guessed wrongly at every other
        // entry.
        let numbers = OwnedBuffer<UInt32>(uninitializedCapacity: Self.splitCount + 1)
        defer { extendLifetime(numbers) }
        let list = numbers.view
        for first in Swift.stride(from: 0, to: entries.count, by: Self.splitCount) {
            var occupied = 0
            for index in first..<first + Self.splitCount {
                list[occupied] = UInt32(truncatingIfNeeded: index)
                occupied &+= entries[index].high != 0 ? 1 : 0
            }
            added += occupied
            // All that move do so before any is put elsewhere, so that it is put beside those that
            // stay.
            var displaced = 0
            for number in 0..<occupied {
                let old = Place(list[number]) &* stride
                let entry = entries[byteOffset: old]
                let first = view.place(of: entry.hash)
                let new = old | (first & tableSize)
                entries[byteOffset: old] = Entry()
                view.entries[byteOffset: new] = entry
                list[displaced] = UInt32(truncatingIfNeeded: new / stride)
                displaced &+= new != first ? 1 : 0
            }
            for number in 0..<displaced { reinsert(Int(list[number])) }
        }
    }

    /// Entries that ``split()`` takes at once; no table is smaller that grows in its place.
    private static let splitCount = 1024

    private func reinsert(_ index: Int) {
        let entry = view.entries[index]
        view.entries[index] = Entry()
        view.insert(entry)
    }

    /// Stores the ids of a piece, at most ``maximumCount``.
    mutating func insert(_ key: ShortKey, ids: SIMD4<UInt32>, count: Int) {
        var ids = ids
        ids.w |= UInt32(truncatingIfNeeded: count) << UInt32(QK_PIECE_COUNT_SHIFT)
        view.insert(Entry(low: key.low, high: key.high, ids: ids))
        added += 1
    }

    /// Stores that the ids of a piece are in a record of the ``LongPieceCache``, of some
    /// generation.
    mutating func insertElsewhere(_ key: ShortKey, record: Int, of generation: UInt32) {
        let ids = SIMD4(.max, UInt32(truncatingIfNeeded: record), generation, .max)
        view.insert(Entry(low: key.low, high: key.high | Entry.elsewhere, ids: ids))
        added += 1
    }

    /// An entry's place, in bytes from the table's beginning.
    typealias Place = UInt64

    struct View {
        fileprivate let entries: BufferView<Entry>
        private let mask: UInt64

        fileprivate init(entries: BufferView<Entry>) {
            self.entries = entries
            mask = UInt64((entries.count - 1) * MemoryLayout<Entry>.stride)
        }

        /// Number of entries of the table, empty ones too.
        var count: Int { entries.count }

        /// Number of entries that are not empty. O(size).
        var occupiedCount: Int { (0..<count).count { entries[$0].high != 0 } }

        /// First place at which the entry of a piece with that hash is looked for.
        @inline(__always)
        func place(of hash: UInt64) -> Place {
            hash &>> UInt64(QK_PIECE_HASH_SHIFT) & mask
        }

        /// The entry at a place.
        @inline(__always)
        func entry(at place: Place) -> Entry {
            entries[byteOffset: place]
        }

        /// Place of a piece's entry, whose first place is `first`; `nil` if it is not here.
        @inline(__always)
        func find(_ key: ShortKey, from first: Place) -> Place? {
            place(of: key.low, key.high, from: first)
        }

        /// Record in ``LongPieceCache`` that has the ids of a piece, and its generation; `nil` if
        /// the table names none.
        @inline(__always)
        func elsewhere(
            _ key: ShortKey, from first: Place
        ) -> (record: Int, generation: UInt32)? {
            guard let place = place(of: key.low, key.high | Entry.elsewhere, from: first) else {
                return nil
            }
            let ids = entry(at: place).ids
            return (Int(ids.y), ids.z)
        }

        /// Beside the first place there are three others: the other half of the cache line, and the
        /// line beside it.
        @inline(__always)
        private func place(of low: UInt64, _ high: UInt64, from first: Place) -> Place? {
            for offset in 0..<4 as Range<UInt64> {
                let place = first ^ (offset * 32)
                let entry = entries[byteOffset: place]
                if entry.low == low, entry.high == high { return place }
            }
            return nil
        }

        /// Puts an entry in, perhaps instead of another.
        fileprivate func insert(_ new: Entry) {
            let first = place(of: new.hash)
            if let place = place(of: new.low, new.high, from: first) {
                entries[byteOffset: place] = new
                return
            }
            let old = entries[byteOffset: first]
            // An entry that is not at its own first place gives way to one that would be.
            if old.high == 0 || place(of: old.hash) != first || new.rarity < old.rarity {
                entries[byteOffset: first] = new
                if old.high != 0 { insert(old, besides: first) }
            } else {
                insert(new, besides: first)
            }
        }

        /// Puts an entry into one of its places, but not into `taken`: an empty one, or that of the
        /// one that is likely to be least frequent.
        private func insert(_ entry: Entry, besides taken: Place) {
            var best = taken ^ 32
            var greatest: UInt64 = 0
            for offset in 1..<4 as Range<UInt64> {
                let place = taken ^ (offset * 32)
                let other = entries[byteOffset: place]
                if other.high == 0 {
                    best = place
                    break
                }
                if other.rarity > greatest { (best, greatest) = (place, other.rarity) }
            }
            entries[byteOffset: best] = entry
        }

        /// Makes the keys and first places of `count` pieces, as `piece_keys` says, and asks for
        /// their entries. Returns how many are longer than a key; `longer` has their numbers.
        @inline(__always)
        func prepare(
            _ level: Int32, _ text: ByteView, from start: Int, ends: BufferView<UInt32>,
            first: Int, count: Int, keys: BufferView<ShortKey>, places: BufferView<Place>,
            longer: BufferView<UInt32>
        ) -> Int {
            assert(first + count <= ends.count && (count + 7) & ~7 <= keys.count)
            return unsafe text.withBase { text in
                unsafe qk_text(level).pointee.piece_keys(
                    text, UInt64(start), ends.base + first, count, tableBase, mask,
                    UnsafeMutableRawPointer(keys.base).assumingMemoryBound(to: qk_piece_key.self),
                    places.base, longer.base)
            }
        }

        /// Copies the ids of pieces, as `known_pieces` says, and returns the number of the first
        /// that has no entry.
        @inline(__always)
        func copyKnown(
            _ level: Int32, keys: BufferView<ShortKey>, places: BufferView<Place>, first: Int,
            count: Int, to ids: BufferView<UInt32>, at written: inout Int
        ) -> Int {
            unsafe qk_text(level).pointee.known_pieces(
                tableBase,
                UnsafeRawPointer(keys.base).assumingMemoryBound(to: qk_piece_key.self),
                places.base, first, count, ids.base, &written)
        }

        /// Writes which of the pieces with numbers in `range` have no entry at their first places,
        /// as `displaced_pieces` says, and returns how many they are.
        @inline(__always)
        func displaced(
            _ level: Int32, keys: BufferView<ShortKey>, places: BufferView<Place>,
            in range: Range<Int>,
            to numbers: BufferView<UInt32>
        ) -> Int {
            assert(range.count < numbers.count)
            return unsafe qk_text(level).pointee.displaced_pieces(
                tableBase, UnsafeRawPointer(keys.base).assumingMemoryBound(to: qk_piece_key.self),
                places.base, range.lowerBound, range.upperBound, numbers.base)
        }

        private var tableBase: UnsafePointer<qk_piece_entry> {
            @inline(__always) get {
                unsafe UnsafeRawPointer(entries.base).assumingMemoryBound(
                    to: qk_piece_entry.self)
            }
        }
    }
}
