import TokenShards
import Tokenization
public import Training
import Work

/// What an evaluation of a split has found.
public struct EvaluationReport: Sendable {
    /// The result for the whole split.
    public var total: EvaluationResult
    /// That of each of several data sets, or of each source of one.
    public var sources: [SourceResult]
    /// The way in which they were read.
    public var reading: EvaluationReading
    /// Bounds of the bits per byte, from the differences between documents; nil where a part of
    /// each document is scored, or there are fewer than two.
    public var confidence: DocumentScores.Interval?
    /// The same of each of ``sources``.
    public var sourceConfidences: [DocumentScores.Interval?] = []
    /// The documents that the model predicts worst, if some are wanted.
    public var worst: [ScoredDocument] = []
    /// Those that it predicts best.
    public var best: [ScoredDocument] = []
}

extension EvaluationReport {
    /// Takes what the scores of documents say.
    mutating func take(
        _ documents: DocumentScores, count: Int, _ sets: [ShardSet], _ split: Split,
        _ vocabulary: Vocabulary, _ team: ThreadTeam
    ) {
        confidence = documents.interval(team: team)
        sourceConfidences = sources.indices.map { documents.interval(ofSource: $0, team: team) }
        let (worst, best) = documents.extremes(count)
        self.worst = worst.map { ScoredDocument($0, of: sets, split, vocabulary) }
        self.best = best.map { ScoredDocument($0, of: sets, split, vocabulary) }
    }
}

/// A document that was scored.
public struct ScoredDocument: Sendable, Equatable, Encodable {
    /// The shard's file.
    public var shard: String
    /// Its number in the shard, from 0.
    public var document: Int
    /// Its bits per byte.
    public var bitsPerByte: Double
    /// Bytes of its text that were scored.
    public var byteCount: Int
    /// Its first words, without line breaks.
    public var beginning: String

    enum CodingKeys: String, CodingKey {
        case shard, document, beginning
        case bitsPerByte = "bits_per_byte"
        case byteCount = "bytes"
    }

    /// Tokens that are looked at for the first words, and characters that are shown of them.
    private static let (tokenCount, characterCount) = (24, 48)

    init(
        _ entry: DocumentScores.Entry, of sets: [ShardSet], _ split: Split, _ vocabulary: Vocabulary
    ) {
        let shard = sets[entry.set].shards(of: split)[entry.shard]
        self.shard = shard.path
        document = entry.document
        bitsPerByte = entry.result.bitsPerByte
        byteCount = entry.result.byteCount
        let range = shard.textRange(ofDocument: entry.document)
        let ids = shard.tokens(range.prefix(Self.tokenCount))
        let text = String(
            decoding: (try? vocabulary.decode(ids)) ?? [], as: UTF8.self)
        beginning = String(
            text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                .prefix(Self.characterCount))
    }
}
