import HeapModule

/// The state of learning: every distinct piece as a row of tokens, how often each pair of neighbours
/// occurs, and where.
///
/// A merge touches only the pieces that hold its pair. Counts in the heap may be out of date; a
/// candidate is checked when it comes to the top, and put back if its count has fallen. Counts never
/// rise after a pair has been pushed, because a pair gains occurrences only while the younger of its
/// two tokens is being made.
struct MergeLearner {
    /// The merges learned so far, in order.
    private(set) var merges: [MergePair] = []

    /// How often each token occurred when it was made: bytes first, in order, then merges.
    private(set) var tokenCounts: [UInt64]

    private let maximumTokenLength: Int
    private var tokenLengths: [Int]
    private var nextID: UInt32

    /// All pieces' tokens; piece `p` holds `lengths[p]` of them from `starts[p]` on.
    private let symbols: OwnedSymbols
    private var starts: [Int] = []
    private var lengths: [Int] = []
    private var counts: [UInt64] = []

    private var pairs = PairTable()
    private var candidates = Heap<Candidate>()

    /// Pairs of a pair's number and a piece that has gained it, until they are filed.
    private var gains: [Gain] = []

    private struct Gain {
        var pair: UInt32
        var piece: UInt32
    }

    private struct Candidate: Comparable {
        var count: UInt64
        /// Left id in the upper half, right id in the lower.
        var key: UInt64
        var pair: UInt32

        static func < (lhs: Candidate, rhs: Candidate) -> Bool {
            // Among equals the smallest pair is the best.
            lhs.count == rhs.count ? lhs.key > rhs.key : lhs.count < rhs.count
        }
    }

    /// The rows of tokens; a class around the buffer, so that the learner stays a plain value.
    private final class OwnedSymbols {
        let buffer: OwnedBuffer<UInt32>

        init(count: Int) {
            buffer = OwnedBuffer(repeating: 0, count: count)
        }
    }

    /// Starts with every piece as its bytes. O(bytes of the distinct pieces).
    ///
    /// - Parameter firstID: the id of the first byte's token.
    init(
        _ pieces: borrowing PieceCounts, firstID: Int, maximumTokenLength: Int?
    ) throws(TokenizationError) {
        self.maximumTokenLength = maximumTokenLength ?? .max
        tokenLengths = Array(repeating: 1, count: firstID + 256)
        nextID = UInt32(firstID + 256)
        tokenCounts = Array(repeating: 0, count: 256)
        symbols = OwnedSymbols(count: pieces.byteCount)

        var order = [Int](repeating: 0, count: 256)
        for (index, byte) in ByteCharacters.bytesInOrder.enumerated() { order[Int(byte)] = index }

        // No pair occurs more often than there are bytes: one check makes every later sum safe.
        var total: UInt64 = 0
        let row = symbols.buffer.view
        for piece in 0..<pieces.count {
            let range = pieces.range(of: piece)
            let count = pieces.counts[piece]
            let (product, overflow) = count.multipliedReportingOverflow(by: UInt64(range.count))
            let (sum, sumOverflow) = total.addingReportingOverflow(product)
            guard !overflow, !sumOverflow else { throw .countOverflow }
            total = sum
            for index in range {
                let byte = order[Int(pieces.bytes[index])]
                row[index] = UInt32(firstID + byte)
                tokenCounts[byte] += count
            }
            guard range.count > 1 else { continue }
            starts.append(range.lowerBound)
            lengths.append(range.count)
            counts.append(count)
            guard self.maximumTokenLength >= 2 else { continue }
            for index in range.dropLast() {
                gain(row[index], row[index + 1], count, piece: starts.count - 1)
            }
        }
        fileGains()
    }

    /// Makes one token of the most frequent pair. Returns false, changing nothing, when no pair occurs
    /// at least `minimumCount` times.
    mutating func learn(minimumCount: UInt64) -> Bool {
        while let top = candidates.popMax() {
            let count = pairs.counts[Int(top.pair)]
            if count != top.count {
                if count > 0 {
                    candidates.insert(Candidate(count: count, key: top.key, pair: top.pair))
                }
                continue
            }
            guard count >= minimumCount else {
                candidates.insert(top)
                return false
            }
            let left = UInt32(top.key >> 32)
            let right = UInt32(truncatingIfNeeded: top.key)
            merges.append(MergePair(left: left, right: right))
            tokenCounts.append(count)
            tokenLengths.append(tokenLengths[Int(left)] + tokenLengths[Int(right)])
            for index in pairs.occurrences(of: Int(top.pair)) {
                merge(left, right, into: nextID, piece: Int(pairs.places[index]))
            }
            pairs.counts[Int(top.pair)] = 0
            nextID += 1
            fileGains()
            return true
        }
        return false
    }

    /// Replaces the pair in one piece, from left to right, and moves the counts of its neighbours.
    /// O(length).
    private mutating func merge(_ left: UInt32, _ right: UInt32, into id: UInt32, piece: Int) {
        let row = symbols.buffer.view
        let start = starts[piece]
        let end = start + lengths[piece]
        let count = counts[piece]
        var read = start
        var write = start
        while read < end {
            guard row[read] == left, read + 1 < end, row[read + 1] == right else {
                row[write] = row[read]
                read += 1
                write += 1
                continue
            }
            if write > start {
                let previous = row[write - 1]
                lose(previous, left, count)
                if fits(previous, id) { gain(previous, id, count, piece: piece) }
            }
            if read + 2 < end {
                let next = row[read + 2]
                lose(right, next, count)
                if fits(id, next) { gain(id, next, count, piece: piece) }
            }
            row[write] = id
            read += 2
            write += 1
        }
        lengths[piece] = write - start
    }

    private func fits(_ left: UInt32, _ right: UInt32) -> Bool {
        tokenLengths[Int(left)] + tokenLengths[Int(right)] <= maximumTokenLength
    }

    private mutating func gain(_ left: UInt32, _ right: UInt32, _ count: UInt64, piece: Int) {
        let pair = pairs.number(of: UInt64(left) << 32 | UInt64(right))
        pairs.counts[pair] &+= count
        if pairs.lastPieces[pair] != UInt32(piece) {
            pairs.lastPieces[pair] = UInt32(piece)
            gains.append(Gain(pair: UInt32(pair), piece: UInt32(piece)))
        }
    }

    private mutating func lose(_ left: UInt32, _ right: UInt32, _ count: UInt64) {
        // A pair that would be too long for a token was never counted.
        guard let pair = pairs.find(UInt64(left) << 32 | UInt64(right)) else { return }
        pairs.counts[pair] &-= count
    }

    /// Gives the pairs that have gained pieces their lists, each in one run, and makes them
    /// candidates.
    private mutating func fileGains() {
        for gain in gains { pairs.sizes[Int(gain.pair)] += 1 }
        var end = pairs.places.count
        pairs.places.append(contentsOf: repeatElement(0, count: gains.count))
        for gain in gains {
            let pair = Int(gain.pair)
            if pairs.starts[pair] < 0 {
                pairs.starts[pair] = end
                end += Int(pairs.sizes[pair])
                pairs.sizes[pair] = 0
                let count = pairs.counts[pair]
                if count > 0 {
                    candidates.insert(
                        Candidate(count: count, key: pairs.keys[pair], pair: gain.pair))
                }
            }
            pairs.places[pairs.starts[pair] + Int(pairs.sizes[pair])] = gain.piece
            pairs.sizes[pair] += 1
        }
        gains.removeAll(keepingCapacity: true)
    }
}
