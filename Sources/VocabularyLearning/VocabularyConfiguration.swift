import Bytes
public import Tokenization
public import Work

/// Settings of learning a vocabulary: the section "vocabulary" of `pipeline.json`.
public struct VocabularyConfiguration: Codable, Sendable, Equatable {
    /// Number of tokens to learn: special tokens, 256 bytes, and merges.
    public var vocabularySize = 4096

    /// Pattern that cuts a text into the pieces that merges never cross; one that is not only for
    /// show.
    public var pattern = SplitPattern.gpt4

    /// The special tokens, which get the first ids in this order.
    public var specialTokens = ["<|endoftext|>"]

    /// A pair that occurs less often is not merged.
    public var minimumFrequency = 2

    /// The most bytes a learned token may have; `nil` for no limit.
    public var maximumTokenLength: Int?

    /// Order in which equally frequent pairs are merged.
    public var tieRule = TieRule.huggingface

    /// The memory that learning may take; `nil` for most of the machine's. The result does not
    /// depend on it.
    public var memory: ByteSize?

    /// The names in the file.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        /// ``VocabularyConfiguration/vocabularySize``.
        case vocabularySize = "vocab_size"
        /// ``VocabularyConfiguration/pattern``.
        case pattern
        /// ``VocabularyConfiguration/specialTokens``.
        case specialTokens = "special_tokens"
        /// ``VocabularyConfiguration/minimumFrequency``.
        case minimumFrequency = "min_frequency"
        /// ``VocabularyConfiguration/maximumTokenLength``.
        case maximumTokenLength = "max_token_length"
        /// ``VocabularyConfiguration/tieRule``.
        case tieRule = "tie"
        /// ``VocabularyConfiguration/memory``.
        case memory
    }

    /// The defaults.
    public init() {}

    /// Reads what is given; the rest keeps its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.read(.vocabularySize, into: &vocabularySize)
        try values.read(.pattern, into: &pattern)
        try values.read(.specialTokens, into: &specialTokens)
        try values.read(.minimumFrequency, into: &minimumFrequency)
        try values.read(.maximumTokenLength, into: &maximumTokenLength)
        try values.read(.tieRule, into: &tieRule)
        try values.read(.memory, into: &memory)
    }

    /// Throws unless a vocabulary can be learned this way.
    public func validate() throws(TokenizationError) {
        guard !pattern.regularExpressions.isEmpty else {
            throw .invalidConfiguration(
                reason: "the pattern \"\(pattern.rawValue)\" only shows how text can be cut; "
                    + "use another, such as \"gpt4\"")
        }
        guard vocabularySize >= 256 + specialTokens.count else {
            throw .invalidConfiguration(
                reason: "vocab_size is \(vocabularySize), but 256 bytes and \(specialTokens.count) "
                    + "special tokens need at least \(256 + specialTokens.count)")
        }
        guard vocabularySize <= TokenTable.maximumCount else {
            throw .invalidConfiguration(
                reason: "vocab_size is \(vocabularySize); the most is \(TokenTable.maximumCount)")
        }
        guard minimumFrequency >= 0 else {
            throw .invalidConfiguration(
                reason: "min_frequency is \(minimumFrequency); use 0 or more")
        }
        if let maximumTokenLength, maximumTokenLength < 1 {
            throw .invalidConfiguration(
                reason: "max_token_length is \(maximumTokenLength); use 1 or more")
        }
        guard Set(specialTokens.map(ExactName.init)).count == specialTokens.count else {
            throw .invalidConfiguration(reason: "a special token is listed twice")
        }
        for content in specialTokens {
            guard !content.isEmpty else {
                throw .invalidConfiguration(reason: "a special token is empty")
            }
            // In a tokenizer.json both kinds are names in one list, so they must differ there.
            if let bytes = ByteCharacters.bytes(for: content),
                String(validating: bytes, as: UTF8.self) != nil,
                pattern.pieces(of: bytes.span).count == 1
            {
                throw .invalidConfiguration(
                    reason: "the special token \"\(content)\" could also be learned from text; "
                        + "choose one that is not a single word, such as <|endoftext|>")
            }
        }
    }
}

/// Order in which equally frequent pairs become tokens.
///
/// Both rules take the pair with the smallest left id, then the smallest right id; tokens are
/// numbered in the order in which they are made. They differ in how the 256 bytes are numbered
/// before that.
public enum TieRule: String, Codable, CaseIterable, Sendable {
    /// The bytes in the order of the characters that stand for them: `!` first, the space behind
    /// all that is printable. Hugging Face's `BpeTrainer` does it so.
    case huggingface
    /// The bytes by their values. rustbpe and bpeasy do it so.
    case bytes

    /// The 256 bytes, the first of them with number 0.
    var bytesInOrder: [UInt8] {
        switch self {
        case .huggingface: ByteCharacters.bytesInOrder
        case .bytes: Array(0...255)
        }
    }
}
