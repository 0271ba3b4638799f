import Bytes

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

    /// A mixture of `sources`.
    ///
    /// - Throws: ``ShardError/badMixture(reason:)`` for none, for a weight that is not positive,
    ///   and for data sets of different vocabularies.
    public init(_ sources: [WeightedShards]) throws(ShardError) {
        guard let first = sources.first else {
            throw .badMixture(reason: "it has no data set: name at least one")
        }
        for source in sources {
            guard source.weight > 0, source.weight.isFinite else {
                throw .badMixture(
                    reason: "the weight of \(source.name) is \(source.weight): it must be positive")
            }
            guard source.set.manifest.vocabulary == first.set.manifest.vocabulary else {
                throw .badMixture(
                    reason: """
                        \(first.name) and \(source.name) were encoded with different vocabularies: \
                        encode them with one
                        """)
            }
        }
        guard sources.reduce(0, { $0 + $1.weight }).isFinite else {
            throw .badMixture(reason: "the sum of its weights is no number: choose smaller ones")
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
    /// - Throws: ``ShardError/tooFewTokens(split:tokenCount:needed:)`` for a data set without a
    ///   row, and ``ShardError/badMixture(reason:)`` for one of several.
    public func loader(
        packing: Packing = .concatenate, length: Int, stride: Int? = nil,
        marksDocuments: Bool = false, batchSize: Int, seed: UInt64
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
            seed: seed)
    }
}
