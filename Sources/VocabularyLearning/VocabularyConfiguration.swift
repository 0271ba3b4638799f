import Bytes
public import Tokenization
public import Work

/// Settings of learning a vocabulary: the section "vocabulary" of `pipeline.json`.
public struct VocabularyConfiguration: Codable, Sendable, Equatable {
    /// What the tokens are: merges of byte-pair encoding, words, or characters.
    public var model = VocabularyModel.bpe

    /// Number of tokens to learn: special tokens, 256 bytes, and merges, words or characters.
    public var vocabularySize = 4096

    /// Pattern that cuts a text into the pieces that merges never cross, or that are the words or
    /// characters; one of the ``model``'s.
    public var pattern = SplitPattern.gpt4

    /// Tokens in all before the first superword, which may join words: what follows is learned of
    /// texts that `SplitPattern/superbpe` cuts at numbers only, and the vocabulary cuts so, too.
    /// `nil` for words alone.
    public var superwordsFrom: Int?

    /// The pattern of the vocabulary that is learned.
    public var finalPattern: SplitPattern { superwordsFrom == nil ? pattern : .superbpe }

    /// Whether each merge is chosen for the source, such as a language, that is compressed least by
    /// then, so that none is compressed much worse than the others; else all are taken as one.
    public var parity = false

    /// The special tokens, which get the first ids in this order.
    public var specialTokens = ["<|endoftext|>"]

    /// Special tokens, or other strings, that are left out of what is learned from where they stand
    /// in a text; all are those of ``specialTokens``.
    public var excludeSpecial = SpecialTokenPolicy.none

    /// The strings that ``excludeSpecial`` names.
    public var excludedContents: [String] {
        switch excludeSpecial {
        case .none: []
        case .all: specialTokens
        case .only(let contents): contents.sorted()
        }
    }

    /// A pair that occurs less often is not merged, and a word or character no token.
    public var minimumFrequency = 2

    /// The most bytes a learned token may have; `nil` for no limit. By ``TieRule/huggingface`` a
    /// token that is made of one that was learned has fewer, as in `tokenizers`.
    public var maximumTokenLength: Int?

    /// Order in which equally frequent pairs are merged; words and characters have none.
    public var tieRule = TieRule.huggingface

    /// The memory that learning may take; `nil` for most of the machine's. The result does not
    /// depend on it.
    public var memory: ByteSize?

    /// The names in the file.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        /// ``VocabularyConfiguration/model``.
        case model
        /// ``VocabularyConfiguration/vocabularySize``.
        case vocabularySize = "vocab_size"
        /// ``VocabularyConfiguration/pattern``.
        case pattern
        /// ``VocabularyConfiguration/superwordsFrom``.
        case superwordsFrom = "superwords_from"
        /// ``VocabularyConfiguration/parity``.
        case parity
        /// ``VocabularyConfiguration/specialTokens``.
        case specialTokens = "special_tokens"
        /// ``VocabularyConfiguration/excludeSpecial``.
        case excludeSpecial = "exclude_special"
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

    /// The defaults for tokens of a kind.
    public init(model: VocabularyModel) {
        self.model = model
        pattern = model.defaultPattern
    }

