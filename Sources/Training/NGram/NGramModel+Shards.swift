public import Models
public import TokenShards
import Tokenization

extension NGramModel {
    /// Memory for counts where nothing else is said: 1 GiB, which holds the n-grams up to 5 of some
    /// millions of tokens.
    public static let defaultMemoryLimit = 1 << 30

    /// Counts the n-grams of the training splits of `sets`, each token once, in their order.
    ///
    /// - Parameters:
    ///   - sets: data sets of one vocabulary.
    ///   - order: the length of the longest n-grams.
    ///   - masksDocuments: whether each document is a text of its own; otherwise each shard is.
    ///   - memoryLimit: bytes that the counts may take. What is met when they are full is left out.
    ///   - progress: called with the tokens counted and the tokens in all; ends the work by an
    ///     error.
    /// - Returns: the model, and the tokens that it was counted from.
    /// - Complexity: O(tokens · order).
    public static func counted(
        from sets: [ShardSet], order: Int, masksDocuments: Bool,
        memoryLimit: Int = NGramModel.defaultMemoryLimit,
        progress: (_ completed: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> (model: NGramModel, tokenCount: Int) {
        let shards = sets.flatMap { $0.shards(of: .train) }
        let total = shards.reduce(0) { $0 + $1.tokenCount }
        var counter = NGramCounter(
            order: order, vocabularySize: sets.map(\.manifest.vocabulary.size).max() ?? 1,
            memoryLimit: memoryLimit)
        for shard in shards {
            let texts =
                masksDocuments && shard.documentCount > 0
                ? (0..<shard.documentCount).map { shard.tokenRange(ofDocument: $0) }
                : [0..<shard.tokenCount]
            for text in texts {
                // A part at a time, so that a long text is not in memory twice.
                for start in stride(from: text.lowerBound, to: text.upperBound, by: 1 << 16) {
                    guard !counter.isFull else { break }
                    let ids = shard.tokens(start..<min(start + 1 << 16, text.upperBound))
                    counter.add(ids.span, continues: start > text.lowerBound)
                    try progress(counter.tokenCount, total)
                }
            }
        }
        return (counter.model(), counter.tokenCount)
    }
}
