/// The rows of ``Packing/bestFit``.
///
/// A document's predictions are divided into pieces as long as a row, and one shorter piece at the
/// end. The short pieces of a group of neighbouring documents, 128 rows of tokens or a little more,
/// are packed with best-fit decreasing: longest first, each into the fullest row that has room,
/// among equals into the one that was filled last. A group is packed when it is needed, always the
/// same way, so that no plan is kept: what stays in memory is 32 bytes for each 128 rows, and a row
/// costs the packing of its group, O(documents of the group).
struct BestFitRows: Sendable {
    /// Rows of tokens that a group has at least, unless its shard ends.
    static let rowsPerGroup = 128

    private struct Group {
        var shard: Int
        var documents: Range<Int>
        var firstRow: Int
    }

    private let shards: [TokenShard]
    private let length: Int
    private let groups: [Group]
    /// Rows of all groups.
    let count: Int
    /// Predictions of all rows together.
    let scoredCount: Int

    /// Packs every group once, to count its rows. O(documents).
    init(shards: [TokenShard], length: Int) {
        self.shards = shards
        self.length = length
        var (groups, rows, scoredCount) = ([Group](), 0, 0)
        for (number, shard) in shards.enumerated() {
            var document = 0
            while document < shard.documentCount {
                let first = document
                var predictions = 0
                while document < shard.documentCount, predictions < Self.rowsPerGroup * length {
                    predictions += shard.predictions(ofDocument: document).count
                    document += 1
                }
                guard predictions > 0 else { continue }
                let pieces = Pieces(shard, first..<document, length: length)
                groups.append(Group(shard: number, documents: first..<document, firstRow: rows))
                rows += pieces.fullCount + BestFit(pieces.remainders, capacity: length).rowCount
                scoredCount += predictions
            }
        }
        self.groups = groups
        self.scoredCount = scoredCount
        count = rows
    }

    /// The stretches that row `number` is made of, in the order of their documents.
    /// O(log groups + documents of its group).
    subscript(number: Int) -> [Window] {
        var (low, high) = (0, groups.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if groups[middle].firstRow <= number { low = middle } else { high = middle }
        }
        let group = groups[low]
        let shard = shards[group.shard]
        let pieces = Pieces(shard, group.documents, length: length)
        func window(_ range: Range<Int>) -> Window {
            Window(
                shard: group.shard, start: range.lowerBound, length: range.count, alreadyScored: 0)
        }
        let row = number - group.firstRow
        if row < pieces.fullCount {
            return [window(pieces.fullPiece(row, of: shard, group.documents, length: length))]
        }
        let packing = BestFit(pieces.remainders, capacity: length)
        return group.documents.compactMap { document in
            let place = document - group.documents.lowerBound
            guard packing.rows[place] == row - pieces.fullCount else { return nil }
            let end = shard.predictions(ofDocument: document).upperBound
            return window(end - pieces.remainders[place]..<end)
        }
    }

    /// Pieces that the documents of a group are divided into.
    private struct Pieces {
        /// Pieces as long as a row.
        var fullCount = 0
        /// For each document the length of its short piece; 0 for none.
        var remainders: [Int] = []

        init(_ shard: TokenShard, _ documents: Range<Int>, length: Int) {
            remainders.reserveCapacity(documents.count)
            for document in documents {
                let (full, rest) = shard.predictions(ofDocument: document).count
                    .quotientAndRemainder(dividingBy: length)
                fullCount += full
                remainders.append(rest)
            }
        }

        /// The `number`-th piece as long as a row.
        func fullPiece(
            _ number: Int, of shard: TokenShard, _ documents: Range<Int>, length: Int
        ) -> Range<Int> {
            var left = number
            for document in documents {
                let range = shard.predictions(ofDocument: document)
                let full = range.count / length
                if left < full {
                    let start = range.lowerBound + left * length
                    return start..<start + length
                }
                left -= full
            }
            preconditionFailure("full piece \(number) of \(fullCount)")
        }
    }
}

extension TokenShard {
    /// The tokens from which a document is predicted, each the one after it: those of the document
    /// but its last; and also, before its first token, the end-of-text token that stands there, or,
    /// at its end, that of the next document, which is predicted from the last token.
    ///
    /// With end-of-text tokens every token of the shard but the first is so predicted exactly once;
    /// with a token before and another behind each document, every one but that before.
    func predictions(ofDocument number: Int) -> Range<Int> {
        let range = tokenRange(ofDocument: number)
        let last = max(range.lowerBound, range.upperBound - 1)
        return switch (marks.begin, marks.end) {
        case (_?, nil):
            range.lowerBound..<max(range.lowerBound, min(range.upperBound, tokenCount - 1))
        case (nil, _?): max(0, range.lowerBound - 1)..<last
        case (nil, nil), (_?, _?): range.lowerBound..<last
        }
    }
}

/// Best-fit decreasing bin packing of lengths into rows of one capacity.
///
/// The rows with the same room are a stack, and a bitmap says which stacks are not empty, so that
/// the fullest row with room enough is found by looking at a word for each 64 of the capacity.
struct BestFit {
    /// For each length the number of its row; for the lengths that are 0, which have none, -1.
    private(set) var rows: [Int]
    /// Rows used.
    private(set) var rowCount = 0

    /// Packs `lengths`, each from 0 to `capacity`. O(lengths · (log lengths + capacity / 64)).
    init(_ lengths: [Int], capacity: Int) {
        rows = Array(repeating: -1, count: lengths.count)
        let order = lengths.indices.filter { lengths[$0] > 0 }
            .sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        // The topmost row with each room, and below each row the next with the same; -1 ends.
        var top = [Int32](repeating: -1, count: capacity + 1)
        var below: [Int32] = []
        var occupied = [UInt64](repeating: 0, count: capacity / 64 + 1)
        for item in order {
            let length = lengths[item]
            let row: Int
            var room = capacity
            if let found = Self.firstSet(in: occupied, from: length) {
                room = found
                row = Int(top[room])
                top[room] = below[row]
                if top[room] < 0 { occupied[room >> 6] &= ~(1 << UInt64(room & 63)) }
            } else {
                row = rowCount
                rowCount += 1
                below.append(-1)
            }
            rows[item] = row
            room -= length
            if room > 0 {
                below[row] = top[room]
                top[room] = Int32(row)
                occupied[room >> 6] |= 1 << UInt64(room & 63)
            }
        }
    }

    /// The lowest number from `start` on whose bit is set.
    private static func firstSet(in bitmap: [UInt64], from start: Int) -> Int? {
        var word = start >> 6
        var bits = bitmap[word] & ~0 << UInt64(start & 63)
        while bits == 0 {
            word += 1
            guard word < bitmap.count else { return nil }
            bits = bitmap[word]
        }
        return word << 6 + bits.trailingZeroBitCount
    }
}
