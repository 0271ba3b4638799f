/// Rows of text in columns.
enum Table {
    /// Each column as wide as its widest cell, two spaces between.
    ///
    /// - Parameter alignRight: whether all columns but the first end, rather than begin, at the same
    ///   place, as numbers should.
    static func text(_ rows: [[String]], indent: Int = 0, alignRight: Bool = false) -> String {
        let columnCount = rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        var text = ""
        for row in rows {
            var line = String(repeating: " ", count: indent)
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                if alignRight, column > 0 {
                    line += "  " + padding + cell
                } else {
                    line += column > 0 ? "  " : ""
                    line += cell
                    if column + 1 < row.count { line += padding }
                }
            }
            text += line + "\n"
        }
        return text
    }
}
