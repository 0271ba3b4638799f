import TokenShards
import Tokenization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Scores of a model's predictions of a text.
public struct EvaluationResult: Codable, Equatable, Sendable {
    /// Predictions scored.
    public var tokenCount: Int
    /// Bytes of text that those tokens stand for: what they decode to, special tokens being none.
    /// A token that is not predicted, such as a shard's first, adds none.
    public var byteCount: Int
    /// The sum of all predictions' negative log-likelihoods, in nats.
    public var totalLoss: Double

    /// The result for given sums.
    public init(tokenCount: Int, byteCount: Int, totalLoss: Double) {
        self.tokenCount = tokenCount
        self.byteCount = byteCount
        self.totalLoss = totalLoss
    }

    /// The result for no text.
    public static let none = EvaluationResult(tokenCount: 0, byteCount: 0, totalLoss: 0)

    /// Adds another text's result.
    public static func += (result: inout EvaluationResult, other: EvaluationResult) {
        result.tokenCount += other.tokenCount
        result.byteCount += other.byteCount
        result.totalLoss += other.totalLoss
    }

    /// Nats a token.
    public var loss: Double { totalLoss / Double(max(tokenCount, 1)) }

    /// The number of tokens that would be as uncertain if they were equally likely.
    public var perplexity: Double { exp(loss) }

    /// Bits a byte of text: the one figure that compares across vocabularies.
    public var bitsPerByte: Double { totalLoss / log(2) / Double(max(byteCount, 1)) }

    /// The names in checkpoints.
    enum CodingKeys: String, CodingKey {
        case tokenCount = "tokens"
        case byteCount = "bytes"
        case totalLoss = "total_loss"
    }
}

/// Scores of a model on one file, or on one of the data sets that it learns from.
public struct SourceResult: Codable, Equatable, Sendable {
    /// The file as it was named, or what the data set is called.
    public var name: String
    /// Scores of its documents; without tokens where none are held out.
    public var result: EvaluationResult

    /// A result and whose it is.
    public init(name: String, result: EvaluationResult) {
        self.name = name
        self.result = result
    }
}

/// Adds up losses by the sources of the documents.
struct SourceTally {
    private let shards: [TokenShard]
    private let finder: SourceFinder
    private let vocabulary: Vocabulary
    private(set) var results: [SourceResult]

    /// A tally of the sources of a split; nil where there is one source only, or the data set does
    /// not know which documents are whose. O(sources).
    init?(_ set: ShardSet, _ split: Split, _ vocabulary: Vocabulary) {
        guard set.manifest.sources.count > 1,
            let finder = SourceFinder(set, split)
        else { return nil }
        shards = set.shards(of: split)
        self.finder = finder
        self.vocabulary = vocabulary
        results = set.manifest.sources.map { SourceResult(name: $0.path, result: .none) }
    }

    /// Adds a window's predictions: the losses and the targets of its positions.
    mutating func add(
        _ window: Window, _ losses: ArraySlice<Float>, _ targets: ArraySlice<TokenID>
    ) {
        let shard = shards[window.shard]
        var document = shard.document(containing: window.start + window.alreadyScored + 1)
        var source = finder.source(ofDocument: document, inShard: window.shard)
        for position in window.alreadyScored..<window.length {
            let target = window.start + position + 1
            while document + 1 < shard.documentCount,
                target >= shard.document(document + 1).firstToken
            {
                document += 1
                source = finder.source(ofDocument: document, inShard: window.shard)
            }
            results[source].result.tokenCount += 1
            results[source].result.byteCount += vocabulary.textByteCount(
                of: targets[targets.startIndex + position])
            results[source].result.totalLoss += Double(losses[losses.startIndex + position])
        }
    }
}
