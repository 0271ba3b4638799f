import Bytes
import Tokenization

/// The state of learning: every distinct piece as a row of tokens, how often each pair of
/// neighbours occurs, and where.
///
/// A merge touches only the places that hold its pair. While it is made, what its neighbours lose
/// and gain is summed up for each token that stands to its left or right, so that the table of
/// pairs is asked once for each of them and not once a place.
///
/// A pair gains occurrences only while the younger of its two tokens is being made. Therefore a
/// list of places is complete when it is written, a pair that is too rare then never matters again,
/// and a count in the heap is never too low.
struct MergeLearner: ~Copyable {
    /// The merges learned so far, in order. Ids 0 to 255 are the bytes as the tie rule orders them;
    /// where rows begin as tokens that were learned before, those follow.
    private(set) var merges: [MergePair] = []

    /// Occurrences of each merge's pair when it was made.
    private(set) var mergeCounts: [UInt64] = []

    /// Places at which the last merge was made, each as often as its piece occurs: fewer than its
    /// pair's count where the pair overlapped with itself.
    private(set) var lastMergeSize: UInt64 = 0

    /// Occurrences of each byte.
    var byteCounts: [UInt64] { rows.byteCounts }

    private var minimumCount: UInt64
    private var maximumTokenLength: Int
    /// The most bytes of a token that is made of one that was learned.
    private var maximumGrownLength: Int
    private let rows: PieceRows
    /// Tokens that rows begin as.
    private let symbolCount: Int
    /// The cells of each token.
    private let tokenLengths: OwnedBuffer<UInt32>
    /// The bytes of each token.
    private let byteLengths: OwnedBuffer<UInt32>
    private var pairs: PairTable
    private var places: PlaceLists
    private var candidates = CandidateHeap()

    /// Pairs below this count wait in ``pairs`` until all above are merged.
    private var threshold: UInt64 = .max

    private var leftNeighbors: NeighborTally
    private var rightNeighbors: NeighborTally

    /// Starts with every piece as its bytes. O(bytes of the distinct pieces).
    ///
    /// - Parameters:
    ///   - mergeLimit: the most merges that will be asked for.
    ///   - minimumCount: the least count of a pair that is merged.
    ///   - maximumTokenLength: the most bytes of a token; nil for no limit.
    ///   - keepsShorter: whether a token that is made of one that was learned has fewer.
    init(
        _ rows: consuming PieceRows, mergeLimit: Int, minimumCount: UInt64,
        maximumTokenLength: Int?, keepsShorter: Bool = false
    ) {
        self.init(
            symbolLengths: Array(repeating: 1, count: 256), rows, mergeLimit: mergeLimit,
            minimumCount: minimumCount, maximumTokenLength: maximumTokenLength,
            keepsShorter: keepsShorter)
        if self.maximumTokenLength >= 2 { findPairsOfBytes() }
    }

    /// Starts with every row as tokens that were learned before. O(cells).
    ///
    /// - Parameters:
    ///   - tokenLengths: the bytes of each of those; the first 256 are the bytes.
    ///   - mergeLimit: the most merges that will be asked for.
    ///   - minimumCount: the least count of a pair that is merged.
    ///   - maximumTokenLength: the most bytes of a token; nil for no limit.
    ///   - keepsShorter: whether a token that is made of one that was learned has fewer.
    init(
        _ rows: consuming PieceRows, of tokenLengths: [UInt32], mergeLimit: Int,
        minimumCount: UInt64, maximumTokenLength: Int?, keepsShorter: Bool
    ) {
        self.init(
            symbolLengths: tokenLengths, rows, mergeLimit: mergeLimit, minimumCount: minimumCount,
            maximumTokenLength: maximumTokenLength, keepsShorter: keepsShorter)
        findPairs()
    }

    private init(
        symbolLengths: [UInt32], _ rows: consuming PieceRows, mergeLimit: Int,
        minimumCount: UInt64, maximumTokenLength: Int?, keepsShorter: Bool
    ) {
        symbolCount = symbolLengths.count
        let tokenLimit = symbolCount + max(0, mergeLimit)
        self.minimumCount = max(1, minimumCount)
        self.maximumTokenLength = maximumTokenLength ?? .max
        maximumGrownLength = maximumTokenLength.map { keepsShorter ? $0 - 1 : $0 } ?? .max
        places = PlaceLists(capacity: PlaceLists.capacity(neighborCount: rows.neighborCount))
        self.rows = rows
        tokenLengths = OwnedBuffer(repeating: 1, count: tokenLimit)
        byteLengths = OwnedBuffer(repeating: 1, count: tokenLimit)
        for (token, length) in symbolLengths.enumerated() { byteLengths.view[token] = length }
        pairs = PairTable(minimumCount: self.minimumCount)
        leftNeighbors = NeighborTally(tokenLimit: tokenLimit)
        rightNeighbors = NeighborTally(tokenLimit: tokenLimit)
    }

