import Bytes

/// Pieces of ``SplitPattern/superbpe``, cut further at the ``Seams`` of a vocabulary's first
/// merges.
///
/// Those pieces are words, and caches know them.
struct SuperwordScanner: PieceScanner {
    private let numbers: SuperBPEScanner
    private let seams: SeamScanner
    private let borders: NumberBorders

    /// A scanner that is good as long as `seams` is.
    ///
    /// - Parameter borders: is told where numbers, and groups of their digits, begin and end.
    init(_ seams: Seams, borders: NumberBorders) {
        numbers = SuperBPEScanner(tables: UnicodeClasses.shared.tables)
        self.seams = SeamScanner(seams)
        self.borders = borders
    }

    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        guard !numbers.isNumber(text, start) else {
            return numbers.endOfGroup(in: text, from: start)
        }
        let end = seams.pieceEnd(in: text, from: start)
        return numbers.startOfNumber(in: text, from: start, until: end)
    }

    func writeEnds(
        in text: ByteView, from start: Int, count: Int, into ends: BufferView<UInt32>
    ) -> Int {
        let limit = start + count
        var (position, written) = (start, 0)
        while position < limit {
            if numbers.isNumber(text, position) {
                borders.append(position)
                position = numbers.endOfGroup(in: text, from: position)
                borders.append(position)
                ends[written] = UInt32(truncatingIfNeeded: position &- start)
                written &+= 1
                continue
            }
            let end = numbers.startOfNumber(in: text, from: position, until: limit)
            let distance = UInt32(truncatingIfNeeded: position &- start)
            let first = written
            written &+= seams.writeInner(
                in: text, from: position, to: end, adding: distance, into: ends, at: written)
            // The last piece may end behind all that were to begin here.
            let last = written > first ? start &+ Int(ends[written &- 1]) : position
            position = end < limit ? end : pieceEnd(in: text, from: last)
            ends[written] = UInt32(truncatingIfNeeded: position &- start)
            written &+= 1
        }
        return written
    }
}

/// Places in a text where a number, or a group of its digits, begins or ends, in order.
final class NumberBorders {
    // A class, because a scanner is a value that writes it.

    private(set) var places: [Int] = []

    @inline(__always)
    fileprivate func append(_ place: Int) { places.append(place) }

    func removeAll() { places.removeAll(keepingCapacity: true) }
}
