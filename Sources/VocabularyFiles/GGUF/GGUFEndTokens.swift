public import Tokenization

/// The tokens that end a text, in the keys by which llama.cpp finds them.
///
/// A file has one key each for the end of a text (eos), of a turn (eot) and of a message (eom).
/// llama.cpp ends a text at these three, and at every token of certain names, whatever the keys
/// say. Source: `llama_vocab::impl::load` in llama.cpp's `src/llama-vocab.cpp`, and the keys in
/// `gguf-py/gguf/constants.py`.
struct GGUFEndTokens {
    /// The token of `eot_token_id`.
    private(set) var turn: TokenID?
    /// The token of `eom_token_id`.
    private(set) var message: TokenID?
    /// Tokens at which llama.cpp goes on, in the order of their ids.
    private(set) var unheeded: [TokenID] = []

    /// The keys for `tokens`, beside that of the token `end`. O(tokens and special tokens).
    init(_ tokens: Set<TokenID>, beside end: TokenID?, of vocabulary: Vocabulary) {
        var names: [TokenID: String] = [:]
        for special in vocabulary.specialTokens { names[special.id] = special.content }
        let all = Set(names.values)
        let others = tokens.filter { $0 != end }.sorted()
        var (named, unnamed): ([TokenID], [TokenID]) = ([], [])
        for token in others {
            let name = names[token] ?? ""
            if Self.isForgotten(name, among: all) {
                unheeded.append(token)
            } else if Self.names.contains(name) {
                named.append(token)
            } else {
                unnamed.append(token)
            }
        }
        // The keys are first for what has no such name; what has one is heeded without.
        var keys = unnamed.prefix(2)[...]
        unheeded = (unheeded + unnamed.dropFirst(2)).sorted()
        turn = keys.popFirst()
        message = keys.popFirst()
        if message == nil { message = named.first { names[$0] == "<|eom_id|>" } }
        if turn == nil { turn = named.first { $0 != message } }
    }

    /// Whether llama.cpp takes a token out again, since some models have it for another purpose.
    private static func isForgotten(_ name: String, among all: Set<String>) -> Bool {
        switch name {
        case "<|end|>":
            let calls = all.contains("<|call|>") || all.contains("<|calls|>")
            return calls && (all.contains("<|return|>") || all.contains("<|flush|>"))
        case "</s>": return all.contains("<|tool_response>")
        default: return false
        }
    }

    /// The names of tokens at which llama.cpp ends a text.
    private static let names: Set<String> = [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
        "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]",
        "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
        "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<|repo_name|>",
        "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
    ]
}

extension Vocabulary {
    /// Tokens of `GGUFSettings.endTokens` at which llama.cpp does not end a text: a GGUF file has
    /// keys for three, and llama.cpp knows some more by their names. O(special tokens).
    public func tokensUnheededByGGUF(_ settings: GGUFSettings) -> [TokenID] {
        GGUFEndTokens(settings.endTokens, beside: settings.endToken ?? endOfText, of: self).unheeded
    }
}