    /// Finds the pairs of rows of any tokens.
    private mutating func findPairs() {
        let cells = rows.cells.view
        let weights = rows.weights.view
        var tally = PairTally()
        for cell in 1..<max(1, cells.count - 1) {
            let (left, right) = (cells[cell], cells[cell + 1])
            guard left != PieceRows.boundary, right != PieceRows.boundary else { continue }
            tally.add(PairTable.key(left, right), weights.weight(at: cell))
        }
        for index in 0..<tally.records.count {
            let record = tally.records[index]
            guard record.size > 0, record.count >= minimumCount else { continue }
            // `tokenizers` looks at the length of what is new only.
            let isOfBytes = record.key >> 32 < 256 && record.key & 0xFFFF_FFFF < 256
            let most = isOfBytes ? maximumTokenLength : maximumGrownLength
            guard joinedByteLength(record.key) <= most else { continue }
            let start = places.reserve(Int(record.size))
            tally.records[index].start = start
            pairs.insert(
                PairTable.Record(
                    key: record.key, count: record.count, start: start, size: record.size))
        }
        let list = places.view
        for cell in 1..<max(1, cells.count - 1) {
            let (left, right) = (cells[cell], cells[cell + 1])
            guard left != PieceRows.boundary, right != PieceRows.boundary else { continue }
            let index = tally.index(of: PairTable.key(left, right))
            let place = tally.records[index].start
            guard place != NeighborTally.unlisted else { continue }
            list[Int(place)] = UInt32(truncatingIfNeeded: cell)
            tally.records[index].start = place &+ 1
        }
    }

    private mutating func findPairsOfBytes() {
        let cells = rows.cells.view
        let weights = rows.weights.view
        let tallyBuffer = OwnedBuffer(repeating: NeighborTally.Entry(), count: 1 << 16)
        let tally = tallyBuffer.view
        for cell in 1..<max(1, cells.count - 1) {
            let (left, right) = (cells[cell], cells[cell + 1])
            guard left != PieceRows.boundary, right != PieceRows.boundary else { continue }
            let pair = Int(left << 8 | right)
            tally[pair].count &+= weights.weight(at: cell)
            tally[pair].size &+= 1
        }
        for pair in 0..<1 << 16 where tally[pair].count >= minimumCount {
            tally[pair].cursor = places.reserve(Int(tally[pair].size))
            pairs.insert(
                PairTable.Record(
                    key: PairTable.key(UInt32(pair >> 8), UInt32(pair & 0xFF)),
                    count: tally[pair].count, start: tally[pair].cursor, size: tally[pair].size))
        }
        let list = places.view
        for cell in 1..<max(1, cells.count - 1) {
            let (left, right) = (cells[cell], cells[cell + 1])
            guard left != PieceRows.boundary, right != PieceRows.boundary else { continue }
            let pair = Int(left << 8 | right)
            guard tally[pair].count >= minimumCount else { continue }
            list[Int(tally[pair].cursor)] = UInt32(truncatingIfNeeded: cell)
            tally[pair].cursor &+= 1
        }
    }

    /// Makes one token of the most frequent pair. Returns false, changing nothing, when no pair
    /// occurs often enough.
    ///
    /// - Parameter least: the least count of the pair, where rarer pairs are only for
    ///   ``replay(_:_:)``.
    mutating func learn(atLeast least: UInt64 = 0) -> Bool {
        while true {
            guard let top = candidates.top else {
                guard lowerThreshold() else { return false }
                continue
            }
            guard let index = pairs.find(top.key) else {
                candidates.removeTop()
                continue
            }
            let record = pairs.records[index]
            guard record.count == top.count else {
                if record.count >= threshold {
                    candidates.replaceTop(.init(count: record.count, key: top.key))
                } else {
                    candidates.removeTop()
                }
                continue
            }
            guard record.count >= least else { return false }
            candidates.removeTop()
            pairs.records[index].count = 0
            // Pairs that are too long are not listed, but for those of merges that were given.
            guard joinedByteLength(record.key) <= maximumTokenLength else { continue }
            merge(record)
            return true
        }
    }

    private func joinedByteLength(_ key: UInt64) -> Int {
        let lengths = byteLengths.view
        return Int(lengths[Int(key >> 32)]) + Int(lengths[Int(key & 0xFFFF_FFFF)])
    }

    /// Makes one token of a given pair, wherever it stands and if anywhere.
    mutating func replay(_ left: UInt32, _ right: UInt32) {
        let key = PairTable.key(left, right)
        if let index = pairs.find(key), pairs.records[index].count > 0 {
            let record = pairs.records[index]
            pairs.records[index].count = 0
            return merge(record)
        }
        addLengths(of: UInt32(symbolCount + merges.count), left, right)
        merges.append(MergePair(left: left, right: right))
        mergeCounts.append(0)
        lastMergeSize = 0
    }

