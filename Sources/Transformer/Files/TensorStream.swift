/// A tensor on its way into a file, a run of rows at a time.
struct TensorStream {
    /// Its name in the file.
    let name: String
    /// Its shape, row-major.
    let shape: [Int]
    /// Copies the given rows, (rows, ``rowWidth``).
    let read: (_ rows: Range<Int>, _ floats: FloatSlice) -> Void

    /// Numbers of a run: large enough that the calls cost nothing, small beside any model.
    private static let runCount = 1 << 20

    /// Number of rows: the first of the shape's sizes, 1 for a single number.
    var rowCount: Int { shape.first ?? 1 }

    /// Numbers of a row.
    var rowWidth: Int { shape.dropFirst().reduce(1, *) }

    /// Calls `body` with each run of whole rows. O(count).
    func forEachRun<Failure: Error>(
        _ body: (Range<Int>, FloatSlice) throws(Failure) -> Void
    ) throws(Failure) {
        guard rowCount > 0, rowWidth > 0 else { return }
        let rowsOfRun = min(rowCount, max(1, Self.runCount / rowWidth))
        let scratch = FloatBuffer(count: rowsOfRun * rowWidth)
        defer { extendLifetime(scratch) }
        var start = 0
        while start < rowCount {
            let rows = start..<min(start + rowsOfRun, rowCount)
            let floats = scratch.slice(0..<rows.count * rowWidth)
            read(rows, floats)
            try body(rows, floats)
            start = rows.upperBound
        }
    }
}
