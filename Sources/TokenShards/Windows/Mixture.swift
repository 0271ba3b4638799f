import Bytes
public import Work

/// A data set that is one of several to learn from.
public struct WeightedShards: Sendable {
    /// Name in reports.
    public var name: String
    /// The data set.
    public var set: ShardSet
    /// Its share of what is learned from, in proportion to the weights of the others.
    public var weight: Double

    /// A data set and its share.
    public init(name: String, set: ShardSet, weight: Double = 1) {
        self.name = name
        self.set = set
        self.weight = weight
    }
}

/// The data sets that a model learns from, and their shares.
///
/// A weight says how much of the training is drawn from a data set, whatever its size: a small one
/// with a great weight comes round more often, each time in another order. Shares are counted in
/// rows, which are of one length.
public struct Mixture: Sendable {
    /// The data sets, at least one.
    public let sources: [WeightedShards]

    /// Range of a data set's weight. Sums of weights stay numbers.
    public static let weightRange = ValueRange.above(0, upTo: 1e15)

    /// A mixture of `sources`.
    ///
    /// - Throws: ``ShardError/badMixture(reason:)`` for none, for a weight that is not positive,
    ///   and for data sets of different vocabularies.
    public init(_ sources: [WeightedShards]) throws(ShardError) {
        guard let first = sources.first else {
            throw .badMixture(reason: "it has no data set: name at least one")
        }
        for source in sources {
            guard Self.weightRange.contains(source.weight) else {
                throw .badMixture(
                    reason: "the weight of \(source.name) is \(source.weight); "
                        + Self.weightRange.wish)
            }
            guard source.set.manifest.vocabulary == first.set.manifest.vocabulary else {
                throw .badMixture(
                    reason: """
                        \(first.name) and \(source.name) were encoded with different vocabularies: \
                        encode them with one
                        """)
            }
        }
        self.sources = sources
    }

    /// One data set alone.
    public init(_ set: ShardSet) {
        sources = [WeightedShards(name: set.directory, set: set)]
    }

    /// The share of each data set in what is learned from.
    public var shares: [Double] { MixtureSchedule(weights: sources.map(\.weight)).shares }

    /// Totals of a split over all data sets.
    public func totals(of split: Split) -> ShardManifest.Totals {
        sources.reduce(into: .init()) { $0 += $1.set.manifest.totals(of: split) }
    }

    /// Lines and documents that were left out of all data sets.
    public var skipped: ShardManifest.Skipped {
        sources.reduce(into: .init()) { $0 += $1.set.manifest.skipped }
    }

    /// A fingerprint of the ids, their order and the shares: 16 hexadecimal digits; of one data set
    /// alone its own. O(shards).
    public var fingerprint: String {
        guard sources.count > 1 else { return sources[0].set.fingerprint }
        var hash = XXH64()
        for source in sources {
            let line = Array("\(source.set.fingerprint) \(source.weight)\n".utf8)
            unsafe hash.update(line.span.bytes)
        }
        return hexadecimal(hash.digest())
    }

    /// Batches of the training splits.
    ///
    /// - Parameters:
    ///   - packing: how documents are laid into rows.
    ///   - length: predictions a row, the context.
    ///   - stride: as for ``ShardSet/rows(in:packing:length:stride:marksDocuments:)``.
    ///   - marksDocuments: whether batches say where documents begin.
    ///   - batchSize: rows a batch.
    ///   - seed: chooses the orders.
    ///   - shiftsWindows: whether windows are cut elsewhere in each epoch after the first; rows
    ///     that go on are not.
    ///   - isContinuous: whether each row of a batch goes on where that of the batch before ended,
    ///     all data sets being cut in streams, and not shuffled. A data set then has its share of
    ///     the rows, rounded to whole ones.
    /// - Throws: ``ShardError/tooFewTokens(split:tokenCount:needed:)`` for a data set without a
    ///   row, ``ShardError/badMixture(reason:)`` for one of several, and
    ///   ``ShardError/tooFewWindows(windowCount:rowCount:)`` for one with fewer than its streams.
    public func loader(
        packing: Packing = .concatenate, length: Int, stride: Int? = nil,
        marksDocuments: Bool = false, batchSize: Int, seed: UInt64, shiftsWindows: Bool = false,
        isContinuous: Bool = false
    ) throws(ShardError) -> BatchLoader {
        let rows = sources.map { source in
            source.set.rows(
                in: .train, packing: packing, length: length, stride: stride,
                marksDocuments: marksDocuments)
        }
        for (source, rows) in zip(sources, rows) where rows.count == 0 && sources.count > 1 {
            throw .badMixture(
                reason: """
                    \(source.name) has no shard of \(length + 1) training tokens, which one window \
                    needs: give it more text, choose a shorter context, or leave it out
                    """)
        }
        return try BatchLoader(
            sources: rows,
            schedule: MixtureSchedule(weights: sources.map(\.weight)), batchSize: batchSize,
            seed: seed, shiftsWindows: shiftsWindows, isContinuous: isContinuous)
    }
}

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
