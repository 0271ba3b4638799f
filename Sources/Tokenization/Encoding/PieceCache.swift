/// What short pieces have become before: of fixed size, the newest of each bucket stay.
///
/// An entry holds a piece of at most fifteen bytes and up to four ids in half a cache line, and a
/// bucket of two entries is one line, so that a hit costs one access to memory.
struct PieceCache: ~Copyable {
    /// The most ids that an entry holds.
    static let maximumCount = 4

    private let buffer: OwnedBuffer<Entry>

    /// A view for the hot loop.
    let view: View

    struct Entry: BitwiseCopyable {
        var low: UInt64 = 0
        /// As in the key, and the number of ids in the highest four bits.
        var high: UInt64 = 0
        var ids = SIMD4<UInt32>.zero
    }

    /// A cache of `2 ^ sizeLog` entries of 32 bytes each.
    init(sizeLog: Int) {
        buffer = OwnedBuffer(repeating: Entry(), count: 1 << sizeLog)
        view = View(entries: buffer.view)
    }

    struct View {
        fileprivate let entries: BufferView<Entry>

        private static var keyMask: UInt64 { UInt64.max >> 4 }

        /// The place of the first entry of the key's bucket.
        @inline(__always)
        func bucket(of key: PieceKey) -> Int {
            Int(truncatingIfNeeded: key.hash) & (entries.count - 2)
        }

        /// The ids of the piece and their number; 0 if it is not here.
        @inline(__always)
        func find(_ key: PieceKey, in bucket: Int) -> (ids: SIMD4<UInt32>, count: Int) {
            let first = entries[bucket]
            if first.low == key.low, first.high & Self.keyMask == key.high {
                return (first.ids, Int(truncatingIfNeeded: first.high &>> 60))
            }
            let second = entries[bucket + 1]
            if second.low == key.low, second.high & Self.keyMask == key.high {
                return (second.ids, Int(truncatingIfNeeded: second.high &>> 60))
            }
            return (.zero, 0)
        }

        /// Stores the ids of a piece in place of the older entry of its bucket.
        @inline(__always)
        func insert(_ key: PieceKey, in bucket: Int, ids: SIMD4<UInt32>, count: Int) {
            entries[bucket + 1] = entries[bucket]
            entries[bucket] = Entry(
                low: key.low, high: key.high | UInt64(truncatingIfNeeded: count) &<< 60, ids: ids)
        }
    }
}