    private func addLengths(of id: UInt32, _ left: UInt32, _ right: UInt32) {
        for lengths in [tokenLengths.view, byteLengths.view] {
            lengths[Int(id)] = lengths[Int(left)] + lengths[Int(right)]
        }
    }

    /// Sets what is learned after given merges.
    mutating func goOn(minimumCount: UInt64, maximumTokenLength: Int?) {
        self.minimumCount = max(1, minimumCount)
        self.maximumTokenLength = maximumTokenLength ?? .max
        maximumGrownLength = self.maximumTokenLength
    }

    /// Makes the waiting pairs with the highest counts candidates; false if none are left.
    private mutating func lowerThreshold() -> Bool {
        let records = pairs.records
        var highest: UInt64 = 0
        for index in 0..<records.count { highest = max(highest, records[index].count) }
        guard highest >= minimumCount else { return false }
        threshold = max(minimumCount, highest / 2)
        for index in 0..<records.count where records[index].count >= threshold {
            candidates.insert(.init(count: records[index].count, key: records[index].key))
        }
        return true
    }

    private mutating func merge(_ record: PairTable.Record) {
        let left = UInt32(truncatingIfNeeded: record.key >> 32)
        let right = UInt32(truncatingIfNeeded: record.key)
        let id = UInt32(symbolCount + merges.count)
        merges.append(MergePair(left: left, right: right))
        mergeCounts.append(record.count)
        addLengths(of: id, left, right)

        let start = Int(record.start)
        let made = views.replace(
            BatchMerge(id: id, left: left, right: right), start..<start + Int(record.size),
            &leftNeighbors, &rightNeighbors)
        var merged = made.places
        lastMergeSize = made.size
        takeLosses(left, right, id)
        let size = leftNeighbors.placeCount + rightNeighbors.placeCount
        if !places.hasRoom(for: size) { merged = compactPlaces(keeping: merged) }
        addPairs(left, id)
        views.list(merged, id, leftNeighbors.entries, rightNeighbors.entries)
        leftNeighbors.clear()
        rightNeighbors.clear()
    }

    private var views: LearningViews {
        LearningViews(
            cells: rows.cells.view, weights: rows.weights.view, lengths: tokenLengths.view,
            places: places.view)
    }

    /// Takes from the pairs that the merge broke.
    private mutating func takeLosses(_ left: UInt32, _ right: UInt32, _ id: UInt32) {
        for neighbor in leftNeighbors.touched {
            pairs.lose(PairTable.key(neighbor, left), leftNeighbors.entries[Int(neighbor)].count)
        }
        for neighbor in rightNeighbors.touched where left != right || neighbor != left {
            pairs.lose(PairTable.key(right, neighbor), rightNeighbors.entries[Int(neighbor)].count)
        }
        // Pairs that stood twice in a row: the first was followed by its left token only until the
        // second was merged.
        let doubled = leftNeighbors.entries[Int(id)]
        rightNeighbors.subtract(doubled, from: left)
    }

    /// Adds the pairs that the merge made.
    private mutating func addPairs(_ left: UInt32, _ id: UInt32) {
        for neighbor in leftNeighbors.touched {
            let entry = leftNeighbors.entries[Int(neighbor)]
            leftNeighbors.entries[Int(neighbor)].cursor = add(
                neighbor, id, count: entry.count, size: entry.size)
        }
        for neighbor in rightNeighbors.touched {
            let entry = rightNeighbors.entries[Int(neighbor)]
            rightNeighbors.entries[Int(neighbor)].cursor = add(
                id, neighbor, count: entry.count, size: entry.size)
        }
    }

    private mutating func compactPlaces(keeping merged: Range<Int>) -> Range<Int> {
        let views = views
        return places.compact(pairs.records, minimumCount: minimumCount, keeping: merged) {
            key, _, index, end in
            views.holds(key, at: index, before: end)
        }
    }

    /// Adds a pair and returns where its list starts, if it may ever be merged.
    private mutating func add(
        _ left: UInt32, _ right: UInt32, count: UInt64, size: UInt32
    ) -> UInt32 {
        let lengths = byteLengths.view
        guard count >= minimumCount,
            Int(lengths[Int(left)]) + Int(lengths[Int(right)]) <= maximumGrownLength
        else { return NeighborTally.unlisted }
        let key = PairTable.key(left, right)
        let start = places.reserve(Int(size))
        pairs.insert(PairTable.Record(key: key, count: count, start: start, size: size))
        if count >= threshold { candidates.insert(.init(count: count, key: key)) }
        return start
    }
}
