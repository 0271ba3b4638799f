/// Schedule of a mixture: the source that each position of a run draws from, in proportion to the
/// sources' weights.
///
/// The sources are the leaves of a binary tree. At a node whose left side has the share f, the
/// left side is drawn at position p when ⌊(p + 1)·f⌋ is above ⌊p·f⌋, and ⌊p·f⌋ is then the position
/// in the left side, the rest of p that in the right one (Bresenham's line). So the proportions
/// hold over every stretch of positions, not on average only: among the first n positions a source
/// is drawn n times its share, give or take one for each level of the tree. Nothing is remembered
/// and nothing is drawn by lot.
struct MixtureSchedule: Sendable {
    /// A node's left side: sources from its first up to `middle`, drawn with `share` of 2^63.
    private struct Node: Sendable {
        var middle: Int
        var share: UInt64
        /// The number of the node of the right side; that of the left side is the next one.
        var right: Int
    }

    /// The share of each source in all positions.
    let shares: [Double]
    private let nodes: [Node]

    /// Sources.
    var sourceCount: Int { shares.count }

    /// A schedule of as many sources as there are weights.
    ///
    /// - Precondition: every weight is positive and finite, and there is one.
    init(weights: [Double]) {
        precondition(!weights.isEmpty, "a schedule of no source")
        precondition(
            weights.allSatisfy { $0 > 0 && $0.isFinite }, "a weight that is not positive")
        let sum = weights.reduce(0, +)
        shares = weights.map { $0 / sum }
        var nodes: [Node] = []
        /// Appends the tree over `range` and returns the number of its root.
        func append(_ range: Range<Int>) -> Int {
            let number = nodes.count
            guard range.count > 1 else { return number }
            let middle = range.lowerBound + range.count / 2
            let left = weights[range.lowerBound..<middle].reduce(0, +)
            let all = left + weights[middle..<range.upperBound].reduce(0, +)
            let share = (left / all * 0x1p63).rounded()
            nodes.append(Node(middle: middle, share: UInt64(share), right: 0))
            _ = append(range.lowerBound..<middle)
            nodes[number].right = append(middle..<range.upperBound)
            return number
        }
        _ = append(0..<weights.count)
        self.nodes = nodes
    }

    /// The source that `position` draws from, and how many earlier positions drew from it.
    /// O(log sources).
    subscript(position: Int) -> (source: Int, index: Int) {
        precondition(position >= 0, "position \(position)")
        var (node, range, index) = (0, 0..<sourceCount, position)
        while range.count > 1 {
            let (middle, share) = (nodes[node].middle, nodes[node].share)
            let before = Self.leftCount(index, share)
            if Self.leftCount(index + 1, share) > before {
                (node, range, index) = (node + 1, range.lowerBound..<middle, before)
            } else {
                (node, range, index) = (
                    nodes[node].right, middle..<range.upperBound, index - before
                )
            }
        }
        return (range.lowerBound, index)
    }

    /// ⌊position · share / 2^63⌋.
    private static func leftCount(_ position: Int, _ share: UInt64) -> Int {
        let (high, low) = UInt64(position).multipliedFullWidth(by: share)
        return Int(high << 1 | low >> 63)
    }
}
