import Tokenization

/// Texts by what they have in common: a node holds tokens that several texts share, or the rest of
/// one, and its children what follows.
///
/// A model reads a node once, and the texts below it go on from copies of its state.
struct TextTree {
    /// Tokens that are read one after the other.
    struct Node {
        /// Number of a text that goes through it.
        let text: Int
        /// Places of the tokens in that text.
        let places: Range<Int>
        /// Numbers of the texts that go through it, or end in it.
        let texts: [Int]
        /// What follows.
        let children: [Node]

        /// Tokens of it and of all that follows.
        var tokenCount: Int { children.reduce(places.count) { $0 + $1.tokenCount } }
    }

    /// The nodes at which texts begin.
    let roots: [Node]
    /// Tokens that are read in all.
    var tokenCount: Int { roots.reduce(0) { $0 + $1.tokenCount } }

    /// Nodes on the way to the end of a text: states of all are kept at once.
    private static let levels = 6
    /// The fewest tokens that are worth a copy of a state, and the share of a text that they are.
    private static let (leastShared, shareDivisor) = (4, 3)

    private let texts: [ScoredText]

    /// The tree of `texts`. O(n log n) comparisons of texts.
    init(_ texts: [ScoredText]) {
        let order = texts.indices.sorted { Self.precedes(texts[$0], texts[$1]) }
        var common = [0]
        for index in order.indices.dropFirst() {
            let (a, b) = (texts[order[index - 1]], texts[order[index]])
            let most = min(a.inputCount, b.inputCount)
            common.append((0..<most).first { a.ids[$0] != b.ids[$0] } ?? most)
        }
        self.texts = texts
        roots = Self.nodes(
            texts, order, common, order.indices, depth: 0, levels: Self.levels)
    }

    private static func precedes(_ a: ScoredText, _ b: ScoredText) -> Bool {
        for index in 0..<min(a.inputCount, b.inputCount) where a.ids[index] != b.ids[index] {
            return a.ids[index].rawValue < b.ids[index].rawValue
        }
        return a.inputCount < b.inputCount
    }

    /// The nodes of the texts `range` of `order`, whose first `depth` tokens are read.
    private static func nodes(
        _ texts: [ScoredText], _ order: [Int], _ common: [Int], _ range: Range<Int>, depth: Int,
        levels: Int
    ) -> [Node] {
        var nodes: [Node] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let first = order[start]
            guard texts[first].inputCount > depth else {
                start += 1
                continue
            }
            var end = start + 1
            while levels > 1, end < range.upperBound,
                isWorthSharing(
                    common[end], depth, texts[order[end - 1]].inputCount,
                    texts[order[end]].inputCount)
            {
                end += 1
            }
            // Of a group, what all have in common; of one text, the rest.
            let shared = common[(start + 1)..<end].min() ?? texts[first].inputCount
            nodes.append(
                Node(
                    text: first, places: depth..<shared, texts: Array(order[start..<end]),
                    children: end == start + 1
                        ? []
                        : Self.nodes(
                            texts, order, common, start..<end, depth: shared, levels: levels - 1)))
            start = end
        }
        return nodes
    }

    private static func isWorthSharing(
        _ common: Int, _ depth: Int, _ first: Int, _ second: Int
    ) -> Bool {
        let (gain, shorter) = (common - depth, min(first, second) - depth)
        return common == first && common == second
            || gain >= leastShared && gain * shareDivisor >= shorter
    }
}
