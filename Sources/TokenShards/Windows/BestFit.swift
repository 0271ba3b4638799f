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
