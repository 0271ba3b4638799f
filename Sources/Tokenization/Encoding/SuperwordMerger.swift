import Bytes

/// Merges the tokens that a vocabulary's first merges made of a text by its other ones: see
/// ``Superwords``.
final class SuperwordMerger {
    // A class, because what calls it is called while an encoder works.

    private let tokens: TokenTable
    private let superwords: Superwords
    private let merges: MergeTable.Lookup
    private var runs: LongPieceMerger

    /// Where no merge crosses.
    let borders = NumberBorders()

    /// Tokens of the last run, which may go on.
    private var waiting = OwnedBuffer<UInt32>(repeating: 0, count: 2 * PieceEncoder.capacity)
    private var waitingCount = 0
    /// Bytes of the text before and in what waits, and the number of the next of ``borders``.
    private var position = 0
    private var border = 0

    /// Runs that are merged by looking at all pairs again and again.
    private static let shortCount = 48
    /// Runs that are merged as they are: longer ones in windows, in less memory.
    private static let wholeCount = 1 << 14
    private let ranks = OwnedBuffer<UInt32>(repeating: .max, count: shortCount)

    init(_ vocabulary: Vocabulary, _ superwords: Superwords) {
        tokens = vocabulary.tokens
        merges = vocabulary.merges.lookup
        self.superwords = superwords
        runs = LongPieceMerger(vocabulary)
    }

    /// Begins a text.
    func begin() {
        (waitingCount, position, border) = (0, 0, 0)
        borders.removeAll()
    }

    /// Merges the next `count` tokens of the text, and those that waited.
    ///
    /// - Parameters:
    ///   - words: the tokens that the first merges made.
    ///   - ids: where what is done goes, as much as it has room for at once.
    ///   - deliver: takes the ids, whose number it is told.
    func merge(
        _ words: BufferView<UInt32>, count: Int, into ids: BufferView<UInt32>,
        _ deliver: (Int) -> Void
    ) {
        if waitingCount + count > waiting.view.count {
            let larger = OwnedBuffer<UInt32>(
                uninitializedCapacity: 2 * (waitingCount + count))
            for index in 0..<waitingCount { larger.view[index] = waiting.view[index] }
            waiting = larger
        }
        let (list, bridges, places) = (waiting.view, superwords.bridges, borders.places)
        for index in 0..<count { list[waitingCount &+ index] = words[index] }
        let offsets = tokens.offsets
        let end = waitingCount + count
        var (position, border) = (position, border)
        var nextBorder = border < places.count ? places[border] : .max
        var (first, done) = (0, 0)
        // The first token whose left neighbour has not been looked at.
        var index = max(1, waitingCount)
        if waitingCount == 0, count > 0 { position += tokens.byteCount(of: Int(list[0])) }
        var before = list[index &- 1]
        while index < end {
            let token = list[index]
            var joins = bridges.mayJoin(before, token)
            while position >= nextBorder {
                if position == nextBorder { joins = false }
                border &+= 1
                nextBorder = border < places.count ? places[border] : .max
            }
            if !joins {
                if index &- first == 1 {
                    ids[done] = before
                    done &+= 1
                } else {
                    mergeRun(list, first..<index, into: ids, at: &done, deliver)
                }
                if done > PieceEncoder.capacity / 2 {
                    deliver(done)
                    done = 0
                }
                first = index
            }
            before = token
            let id = Int(token)
            position &+= Int(offsets[id &+ 1] &- offsets[id])
            index &+= 1
        }
        for index in first..<end { list[index &- first] = list[index] }
        waitingCount = end - first
        (self.position, self.border) = (position, border)
        if done > 0 { deliver(done) }
    }

    /// Merges what waits, for the text ends.
    func finish(_ ids: BufferView<UInt32>, _ deliver: (Int) -> Void) {
        guard waitingCount > 0 else { return }
        var done = 0
        mergeRun(waiting.view, 0..<waitingCount, into: ids, at: &done, deliver)
        if done > 0 { deliver(done) }
        waitingCount = 0
        if waiting.view.count > 8 * PieceEncoder.capacity {
            waiting = OwnedBuffer(repeating: 0, count: 2 * PieceEncoder.capacity)
        }
    }

    /// Merges the tokens of `range`, the earliest merge first and the leftmost among equals.
    private func mergeRun(
        _ list: BufferView<UInt32>, _ range: Range<Int>, into ids: BufferView<UInt32>,
        at done: inout Int, _ deliver: (Int) -> Void
    ) {
        guard range.count <= Self.shortCount else {
            mergeLongRun(list, range, into: ids, at: &done, deliver)
            return
        }
        let ranks = ranks.view
        let start = range.lowerBound
        var count = range.count
        func rank(_ place: Int) -> UInt32 {
            merges.rank(list[start &+ place], list[start &+ place &+ 1]) ?? .max
        }
        for place in 0..<count &- 1 { ranks[place] = rank(place) }
        while true {
            var (best, found) = (UInt32.max, 0)
            for place in 0..<count &- 1 where ranks[place] < best {
                (best, found) = (ranks[place], place)
            }
            guard best != .max else { break }
            list[start &+ found] = merges.result(of: best)
            count &-= 1
            for place in found &+ 1..<max(found &+ 1, count) {
                list[start &+ place] = list[start &+ place &+ 1]
                ranks[place] = ranks[place &+ 1]
            }
            if found &+ 1 < count { ranks[found] = rank(found) }
            if found > 0 { ranks[found &- 1] = rank(found &- 1) }
        }
        for place in 0..<count { ids[done &+ place] = list[start &+ place] }
        done &+= count
    }

    @inline(never)
    private func mergeLongRun(
        _ list: BufferView<UInt32>, _ range: Range<Int>, into ids: BufferView<UInt32>,
        at done: inout Int, _ deliver: (Int) -> Void
    ) {
        if done > 0 { deliver(done) }
        done = 0
        if range.count <= Self.wholeCount {
            runs.merge(list, range)
        } else {
            let bytes = range.flatMap { tokens.bytes(of: Int(list[$0])) }
            ByteView.with(bytes.span) { runs.merge($0, from: 0, to: $0.count) }
        }
        for id in runs.result {
            ids[done] = id
            done += 1
            if done == PieceEncoder.capacity / 2 {
                deliver(done)
                done = 0
            }
        }
        runs.shrink()
    }
}
