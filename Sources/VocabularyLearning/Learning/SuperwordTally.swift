import Bytes
import Tokenization

/// What learning needs to know of texts whose tokens may be joined across words: the runs of tokens
/// between neighbours that are too rare to be joined.
///
/// Whatever merges make, two neighbouring tokens that join do so where two of the tokens before all
/// merges stood side by side, so no pair is more frequent than that which it bridges. As long as
/// only pairs of some count or more are merged, none crosses a place whose two tokens stand side by
/// side less often, and texts can be cut there: what is left are short runs, and many are the same.
struct SuperwordTally: ~Copyable {
    private let texts: TokenizedTexts
    /// Occurrences of neighbours, by hash: those of a pair are never more than its entry says.
    private let counts: OwnedBuffer<UInt64>

    private let places: Places

    /// As many entries, but for small texts, that neighbours that have one in common with frequent
    /// ones are few.
    private static let mostEntries = 1 << 22

    /// The memory of a table of them.
    static let tableByteCount = 8 * mostEntries

    /// The way from neighbours to their entry.
    private struct Places {
        let shift: UInt64

        init(entryCount: Int) { shift = UInt64(64 - entryCount.trailingZeroBitCount) }

        @inline(__always)
        func entry(_ left: TokenID, _ right: TokenID) -> Int {
            let key = UInt64(left.rawValue) &<< 32 | UInt64(right.rawValue)
            return Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> shift)
        }
    }

    /// Counts the neighbours. O(bytes of the texts).
    init(_ texts: TokenizedTexts, progress: (Int) throws -> Void) throws {
        self.texts = texts
        let entryCount = powerOfTwo(atLeast: min(max(texts.byteCount, 1 << 10), Self.mostEntries))
        let places = Places(entryCount: entryCount)
        self.places = places
        let tables = Tables(count: texts.threadCount, size: entryCount)
        try texts.forEach(progress: progress) { ids, count, thread in
            let table = tables.buffers[thread].buffer.view
            for index in 1..<max(1, ids.count) {
                table[places.entry(ids[index &- 1], ids[index])] &+= count
            }
        }
        counts = tables.sum()
    }

    private struct Tables {
        final class Table {
            let buffer: OwnedBuffer<UInt64>
            init(_ size: Int) { buffer = OwnedBuffer(zeros: size) }
        }
        let buffers: [Table]

        init(count: Int, size: Int) { buffers = (0..<count).map { _ in Table(size) } }

        func sum() -> OwnedBuffer<UInt64> {
            let sum = OwnedBuffer<UInt64>(zeros: buffers[0].buffer.view.count)
            for table in buffers {
                for index in 0..<sum.view.count {
                    sum.view[index] &+= table.buffer.view[index]
                }
            }
            return sum
        }
    }

    /// The highest count that at least `pairs` entries have; 0 if there are fewer.
    func count(ofPairs pairs: Int) -> UInt64 {
        let view = counts.view
        guard pairs < view.count else { return 0 }
        // Found from the highest bit on.
        var (found, bit) = (UInt64(0), UInt64(1) << 63)
        while bit > 0 {
            let candidate = found | bit
            var above = 0
            for index in 0..<view.count where view[index] >= candidate { above += 1 }
            if above >= pairs { found = candidate }
            bit >>= 1
        }
        return found
    }

    /// The runs between neighbours that occur less than `minimumCount` times, of two tokens or
    /// more, each token in ``PieceRows/tokenByteCount`` bytes by the number that `numbers` says.
    /// O(bytes of the texts).
    func takeRuns(
        of minimumCount: UInt64, numbers: [UInt32], spillingTo runs: PieceRuns,
        progress: (Int) throws -> Void
    ) throws -> Runs {
        let collectors = (0..<texts.threadCount).map { _ in RunCollector(numbers, runs) }
        // The bits must live to the end: their view is read.
        let bits = entries(of: minimumCount)
        let (frequent, places) = (bits.view, places)
        try texts.forEach(progress: progress) { ids, count, thread in
            let collector = collectors[thread]
            var start = 0
            for index in 1..<max(1, ids.count) {
                let entry = places.entry(ids[index &- 1], ids[index])
                guard frequent[entry &>> 6] &>> UInt64(entry & 63) & 1 == 0 else { continue }
                if index &- start > 1 { try collector.add(ids, start..<index, count) }
                start = index
            }
            if ids.count &- start > 1 { try collector.add(ids, start..<ids.count, count) }
        }
        extendLifetime(bits)
        for collector in collectors { try collector.countWaiting() }
        guard runs.isEmpty, collectors.allSatisfy({ $0.fitsTwice }) else {
            for collector in collectors { try runs.add(collector.takeCounts()) }
            return .onDisk(try runs.takeMerged())
        }
        var all = PieceCounts()
        for collector in collectors {
            var other = collector.takeCounts()
            if other.count > all.count { swap(&all, &other) }
            try all.merge(other)
        }
        return .inMemory(all)
    }

    /// A bit for each entry of ``counts``, set where it is at least `minimumCount`: a table that a
    /// processor's caches hold.
    private func entries(of minimumCount: UInt64) -> OwnedBuffer<UInt64> {
        let counts = counts.view
        let bits = OwnedBuffer<UInt64>(zeros: (counts.count + 63) / 64)
        for index in 0..<counts.count where counts[index] >= minimumCount {
            bits.view[index &>> 6] |= 1 &<< UInt64(index & 63)
        }
        return bits
    }

    /// Runs with their counts, wherever they fitted.
    enum Runs: ~Copyable {
        case inMemory(PieceCounts)
        case onDisk(PieceCountsFile)
    }
}

