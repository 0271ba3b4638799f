import Bytes
public import Tokenization

/// A published vocabulary whose file holds ranks only: what its program adds to them.
public enum VocabularyPreset: String, CaseIterable, Sendable {
    /// GPT-2 and GPT-3. tiktoken's `r50k_base`, whose file is also Whisper's `gpt2.tiktoken`.
    case r50k
    /// Codex. tiktoken's `p50k_base`.
    case p50k
    /// tiktoken's `p50k_edit`.
    case p50kEdit = "p50k-edit"
    /// GPT-3.5 and GPT-4. tiktoken's `cl100k_base`.
    case cl100k
    /// GPT-4o. tiktoken's `o200k_base`.
    case o200k
    /// gpt-oss. tiktoken's `o200k_harmony`, but for its second name for the number 200018.
    case o200kHarmony = "o200k-harmony"
    /// Llama 3, the `tokenizer.model` of Meta's `llama-models`.
    case llama3
    /// Llama 4, the `tokenizer.model` of Meta's `llama-models`.
    case llama4
    /// Qwen, the `qwen.tiktoken` of its first version and of `dashscope`, with its 208 special
    /// tokens.
    case qwen

    /// Pattern that cuts texts.
    public var pattern: SplitPattern {
        switch self {
        case .r50k, .p50k, .p50kEdit: .r50k
        case .cl100k: .cl100k
        case .o200k, .o200kHarmony, .llama4: .o200k
        case .llama3: .llama3
        case .qwen: .qwen2
        }
    }

    /// The special tokens, by number.
    public var specialTokens: [SpecialToken] {
        switch self {
        case .r50k, .p50k:
            Self.numbered(["<|endoftext|>"], from: 50256)
        case .p50kEdit:
            Self.numbered(["<|endoftext|>"], from: 50256)
                + Self.numbered(
                    ["<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"], from: 50281)
        case .cl100k:
            Self.numbered(
                ["<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"],
                from: 100257) + Self.numbered(["<|endofprompt|>"], from: 100276)
        case .o200k:
            Self.numbered(["<|endoftext|>"], from: 199_999)
                + Self.numbered(["<|endofprompt|>"], from: 200_018)
        case .o200kHarmony:
            Self.numbered(Self.harmonyNames, from: 199_998)
        case .llama3:
            Self.numbered(Self.llama3Names, from: 128_000)
        case .llama4:
            Self.numbered(Self.llama4Names, from: 200_000)
        case .qwen:
            Self.numbered(
                ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
                    + (0..<205).map { "<|extra_\($0)|>" }, from: 151_643)
        }
    }

    /// The preset whose published file has the bytes of `text`; `nil` if it is none of them.
    /// O(size).
    ///
    /// The first of two presets that share a file.
    init?(file text: ByteView) {
        var hasher = XXH64()
        text.update(&hasher)
        let hash = hasher.digest()
        guard let preset = Self.allCases.first(where: { $0.fileHash == hash }) else { return nil }
        self = preset
    }

    /// The XXH64 of the published file.
    private var fileHash: UInt64 {
        switch self {
        case .r50k: 0xEE99_BD9E_71C2_C951
        case .p50k, .p50kEdit: 0x8AFC_4826_D6A7_9F26
        case .cl100k: 0x3B30_11B0_30A0_A0BA
        case .o200k, .o200kHarmony: 0xF305_CAA8_DA2A_769B
        case .llama3: 0xC69A_2A8C_4AED_DA46
        case .llama4: 0xFF3F_382A_5DB9_A4BC
        case .qwen: 0xCCCB_F43F_2F66_1E43
        }
    }

    private static func numbered(_ names: [String], from first: UInt32) -> [SpecialToken] {
        names.enumerated().map { SpecialToken(content: $1, id: TokenID(first + UInt32($0))) }
    }
}

extension VocabularyPreset {
    private static var harmonyNames: [String] {
        let named: [Int: String] = [
            199_998: "<|startoftext|>", 199_999: "<|endoftext|>", 200_002: "<|return|>",
            200_003: "<|constrain|>", 200_005: "<|channel|>", 200_006: "<|start|>",
            200_007: "<|end|>", 200_008: "<|message|>", 200_012: "<|call|>",
            200_018: "<|endofprompt|>",
        ]
        return (199_998..<201_088).map { named[$0] ?? "<|reserved_\($0)|>" }
    }

    private static var llama3Names: [String] {
        let named = [
            "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
            "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>", "<|step_id|>",
            "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>",
            "<|python_tag|>", "<|image|>",
        ]
        return named
            + (2..<(258 - named.count)).map { "<|reserved_special_token_\($0)|>" }
    }

    private static var llama4Names: [String] {
        func reserved(_ name: String, _ range: Range<Int>) -> [String] {
            range.map { "<|\(name)reserved_special_token_\($0)|>" }
        }
        var names = [
            "<|begin_of_text|>", "<|end_of_text|>", "<|fim_prefix|>", "<|fim_middle|>",
            "<|fim_suffix|>", "<|header_start|>", "<|header_end|>", "<|eom|>", "<|eot|>",
            "<|step|>",
        ]
        names += reserved("text_post_train_", 0..<6)
        names += ["<|python_start|>", "<|python_end|>", "<|finetune_right_pad|>"]
        names += reserved("text_post_train_", 8..<69)
        names += ["<|image_start|>", "<|image_end|>"]
        names += reserved("vision_", 0..<2)
        names += ["<|tile_x_separator|>", "<|tile_y_separator|>"]
        names += reserved("vision_", 2..<6)
        names += ["<|image|>", "<|vision_reserved_special_token_6|>", "<|patch|>"]
        names += reserved("vision_", 7..<1048)
        names += reserved("reasoning_", 0..<8)
        names += ["<|reasoning_thinking_start|>", "<|reasoning_thinking_end|>"]
        return names + reserved("", 0..<(2048 - names.count))
    }
}
