import Bytes

/// The pairs of neighbours that may still become tokens, with their counts and where they were
/// found.
///
/// A flat open-addressing table of records. A pair that has become too rare stays until the table
/// grows, and is left out then.
struct PairTable: ~Copyable {
    /// One pair.
    struct Record: BitwiseCopyable {
        /// Left id in the upper half, right id in the lower; `UInt64.max` where there is no pair.
        var key: UInt64
        /// Occurrences of the pair now.
        var count: UInt64
        /// Start and length of its list of places.
        var start: UInt32
        var size: UInt32

        static let empty = Record(key: .max, count: 0, start: 0, size: 0)
    }

    private var buffer = OwnedBuffer(repeating: Record.empty, count: 1 << 12)
    private var usedCount = 0
    private let minimumCount: UInt64

    /// A table of pairs that occur at least `minimumCount` times.
    init(minimumCount: UInt64) {
        self.minimumCount = max(1, minimumCount)
    }

    /// The memory of a table of `count` pairs, with that of the smaller table that it grew from.
    static func byteCount(for count: Int) -> Int {
        count * MemoryLayout<Record>.stride * growth.numerator / growth.denominator * 3 / 2
    }

    /// Size of a new table relative to its pairs.
    private static let growth = (numerator: 7, denominator: 4)

    /// The records, in no order.
    var records: BufferView<Record> { buffer.view }

    /// The key of a pair.
    @inline(__always)
    static func key(_ left: UInt32, _ right: UInt32) -> UInt64 {
        UInt64(left) &<< 32 | UInt64(right)
    }

    /// The index from which on a key is looked for.
    @inline(__always)
    private static func firstIndex(of key: UInt64, in records: BufferView<Record>) -> Int {
        let hash = foldedProduct(key ^ 0xA076_1D64_78BD_642F, 0x9E37_79B9_7F4A_7C15)
        // The hash as a fraction of the size, which need not be a power of two.
        return Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(records.count)).high)
    }

    /// The index where a key is or would be.
    @inline(__always)
    private static func index(of key: UInt64, in records: BufferView<Record>) -> Int {
        var index = firstIndex(of: key, in: records)
        while records[index].key != key, records[index].key != .max {
            index &+= 1
            if index == records.count { index = 0 }
        }
        return index
    }

    /// Fetches a pair that will be asked for.
    @inline(__always)
    func prefetch(_ key: UInt64) {
        let records = records
        records.prefetch(Self.firstIndex(of: key, in: records))
    }

    /// The index of a pair in ``records``; `nil` if it is not here.
    func find(_ key: UInt64) -> Int? {
        let index = Self.index(of: key, in: records)
        return records[index].key == key ? index : nil
    }

    /// Takes `count` from a pair's count, if the pair is here.
    @inline(__always)
    func lose(_ key: UInt64, _ count: UInt64) {
        let records = records
        let index = Self.index(of: key, in: records)
        guard records[index].key == key else { return }
        records[index].count &-= count
    }

    /// Whether so many pairs more need a larger table.
    func isFull(adding count: Int) -> Bool { (usedCount + count) * 5 >= records.count * 4 }

    /// Adds a pair that is not here and occurs often enough.
    mutating func insert(_ record: Record) {
        if isFull(adding: 0) { grow() }
        records[Self.index(of: record.key, in: records)] = record
        usedCount += 1
    }

    /// Makes the table larger, and leaves out the pairs that are too rare. O(pairs).
    mutating func grow() {
        let old = records
        var live = 0
        for index in 0..<old.count where old[index].count >= minimumCount { live += 1 }
        let grown = OwnedBuffer(
            repeating: Record.empty,
            count: max(1 << 12, live * Self.growth.numerator / Self.growth.denominator))
        let view = grown.view
        for index in 0..<old.count where old[index].count >= minimumCount {
            let record = old[index]
            view[Self.index(of: record.key, in: view)] = record
        }
        buffer = grown
        usedCount = live
    }
}