/// Counts the runs of one thread. Short ones, which are most, wait until there are many, so that
/// memory answers for all of them at once.
private final class RunCollector {
    private var counts = PieceCounts()
    private var bytes = OwnedBuffer<UInt8>(uninitializedCapacity: 1 << 10)
    private let waiting = OwnedBuffer(
        repeating: PieceCounts.WaitingKey(), count: PieceCounts.batchCount)
    private var waitingCount = 0
    private let numbers: [UInt32]
    private let runs: PieceRuns

    init(_ numbers: [UInt32], _ runs: PieceRuns) {
        self.numbers = numbers
        self.runs = runs
    }

    /// Whether a table of three such sizes is within what one thread may use.
    var fitsTwice: Bool { 3 * counts.byteCount(addingBatchOf: 0) <= runs.counterByteCount }

    /// The counts of all runs but those that wait.
    func takeCounts() -> PieceCounts { exchange(&counts, with: PieceCounts()) }

    func add(_ ids: [TokenID], _ range: Range<Int>, _ count: UInt64) throws {
        guard range.count <= Self.mostShort else { return try addLong(ids, range, count) }
        var bits: UInt128 = 0
        for index in range.reversed() {
            bits = bits &<< Self.tokenBitCount | UInt128(numbers[Int(ids[index].rawValue)])
        }
        let length = UInt64(range.count * PieceRows.tokenByteCount)
        waiting.view[waitingCount] = PieceCounts.WaitingKey(
            key: ShortKey(
                low: UInt64(truncatingIfNeeded: bits),
                high: UInt64(truncatingIfNeeded: bits &>> 64) | length &<< 56),
            occurrences: count)
        waitingCount &+= 1
        if waitingCount == waiting.view.count { try countWaiting() }
    }

    /// The most tokens of a run that a short key holds.
    private static let mostShort = ShortKey.maximumLength / PieceRows.tokenByteCount

    private static let tokenBitCount = UInt128(8 * PieceRows.tokenByteCount)

    /// Counts the runs that wait.
    func countWaiting() throws {
        if counts.count > 0, counts.byteCount(addingBatchOf: 0) > runs.counterByteCount {
            try runs.add(takeCounts())
        }
        guard counts.add(waiting.view, count: waitingCount) else {
            throw TokenizationError.countOverflow
        }
        waitingCount = 0
    }

    private func addLong(_ ids: [TokenID], _ range: Range<Int>, _ count: UInt64) throws {
        let length = range.count * PieceRows.tokenByteCount
        if length > bytes.view.count {
            bytes = OwnedBuffer(uninitializedCapacity: 2 * length)
        }
        let view = bytes.view
        var place = 0
        for index in range {
            let number = numbers[Int(ids[index].rawValue)]
            view[place] = UInt8(truncatingIfNeeded: number)
            view[place &+ 1] = UInt8(truncatingIfNeeded: number &>> 8)
            view[place &+ 2] = UInt8(truncatingIfNeeded: number &>> 16)
            place &+= PieceRows.tokenByteCount
        }
        if counts.count & 0xFFF == 0 || length > 1 << 12, counts.count > 0,
            counts.byteCount(addingBatchOf: length) > runs.counterByteCount
        {
            try runs.add(takeCounts())
        }
        guard counts.add(ByteView(view, count: length), from: 0, to: length, occurrences: count)
        else { throw TokenizationError.countOverflow }
    }
}
