import Bytes

/// Tally of pairs of any tokens: the occurrences and places of each.
struct PairTally: ~Copyable {
    private var buffer = OwnedBuffer(repeating: empty, count: 1 << 12)
    private var usedCount = 0

    private static let empty = PairTable.Record(
        key: .max, count: 0, start: NeighborTally.unlisted, size: 0)

    /// The pairs, in no order; those of no places are none.
    var records: BufferView<PairTable.Record> { buffer.view }

    /// Counts a place of the pair, of a piece that occurs `count` times. O(1).
    @inline(__always)
    mutating func add(_ key: UInt64, _ count: UInt64) {
        if usedCount * 2 >= records.count { grow() }
        let index = index(of: key)
        if records[index].size == 0 {
            records[index].key = key
            usedCount &+= 1
        }
        records[index].count &+= count
        records[index].size &+= 1
    }

    /// The index where a pair is or would be.
    @inline(__always)
    func index(of key: UInt64) -> Int {
        let records = records
        let hash = foldedProduct(key ^ 0xA076_1D64_78BD_642F, 0x9E37_79B9_7F4A_7C15)
        var index = Int(truncatingIfNeeded: hash) & (records.count &- 1)
        while records[index].key != key, records[index].size != 0 {
            index = (index &+ 1) & (records.count &- 1)
        }
        return index
    }

    @inline(never)
    private mutating func grow() {
        // `old` must live to the end: its elements are read.
        var old = OwnedBuffer(repeating: Self.empty, count: records.count * 4)
        swap(&old, &buffer)
        let view = old.view
        for index in 0..<view.count where view[index].size > 0 {
            records[self.index(of: view[index].key)] = view[index]
        }
        extendLifetime(old)
    }
}
