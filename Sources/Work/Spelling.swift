/// Guesses at what a person meant who mistyped a name.
package enum Spelling {
    /// The candidate that takes the fewest edits to reach, if those are at most a third of its
    /// length, or two.
    package static func nearest(to name: String, among candidates: [String]) -> String? {
        let best = candidates.map { (editCount(name, $0), $0) }.min { $0 < $1 }
        guard let best, best.0 <= max(2, best.1.count / 3) else { return nil }
        return best.1
    }

    /// The least number of insertions, deletions, substitutions and exchanges of neighbours that
    /// lead from one to the other, none of which changes what another one wrote. O(a·b).
    ///
    /// Source: the restricted distance of Damerau, "A technique for computer detection and
    /// correction of spelling errors", 1964.
    package static func editCount(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        // Rows of the table for two, one and no characters of `a` less.
        var before: [Int] = []
        var above: [Int] = []
        var row = Array(0...b.count)
        for i in a.indices {
            (before, above, row) = (above, row, [i + 1] + row.dropFirst())
            for j in b.indices {
                var least = min(row[j], above[j + 1]) + 1
                least = min(least, above[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    least = min(least, before[j - 1] + 1)
                }
                row[j + 1] = least
            }
        }
        return row[b.count]
    }
}
