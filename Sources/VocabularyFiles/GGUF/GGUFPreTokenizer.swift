import Tokenization

/// What a name in `tokenizer.ggml.pre` means to llama.cpp: how texts are cut, and whether whole
/// pieces come first.
///
/// Source: `llama_vocab::impl::load` and `llm_tokenizer_bpe` in llama.cpp's `src/llama-vocab.cpp`.
struct GGUFPreTokenizer {
    let name: String
    let pattern: SplitPattern
    let semantics: MergeSemantics
    /// Whether llama.cpp cuts as ``pattern`` does. Where it does not, published vocabularies of the
    /// pattern bear the name all the same.
    var isExact = true

    /// Every name that is understood; of several that mean the same, the one to write comes first.
    static let all = [
        GGUFPreTokenizer("gpt-2", .gpt2, .listedMerges),
        GGUFPreTokenizer("phi-2", .gpt2, .listedMerges),
        GGUFPreTokenizer("olmo", .gpt2, .listedMerges),
        GGUFPreTokenizer("smollm", .starcoder, .listedMerges),
        GGUFPreTokenizer("starcoder", .starcoder, .listedMerges),
        GGUFPreTokenizer("refact", .starcoder, .listedMerges),
        GGUFPreTokenizer("llama-bpe", .llama3, .wholePieceFirst),
        GGUFPreTokenizer("llama3", .llama3, .wholePieceFirst),
        GGUFPreTokenizer("llama-v3", .llama3, .wholePieceFirst),
        GGUFPreTokenizer("dbrx", .llama3, .listedMerges),
        GGUFPreTokenizer("smaug-bpe", .llama3, .listedMerges),
        GGUFPreTokenizer("qwen2", .qwen2, .listedMerges),
        GGUFPreTokenizer("deepseek-r1-qwen", .qwen2, .listedMerges),
        GGUFPreTokenizer("qwen35", .qwen35, .listedMerges),
        GGUFPreTokenizer("deepseek-v3", .deepseek3, .listedMerges),
        GGUFPreTokenizer("superbpe", .superbpe, .listedMerges),
        GGUFPreTokenizer("mpt", .gpt2, .listedMerges),
        GGUFPreTokenizer("deepseek-coder", .deepseekCoder, .listedMerges, isExact: false),
        GGUFPreTokenizer("deepseek-llm", .deepseekLLM, .listedMerges, isExact: false),
        GGUFPreTokenizer("kimi-k2", .kimi, .wholePieceFirst, isExact: false),
        GGUFPreTokenizer("gpt-4o", .o200k, .listedMerges, isExact: false),
        GGUFPreTokenizer("llama4", .o200k, .listedMerges, isExact: false),
        GGUFPreTokenizer("tekken", .tekken, .wholePieceFirst, isExact: false),
    ]

    private init(
        _ name: String, _ pattern: SplitPattern, _ semantics: MergeSemantics, isExact: Bool = true
    ) {
        self.name = name
        self.pattern = pattern
        self.semantics = semantics
        self.isExact = isExact
    }

    /// Pre-tokenizer called `name`; nil if it is not known.
    static func named(_ name: String) -> GGUFPreTokenizer? { all.first { $0.name == name } }

    /// The name by which llama.cpp gives the ids of `vocabulary`. About O(n log n) in its size.
    ///
    /// - Throws: `TokenizationError.noPreTokenizer` or
    ///   `TokenizationError.notRepresentable` if there is none.
    static func name(for vocabulary: Vocabulary) throws(TokenizationError) -> String {
        let pattern: SplitPattern =
            switch vocabulary.pattern {
            // These cut alike.
            case .r50k: .gpt2
            case .gpt4: .llama3
            default: vocabulary.pattern
            }
        let alike = all.filter { $0.pattern == pattern }
        if let same = alike.first(where: { $0.isExact && $0.semantics == vocabulary.mergeSemantics }
        ) {
            return same.name
        }
        guard let other = alike.first(where: \.isExact) else {
            throw .noPreTokenizer(
                pattern: vocabulary.pattern.rawValue, nearest: nearest(to: pattern))
        }
        if let token = vocabulary.firstWholePieceOnly {
            let (id, name) = (token, Vocabulary.printable(vocabulary.bytes(of: token)))
            throw refusal(
                "under the name \(other.name) llama.cpp would make other ids of the token \(id) "
                    + "\"\(name)\", which merging its bytes does not end in")
        }
        return other.name
    }

    /// Pre-tokenizer to offer instead, and the texts of which it makes other ids.
    private static func nearest(to pattern: SplitPattern) -> NearPreTokenizer? {
        if let near = all.first(where: { $0.pattern == pattern }) {
            return NearPreTokenizer(name: near.name, texts: "words with accents or marks")
        }
        guard pattern == .cl100k else { return nil }
        return NearPreTokenizer(
            name: "dbrx", texts: "texts that end in white space with a line break")
    }

    private static func refusal(_ reason: String) -> TokenizationError {
        .notRepresentable(format: VocabularyFormat.gguf.rawValue, reason: reason)
    }
}
