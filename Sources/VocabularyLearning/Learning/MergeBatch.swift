import Bytes

/// A merge that is being made.
struct BatchMerge {
    /// The token that it makes.
    let id: UInt32
    /// The tokens of which it is made.
    let left: UInt32
    let right: UInt32
}

/// Merges that are made at once, none of which changes how often the pair of another occurs.
///
/// The best candidates are taken in order for as long as no pair's left token is the right token of
/// one before it, or the other way round: then no occurrence of one touches an occurrence of
/// another so that the two compete for a token, and all counts are what they would be if the merges
/// were made one after another. Neither can a pair that one of them makes come before the last of
/// them: it occurs at most as often as the pair of old tokens that met there, which comes after the
/// last, and its key is the larger one. A pair of twice the same token makes such pairs of itself,
/// so that a batch ends with it.
struct MergeBatch {
    /// The merges, in order, each with the places of its pair in ``PlaceLists``.
    private(set) var merges: [(merge: BatchMerge, places: Range<Int>)] = []

    /// Places of all their pairs.
    private(set) var placeCount = 0

    /// The number of the batch in which a token was last a left token, or a right one.
    private var lefts: [UInt32]
    private var rights: [UInt32]
    private var number: UInt32 = 0
    private var isClosed = true

    /// The most merges of one batch.
    static let mergeLimit = 256

    /// No merges yet, of tokens below `tokenLimit`.
    init(tokenLimit: Int) {
        lefts = Array(repeating: 0, count: tokenLimit)
        rights = Array(repeating: 0, count: tokenLimit)
    }

    /// Begins the next batch.
    mutating func begin() {
        merges.removeAll(keepingCapacity: true)
        placeCount = 0
        number += 1
        isClosed = false
    }

    /// Whether a pair may follow those of the batch.
    ///
    /// - Parameters:
    ///   - key: the pair.
    ///   - size: its places.
    ///   - placeLimit: the most places of a batch of more than one merge.
    func accepts(_ key: UInt64, size: UInt32, placeLimit: Int) -> Bool {
        guard !merges.isEmpty else { return true }
        return !isClosed && placeCount + Int(size) <= placeLimit
            && lefts[Int(key & 0xFFFF_FFFF)] != number && rights[Int(key >> 32)] != number
    }

    /// Adds the merge of a pair that is accepted.
    mutating func append(_ record: PairTable.Record, id: UInt32) {
        let left = UInt32(truncatingIfNeeded: record.key >> 32)
        let right = UInt32(truncatingIfNeeded: record.key)
        lefts[Int(left)] = number
        rights[Int(right)] = number
        let start = Int(record.start)
        merges.append(
            (BatchMerge(id: id, left: left, right: right), start..<start + Int(record.size)))
        placeCount += Int(record.size)
        isClosed = left == right || merges.count == Self.mergeLimit
    }

    /// Some hundred of the places of all pairs, ascending.
    func sample(of list: BufferView<UInt32>) -> [UInt32] {
        let step = max(1, placeCount / Self.sampleCount)
        var sample: [UInt32] = []
        var skipped = 0
        for (_, places) in merges {
            while skipped < places.count {
                sample.append(list[places.lowerBound + skipped])
                skipped += step
            }
            skipped -= places.count
        }
        sample.sort()
        return sample
    }

    private static let sampleCount = 128

    /// The places of each merge between two cells. O(merges · log of their places).
    func ranges(in cells: Range<Int>, _ list: BufferView<UInt32>) -> [Range<Int>] {
        merges.map { _, places in
            let start = Self.index(of: cells.lowerBound, in: places, list)
            return start..<Self.index(of: cells.upperBound, in: start..<places.upperBound, list)
        }
    }

    /// The first of ascending places that is not before a cell. O(log n).
    private static func index(
        of cell: Int, in places: Range<Int>, _ list: BufferView<UInt32>
    ) -> Int {
        var (low, high) = (places.lowerBound, places.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if Int(list[middle]) < cell { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
