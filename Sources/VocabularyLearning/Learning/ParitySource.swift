import Bytes
import Tokenization

/// One of several sources, such as a language, that share the merges of a vocabulary.
final class ParitySource {
    // A class, because a learner cannot be copied and an array holds several.

    private var learner: MergeLearner

    /// Bytes of all occurrences of the source's pieces.
    let byteCount: UInt64

    /// Tokens that they are by the merges so far.
    private(set) var tokenCount: UInt64

    /// Whether no pair of the source is frequent enough any more.
    private(set) var isExhausted = false

    /// The source of `rows`, as bytes.
    ///
    /// - Parameters:
    ///   - mergeLimit: the most merges that will be made.
    ///   - maximumTokenLength: the most bytes of a token; nil for no limit.
    ///   - keepsShorter: whether a token that is made of one that was learned has fewer.
    init(
        _ rows: consuming PieceRows, mergeLimit: Int, maximumTokenLength: Int?, keepsShorter: Bool
    ) {
        // Merges of others are made wherever their pair stands, however rarely.
        learner = MergeLearner(
            rows, mergeLimit: mergeLimit, minimumCount: 1, maximumTokenLength: maximumTokenLength,
            keepsShorter: keepsShorter)
        byteCount = learner.byteCounts.reduce(0, +)
        tokenCount = byteCount
    }

    /// Occurrences of each byte.
    var byteCounts: [UInt64] { learner.byteCounts }

    /// Occurrences of each merge's pair when it was made.
    var mergeCounts: [UInt64] { learner.mergeCounts }

    /// Merges the source's own most frequent pair, which occurs at least so often, and returns it;
    /// nil if there is none.
    func learn(atLeast minimumCount: UInt64) -> MergePair? {
        guard learner.learn(atLeast: minimumCount) else {
            isExhausted = true
            return nil
        }
        tokenCount -= learner.lastMergeSize
        return learner.merges.last
    }

    /// Makes the merge of another source.
    func replay(_ pair: MergePair) {
        learner.replay(pair.left, pair.right)
        tokenCount -= learner.lastMergeSize
    }

    /// Whether this source has fewer bytes a token than `other`.
    func isWorse(than other: ParitySource) -> Bool {
        let mine = byteCount.multipliedFullWidth(by: other.tokenCount)
        let others = other.byteCount.multipliedFullWidth(by: tokenCount)
        return (mine.high, mine.low) < (others.high, others.low)
    }
}
