/// A window of pairs, taken apart: the places of all sources, which the encoder reads, and those of
/// all targets, which the decoder reads.
///
/// A pair is a document of the window, `source… </s> <pad> target…`: the first `<pad>` of a
/// document begins its target. Filling behind the last pair is a document without one, a source
/// that nothing looks at. Rows of the two sides are in the order of the window, so that the
/// stretches of rows that they see never fall.
final class PairWindow {
    /// One side of a window, a row for each of its places.
    struct Side {
        let ids: IDSlice
        /// Place of each row within its side of the pair, from which its position follows.
        let places: IDSlice
        /// First of the own side's rows that each row sees.
        let starts: IDSlice
        /// Row behind the last that it sees.
        let ends: IDSlice
        var count: Int { ids.count }
    }

    private struct Columns {
        let ids: IDBuffer
        let places: IDBuffer
        let starts: IDBuffer
        let ends: IDBuffer

        init(_ length: Int) {
            ids = IDBuffer(count: length)
            places = IDBuffer(count: length)
            starts = IDBuffer(count: length)
            ends = IDBuffer(count: length)
        }

        func side(_ count: Int) -> Side {
            Side(
                ids: ids.slice(0..<count), places: places.slice(0..<count),
                starts: starts.slice(0..<count), ends: ends.slice(0..<count))
        }
    }

    private let padToken: Int32
    private let sourceColumns: Columns
    private let targetColumns: Columns
    private let sourceStarts: IDBuffer
    private let sourceEnds: IDBuffer
    private let windowPlaces: IDBuffer
    private let scoredTokens: IDBuffer
    private(set) var sourceCount = 0
    private(set) var targetCount = 0

    /// Room for windows of up to `length` tokens.
    init(length: Int, padToken: Int) {
        self.padToken = Int32(padToken)
        sourceColumns = Columns(length)
        targetColumns = Columns(length)
        sourceStarts = IDBuffer(count: length)
        sourceEnds = IDBuffer(count: length)
        windowPlaces = IDBuffer(count: length)
        scoredTokens = IDBuffer(count: length)
    }

    /// The rows that the encoder reads.
    var source: Side { sourceColumns.side(sourceCount) }
    /// The rows that the decoder reads; each sees those of its own side up to itself.
    var target: Side { targetColumns.side(targetCount) }
    /// First row of the source that each row of the target sees, and the row behind the last.
    var crossStarts: IDSlice { sourceStarts.slice(0..<targetCount) }
    var crossEnds: IDSlice { sourceEnds.slice(0..<targetCount) }
    /// Place in the window of each row of the target.
    var targetPlaces: IDSlice { windowPlaces.slice(0..<targetCount) }
    /// Token to predict at each row of the target, or -1.
    var targets: IDSlice { scoredTokens.slice(0..<targetCount) }

    /// Takes a window apart.
    ///
    /// - Parameters:
    ///   - starts: the first place of each one's pair; nil for a window of one pair.
    ///   - targets: the token to predict at each place, or -1, which is all that counts on the
    ///     source's side; nil to predict nothing.
    func load(_ ids: IDSlice, starts: IDSlice?, targets: IDSlice? = nil) {
        (sourceCount, targetCount) = (0, 0)
        var pair = 0
        while pair < ids.count {
            var end = pair + 1
            while end < ids.count, starts.map({ $0[end] == Int32(pair) }) ?? true { end += 1 }
            var cut = pair
            while cut < end, ids[cut] != padToken { cut += 1 }
            let (firstSource, firstTarget) = (sourceCount, targetCount)
            for place in pair..<cut {
                sourceColumns.ids[sourceCount] = ids[place]
                sourceColumns.places[sourceCount] = Int32(place - pair)
                sourceCount += 1
            }
            for place in cut..<end {
                let row = targetCount
                targetColumns.ids[row] = ids[place]
                targetColumns.places[row] = Int32(place - cut)
                targetColumns.starts[row] = Int32(firstTarget)
                targetColumns.ends[row] = Int32(row + 1)
                sourceStarts[row] = Int32(firstSource)
                sourceEnds[row] = Int32(sourceCount)
                windowPlaces[row] = Int32(place)
                scoredTokens[row] = targets.map { $0[place] } ?? -1
                targetCount += 1
            }
            for row in firstSource..<sourceCount {
                sourceColumns.starts[row] = Int32(firstSource)
                sourceColumns.ends[row] = Int32(sourceCount)
            }
            pair = end
        }
        if sourceCount == 0 { addUnseenSource() }
    }

    /// A source of one token that nothing looks at, so that the encoder has rows to work on. A
    /// target without a source attends to nothing.
    private func addUnseenSource() {
        sourceColumns.ids[0] = padToken
        sourceColumns.places[0] = 0
        sourceColumns.starts[0] = 0
        sourceColumns.ends[0] = 1
        sourceCount = 1
    }
}
