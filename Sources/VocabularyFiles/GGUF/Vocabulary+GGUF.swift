public import Bytes
public import Tokenization

extension Vocabulary {
    /// Settings of a model's tokenizer in a GGUF file besides the vocabulary.
    public struct GGUFSettings: Sendable {
        /// Rows of the model's embedding; numbers above the vocabulary are named and never used.
        public var rowCount: Int
        /// The token at which text ends; nil for the vocabulary's `Vocabulary.endOfText`.
        public var endToken: TokenID?
        /// All tokens at which text ends, that one or others.
        public var endTokens: Set<TokenID> = []
        /// Whether a text begins with `Vocabulary.beginningOfText`; nil for the vocabulary's
        /// `Vocabulary.textPrefix`.
        public var addsBeginning: Bool?
        /// Jinja template by which messages become a prompt.
        public var chatTemplate: String?
        /// A name for `tokenizer.ggml.pre` that need not give the same ids; nil for one that does.
        public var preTokenizer: String?

        /// The settings of a model with so many rows.
        public init(rowCount: Int) { self.rowCount = rowCount }
    }

    /// The keys `tokenizer.…` of a GGUF file, with which llama.cpp gives the ids of this
    /// vocabulary. About O(n log n) in the size.
    ///
    /// Three things differ in llama.cpp, for published vocabularies too: its contractions are those
    /// of ASCII, so that an apostrophe before `ſ` (U+017F), which folds to `s`, is none; its tables
    /// of letters are older than Unicode 16, so that letters that are new there are none; and
    /// `superbpe` cuts numbers in threes only where their digits are those of ASCII.
    ///
    /// - Precondition: the model has a row for each token.
    /// - Throws: `TokenizationError.notRepresentable` if llama.cpp would cut
    ///   texts otherwise, or cannot begin them so.
    public func ggufMembers(
        _ settings: GGUFSettings
    ) throws(TokenizationError) -> GGUFMembers {
        precondition(settings.rowCount >= count, "a row for each token")
        if let obstacle = ggufObstacle(isExact: settings.preTokenizer == nil) {
            throw .notRepresentable(format: VocabularyFormat.gguf.rawValue, reason: obstacle)
        }
        var members = GGUFMembers()
        members.add("tokenizer.ggml.model", "gpt2")
        if let name = settings.preTokenizer {
            members.add("tokenizer.ggml.pre", name)
        } else {
            members.add("tokenizer.ggml.pre", try GGUFPreTokenizer.name(for: self))
        }
        let (names, kinds) = ggufTokens(rowCount: settings.rowCount)
        members.add("tokenizer.ggml.tokens", names)
        members.add("tokenizer.ggml.token_type", kinds)
        members.add(
            "tokenizer.ggml.merges",
            merges.pairs.map { names[Int($0.left)] + " " + names[Int($0.right)] })
        let end = settings.endToken ?? endOfText
        let beginning = beginningOfText ?? end
        guard settings.addsBeginning != nil || textPrefix.count <= 1 else {
            throw .longTextPrefix(tokenCount: textPrefix.count)
        }
        if let beginning { members.add("tokenizer.ggml.bos_token_id", beginning.rawValue) }
        if let end {
            members.add("tokenizer.ggml.eos_token_id", end.rawValue)
            members.add("tokenizer.ggml.padding_token_id", end.rawValue)
        }
        let ends = GGUFEndTokens(settings.endTokens, beside: end, of: self)
        if let turn = ends.turn { members.add("tokenizer.ggml.eot_token_id", turn.rawValue) }
        if let message = ends.message {
            members.add("tokenizer.ggml.eom_token_id", message.rawValue)
        }
        members.add(
            "tokenizer.ggml.add_bos_token",
            beginning != nil && (settings.addsBeginning ?? !textPrefix.isEmpty))
        if let template = settings.chatTemplate {
            members.add("tokenizer.chat_template", template)
        }
        return members
    }

    /// Reason for which llama.cpp would not give the ids of this vocabulary, whatever its pattern;
    /// nil if there is none. O(square of the added tokens, times their length).
    ///
    /// - Parameter isExact: whether normal forms must be kept, which llama.cpp has none of.
    private func ggufObstacle(isExact: Bool) -> String? {
        if rules.isOfCharacters {
            return "its tokens are spelled as SentencePiece's, and only byte-level ones are written"
        }
        if rules.prefix != .none {
            return "it puts a space before texts, which llama.cpp does for no byte-level vocabulary"
        }
        if isExact, let form = rules.forms.first {
            return "it brings texts into the form \(form.rawValue), and llama.cpp does not"
        }
        if rules.unknown != nil, !tokens.lackedBytes.isEmpty {
            return "it has an unknown token for bytes without one, and llama.cpp leaves those out"
        }
        if let special = specialTokens.first(where: \.minds) {
            return "the token \(special.id) \"\(special.content)\" minds what is around it"
        }
        guard let (one, other) = AddedTokenOverlaps(specialTokens).first else { return nil }
        return
            "where \"\(one.content)\" and \"\(other.content)\" overlap in a text, llama.cpp finds "
            + "another one of them: the longer first, not the one that begins first"
    }

    /// Each row's name and kind: 1 for ordinary tokens, 3 for those that are recognised where the
    /// caller allows it, 4 for those recognised everywhere, 5 for numbers that are not used.
    private func ggufTokens(rowCount: Int) -> (names: [String], kinds: [Int32]) {
        var names = tokenNames()
        var kinds = [Int32](repeating: 1, count: rowCount)
        for special in specialTokens {
            kinds[special.id.index] = special.recognition == .everywhere ? 4 : 3
        }
        // llama.cpp wants all names to differ; this is how its converter calls these.
        let taken = Set(names)
        for id in 0..<rowCount {
            guard id >= count || !tokens.isUsed(id) else { continue }
            var name = "[PAD\(id)]"
            while taken.contains(name) { name += "_" }
            if id < names.count { names[id] = name } else { names.append(name) }
            kinds[id] = 5
        }
        return (names, kinds)
    }
}
