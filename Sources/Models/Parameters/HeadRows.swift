/// The order in which a file has the rows of queries, keys and values: those of each head together,
/// as GPT-NeoX has them.
///
/// In memory, as in all other architectures, the queries of all heads come first, then all keys,
/// then all values.
package struct HeadRows: Equatable, Sendable {
    /// Heads.
    package let heads: Int
    /// Rows of a head's queries, which lie one behind the other in both orders.
    package let size: Int

    private static let parts = 3

    /// The row of the file that has a row of memory.
    func fileRow(of row: Int) -> Int {
        let (part, head) = (row / (heads * size), row / size % heads)
        return (head * Self.parts + part) * size + row % size
    }

    /// The row of memory that has a row of the file.
    func memoryRow(of row: Int) -> Int {
        let (head, part) = (row / (Self.parts * size), row / size % Self.parts)
        return (part * heads + head) * size + row % size
    }

    /// Calls `body` with the runs of `rows` that lie together in both orders: each run, and the row
    /// in the other order at which it begins. O(runs).
    func forEachRun<Failure: Error>(
        of rows: Range<Int>, _ other: (Int) -> Int,
        _ body: (_ run: Range<Int>, _ start: Int) throws(Failure) -> Void
    ) throws(Failure) {
        var row = rows.lowerBound
        while row < rows.upperBound {
            let end = min(rows.upperBound, (row / size + 1) * size)
            try body(row..<end, other(row))
            row = end
        }
    }
}
