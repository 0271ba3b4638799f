public import Work

extension PositionEncoding: SettingChoice {}
extension Precision: SettingChoice {}

/// Key of a section that no list of coding keys holds.
private struct KeyName: RawRepresentable {
    let rawValue: String
}

/// Declarations of the keys that several families have.
extension ModelShape {
    /// Keys in `pipeline.json`: those that a person may write, and the size of the vocabulary,
    /// which is written for a model that has one.
    public static var keys: [String] { settingKeys.map(\.name) + ["vocab_size"] }

    /// The key that the field calls `name` as well; nil for none.
    static func keyMeant(by name: String) -> String? {
        settingKeys.first { $0.aliases.contains(name) }?.name
    }

    /// The key `architecture`.
    static var architectureKey: SettingKey<Self> {
        .other(
            KeyName(rawValue: "architecture"), .choice(architectures),
            "Architecture of the network, which decides on the section's other keys.",
            also: ["arch", "type", "model_type", "family"]
        ) { .text($0.architectureName) }
    }

    /// The key `n_layer`.
    static func layerKey(
        _ key: some RawRepresentable<String>, _ path: any KeyPath<Self, Int> & Sendable,
        unit: String, _ meaning: String
    ) -> SettingKey<Self> {
        .number(
            key, path, .whole(1...1 << 12), unit: unit, meaning, example: 6,
            also: ["n_layers", "num_layers", "num_hidden_layers", "layers", "depth", "n_blocks"])
    }

    /// The key `n_head`.
    static func headKey(
        _ key: some RawRepresentable<String>, _ path: any KeyPath<Self, Int> & Sendable
    ) -> SettingKey<Self> {
        .number(
            key, path, .whole(1...1 << 16), unit: "heads",
            "Heads of attention in a block; a divisor of n_embd.", example: 8,
            also: ["n_heads", "num_heads", "num_attention_heads", "heads", "nhead"])
    }

    /// The key `n_embd`.
    static func widthKey(
        _ key: some RawRepresentable<String>, _ path: any KeyPath<Self, Int> & Sendable,
        _ meaning: String, also aliases: [String] = []
    ) -> SettingKey<Self> {
        .number(
            key, path, .whole(1...1 << 16), unit: "floats", meaning, example: 192,
            also: [
                "d_model", "embedding_size", "embedding_dim", "emb_dim", "embed_dim", "n_embed",
                "dim", "width",
            ] + aliases)
    }

    /// The key `intermediate_size`.
    static func innerKey(
        _ key: some RawRepresentable<String>, _ path: any KeyPath<Self, Int?> & Sendable,
        _ meaning: String
    ) -> SettingKey<Self> {
        .number(
            key, path, .whole(1...1 << 20), unit: "floats", meaning, example: 512,
            also: ["d_ff", "n_inner", "ffn_dim", "ffn_hidden_size", "mlp_dim", "mlp_hidden_size"])
    }

    /// The key `n_positions`.
    static func positionKey(
        _ key: some RawRepresentable<String>, _ path: any KeyPath<Self, Int> & Sendable,
        most: Int, _ meaning: String
    ) -> SettingKey<Self> {
        .number(
            key, path, .whole(1...most), unit: "tokens", meaning, example: 512,
            also: [
                "n_ctx", "ctx", "context", "context_length", "context_size", "block_size",
                "seq_len", "seq_length", "sequence_length", "max_seq_len", "max_length",
                "max_position_embeddings", "window",
            ])
    }
}