    /// Reads what is given; the rest keeps its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.read(.model, into: &model)
        pattern = model.defaultPattern
        try values.read(.vocabularySize, into: &vocabularySize)
        try values.read(.pattern, into: &pattern)
        try values.read(.superwordsFrom, into: &superwordsFrom)
        try values.read(.parity, into: &parity)
        try values.read(.specialTokens, into: &specialTokens)
        try values.read(.excludeSpecial, into: &excludeSpecial)
        try values.read(.minimumFrequency, into: &minimumFrequency)
        try values.read(.maximumTokenLength, into: &maximumTokenLength)
        try values.read(.tieRule, into: &tieRule)
        try values.read(.memory, into: &memory)
    }

    /// Writes every value, but the model only where it is not BPE, and what is left out only where
    /// anything is, so that what was recorded of a configuration before there were others is still
    /// what it is.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        if model != .bpe { try values.encode(model, forKey: .model) }
        try values.encode(vocabularySize, forKey: .vocabularySize)
        try values.encode(pattern, forKey: .pattern)
        try values.encodeIfPresent(superwordsFrom, forKey: .superwordsFrom)
        if parity { try values.encode(parity, forKey: .parity) }
        try values.encode(specialTokens, forKey: .specialTokens)
        if excludeSpecial != .none { try values.encode(excludeSpecial, forKey: .excludeSpecial) }
        try values.encode(minimumFrequency, forKey: .minimumFrequency)
        try values.encodeIfPresent(maximumTokenLength, forKey: .maximumTokenLength)
        try values.encode(tieRule, forKey: .tieRule)
        try values.encodeIfPresent(memory, forKey: .memory)
    }

    /// Throws unless a vocabulary can be learned this way.
    public func validate() throws(TokenizationError) {
        if let fault = numericFault {
            throw .invalidConfiguration(reason: "\(fault.key) \(fault.reason)")
        }
        try validateModel()
        guard vocabularySize >= 256 + specialTokens.count else {
            throw .invalidConfiguration(
                reason: "vocab_size is \(vocabularySize), but 256 bytes and \(specialTokens.count) "
                    + "special tokens need at least \(256 + specialTokens.count)")
        }
        try validateSuperwords()
        guard Set(specialTokens.map(ExactName.init)).count == specialTokens.count else {
            throw .invalidConfiguration(reason: "a special token is listed twice")
        }
        for content in specialTokens {
            guard !content.isEmpty else {
                throw .invalidConfiguration(reason: "a special token is empty")
            }
            // In a tokenizer.json both kinds are names in one list, so they must differ there. A
            // word that is written like a special token is left out of the words.
            if let bytes = ByteCharacters.bytes(for: content),
                bytes.count == 1
                    || String(validating: bytes, as: UTF8.self) != nil && pattern != .superbpe
                        && pattern.pieces(of: bytes.span).count == 1,
                bytes.count == 1 || model == .bpe || bytes != Array(content.utf8)
            {
                throw .invalidConfiguration(
                    reason: "the special token \"\(content)\" could also be learned from text; "
                        + "choose one that is not a single word, such as <|endoftext|>")
            }
        }
    }

    /// Throws unless there is something to learn before and after the first superword.
    private func validateSuperwords() throws(TokenizationError) {
        guard let superwordsFrom else { return }
        let least = 256 + specialTokens.count
        let reason: String? =
            if model != .bpe {
                "superwords_from is for \"bpe\"; \"model\": \"\(model.rawValue)\" has no merges"
            } else if superwordsFrom <= least || superwordsFrom >= vocabularySize {
                "superwords_from is \(superwordsFrom); superwords begin behind the first "
                    + "\(least) tokens and at least one merge, and before the last of "
                    + "\(vocabularySize)"
            } else if parity {
                "superwords_from is not for parity between sources: leave one of the two out"
            } else if pattern == .superbpe {
                "words are learned with another pattern than superbpe, such as \"gpt4\", and "
                    + "superwords behind them"
            } else {
                nil
            }
        if let reason { throw .invalidConfiguration(reason: reason) }
    }

    /// Throws unless the model has the pattern, and all that is set.
    private func validateModel() throws(TokenizationError) {
        guard model.patterns.contains(pattern) else {
            let name = pattern.rawValue
            let reason =
                switch (model, pattern) {
                case (.character, _):
                    "characters are cut, and counted, by the pattern \"character\", not "
                        + "\"\(name)\""
                case (_, .character):
                    "the pattern \"character\" is for \"model\": \"character\"; with "
                        + "\"\(model.rawValue)\" use another, such as \"gpt4\""
                case (.bpe, .word):
                    "the pattern \"word\" is for \"model\": \"word\"; with \"bpe\" use another, "
                        + "such as \"gpt4\""
                default:
                    "the pattern \"\(name)\" only shows how text can be cut; use another, such as "
                        + "\"gpt4\""
                }
            throw .invalidConfiguration(reason: reason)
        }
        guard model == .bpe || tieRule == .huggingface else {
            throw .invalidConfiguration(
                reason:
                    "tie orders the merges of \"bpe\"; \"model\": \"\(model.rawValue)\" has none")
        }
        guard model == .bpe || !parity else {
            throw .invalidConfiguration(
                reason: "parity between sources is for \"bpe\"; "
                    + "\"model\": \"\(model.rawValue)\" has no merges")
        }
        guard model != .character || maximumTokenLength == nil else {
            throw .invalidConfiguration(
                reason:
                    "max_token_length is for \"bpe\" and \"word\"; a character has at most four "
                    + "bytes")
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
