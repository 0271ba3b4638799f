public import Tokenization

/// Place of the end-of-text token between documents.
public enum EndOfTextPolicy: String, Codable, Sendable, CaseIterable {
    /// Before each document, as llm.c writes it: a document's first token has something to follow.
    case before
    /// After each document, as nanoGPT writes it.
    case after
    /// Nowhere.
    case none
}

/// Settings of packing documents into shards: section `shards` of a pipeline.
public struct ShardConfiguration: Codable, Sendable, Equatable {
    /// The most tokens in a shard. Documents are not cut: one that is longer has a shard of its
    /// own.
    public var tokensPerShard = 100_000_000

    /// Place of the end-of-text token, where neither ``beginToken`` nor ``endToken`` is given.
    public var endOfText = EndOfTextPolicy.before

    /// Special token before each document, in place of the end-of-text token; nil for none.
    public var beginToken: String?

    /// Special token behind each document, in place of the end-of-text token; nil for none.
    public var endToken: String?

    /// Special tokens that are recognised in the documents; the rest of them is ordinary text.
    public var allowSpecial = SpecialTokenPolicy.none

    /// Stored bytes of input, compressed or not, that make a part of the data set: whole files in
    /// their order, until there are so many. Parts are encoded independently, on any machine, and
    /// shards do not reach over their ends; so a part is better many shards long.
    public var partBytes = 1 << 30

    /// The defaults.
    public init() {}

    /// The special tokens that are named for the bounds of documents.
    public var documentTokens: Set<String> { Set([beginToken, endToken].compactMap(\.self)) }

    /// The keys in `pipeline.json`.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case tokensPerShard = "tokens_per_shard"
        case endOfText = "end_of_text"
        case beginToken = "begin_token"
        case endToken = "end_token"
        case allowSpecial = "allow_special"
        case partBytes = "part_bytes"
    }
}

/// Width of a stored id.
public enum TokenWidth: String, Codable, Sendable {
    /// Two bytes, for vocabularies of at most 65,536 tokens.
    case uint16
    /// Four bytes.
    case uint32

    /// The narrowest width that holds every id of a vocabulary.
    public init(vocabularySize: Int) {
        self = vocabularySize <= 1 << 16 ? .uint16 : .uint32
    }

    /// Bytes an id.
    public var byteCount: Int {
        switch self {
        case .uint16: 2
        case .uint32: 4
        }
    }
}
