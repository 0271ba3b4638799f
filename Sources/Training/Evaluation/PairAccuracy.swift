public import Models
public import TokenShards
public import Tokenization
public import Work

/// Share of held-out pairs whose target a model writes exactly, given the source.
public struct PairAccuracy: Codable, Equatable, Sendable {
    /// Pairs that were looked at.
    public var pairCount = 0
    /// Pairs whose target came out token for token.
    public var exactCount = 0
    /// Tokens of the targets, the ends included.
    public var tokenCount = 0
    /// Tokens to insert, remove or replace to make the targets of what was written.
    public var editCount = 0

    /// The share of exact targets, from 0 to 1.
    public var exactShare: Double { Double(exactCount) / Double(max(pairCount, 1)) }
    /// Edits for each token of the targets: 0 where all is right.
    public var errorRate: Double { Double(editCount) / Double(max(tokenCount, 1)) }

    /// The names in JSON.
    enum CodingKeys: String, CodingKey {
        case pairCount = "pairs"
        case exactCount = "exact"
        case tokenCount = "tokens"
        case editCount = "edits"
    }

    /// Nothing looked at.
    public init() {}

    /// Adds another set's counts.
    public static func += (sum: inout PairAccuracy, other: PairAccuracy) {
        sum.pairCount += other.pairCount
        sum.exactCount += other.exactCount
        sum.tokenCount += other.tokenCount
        sum.editCount += other.editCount
    }

    /// Writes the targets of pairs of a split by beam search, and compares.
    ///
    /// - Parameters:
    ///   - model: the model, which writes targets.
    ///   - template: the tokens that pairs are made with.
    ///   - set: pairs in `template`.
    ///   - split: the part of them.
    ///   - limit: the most pairs to look at, spread evenly over the split; nil for all.
    ///   - beamCount: beams of the search; 1 takes the likeliest token each time.
    ///   - team: the threads.
    ///   - progress: called with the pairs done and those in all, and may end it by throwing.
    public static func measure(
        _ model: any LanguageModel, _ template: PairTemplate, _ set: ShardSet, _ split: Split,
        limit: Int? = nil, beamCount: Int = 1, team: ThreadTeam,
        progress: (Int, Int) throws -> Void = { _, _ in }
    ) rethrows -> PairAccuracy {
        let pass = model.makeInferencePass(
            weights: .float32, textCount: beamCount, team: team, kernels: .best)
        let context = model.configuration.contextLimit
        let search = BeamSearch(beamCount: beamCount, maximumTokenCount: context ?? 1_024)
        let shards = set.shards(of: split)
        let total = shards.reduce(0) { $0 + $1.documentCount }
        let wanted = min(limit ?? total, total)
        var (accuracy, seen) = (PairAccuracy(), 0)
        for shard in shards {
            for document in 0..<shard.documentCount {
                defer { seen += 1 }
                // So many of all, at equal distances.
                guard (seen + 1) * wanted / total > seen * wanted / total else { continue }
                let ids = shard.text(ofDocument: document)
                guard let cut = ids.firstIndex(of: template.pad) else { continue }
                let written = search.search(
                    pass, prompt: Array(ids[...cut]), endToken: template.end,
                    contextLimit: context)
                // A text that did not end by itself lacks its last token.
                let ends = written.first?.hasEnded == true ? [template.end] : []
                accuracy.add((written.first?.tokens ?? []) + ends, target: Array(ids[(cut + 1)...]))
                try progress(accuracy.pairCount, wanted)
            }
        }
        return accuracy
    }

    private mutating func add(_ written: [TokenID], target: [TokenID]) {
        pairCount += 1
        if written == target { exactCount += 1 }
        tokenCount += target.count
        editCount += Self.distance(written, target)
    }

    /// The fewest insertions, removals and replacements that make `target` of `text`. O(their
    /// product). Levenshtein, "Binary codes capable of correcting deletions, insertions, and
    /// reversals", 1966.
    static func distance(_ text: [TokenID], _ target: [TokenID]) -> Int {
        var row = Array(0...target.count)
        for (i, token) in text.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in target.enumerated() {
                let replaced = diagonal + (token == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[target.count]
    }
}
