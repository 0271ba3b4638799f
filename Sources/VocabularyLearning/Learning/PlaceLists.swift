import Bytes

/// The lists of places of all pairs, one after another in memory that is set when learning begins.
///
/// A place is the cell in ``PieceRows`` where the left token of a pair starts. Merges make places
/// worthless, those of other pairs too; when the memory is full, ``compact(_:keeping:_:)`` moves
/// the rest to the front. There are never more of them than neighbouring tokens, and merges only
/// ever make those fewer.
struct PlaceLists: ~Copyable {
    private let buffer: OwnedBuffer<UInt32>

    /// Number of places, the worthless ones included.
    private(set) var count = 0

    /// Room for so many places. More than there are neighbours means that compaction is rarer.
    init(capacity: Int) {
        buffer = OwnedBuffer(uninitializedCapacity: capacity)
    }

    /// Half more than is needed: one compaction on the way to a usual vocabulary.
    static func capacity(neighborCount: Int) -> Int {
        // The number of a place has 32 bits, and one value of them says that there is none.
        min(neighborCount + neighborCount / 2, Int(UInt32.max) - 1)
    }

    /// All lists.
    var view: BufferView<UInt32> { buffer.view }

    /// Whether `size` more places fit.
    func hasRoom(for size: Int) -> Bool { count + size <= view.count }

    /// Starts a list of `size` places, which fit, and returns where.
    mutating func reserve(_ size: Int) -> UInt32 {
        precondition(hasRoom(for: size), "there are more places than neighbours")
        defer { count += size }
        return UInt32(count)
    }

    /// Moves the lists of all pairs to the front, with only those places that still hold their
    /// pair. O(places + pairs · log).
    ///
    /// - Parameters:
    ///   - records: the pairs; those with a count below `minimumCount` lose their lists.
    ///   - kept: a list that no pair has any more, and that is kept as it is. Returns its new
    ///     place.
    mutating func compact(
        _ records: BufferView<PairTable.Record>, minimumCount: UInt64, keeping kept: Range<Int>,
        isAlive: (_ key: UInt64, _ places: BufferView<UInt32>, _ index: Int, _ end: Int) -> Bool
    ) -> Range<Int> {
        // Starts in the upper half, so that the lists come in the order in which they lie.
        var order: [UInt64] = []
        for index in 0..<records.count where records[index].count >= minimumCount {
            order.append(UInt64(records[index].start) << 32 | UInt64(index))
        }
        order.append(UInt64(kept.lowerBound) << 32 | UInt64(UInt32.max))
        order.sort()
        let places = view
        var moved = kept
        var next = 0
        for entry in order {
            let start = next
            let index = Int(entry & 0xFFFF_FFFF)
            guard index != Int(UInt32.max) else {
                places.move(from: kept.lowerBound, to: next, count: kept.count)
                next += kept.count
                moved = start..<next
                continue
            }
            let record = records[index]
            let end = Int(record.start) + Int(record.size)
            for place in Int(record.start)..<end where isAlive(record.key, places, place, end) {
                places[next] = places[place]
                next += 1
            }
            records[index].start = UInt32(start)
            records[index].size = UInt32(next - start)
        }
        count = next
        return moved
    }

    /// A list of places, and whose it is.
    struct List {
        var start: UInt32
        var size: UInt32
        /// What its owner is known by.
        var owner: UInt32
        var index: UInt32
    }

    /// Moves lists to the front, in the order in which they lie; all others are lost. O(places +
    /// lists · log).
    mutating func pack(_ lists: inout [List]) {
        lists.sort { $0.start < $1.start }
        let places = view
        var next = 0
        for number in lists.indices {
            let list = lists[number]
            places.move(from: Int(list.start), to: next, count: Int(list.size))
            lists[number].start = UInt32(next)
            next += Int(list.size)
        }
        count = next
    }
}
