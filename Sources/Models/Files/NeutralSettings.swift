/// The keys of a `config.json` that no architecture of Quern's reads, and when they change nothing
/// of what a decoder computes.
///
/// A key is read as what it says and not as being there: one that is switched off (null, false, or
/// empty) changes nothing, nor does a default that is spelled out. What is not in this table, and
/// not read by the architecture, is refused, for it may change what is computed.
enum NeutralSettings {
    /// When a key changes nothing.
    enum Rule: Sendable {
        /// Whatever it says.
        case always
        /// With one of these values.
        case only([ConfigurationValue])
        /// Never, and why.
        case never(String)
    }

    /// The rule of a key; nil for a key that is not known.
    static func rule(_ key: String) -> Rule? { rules[key] }

    private static let rules: [String: Rule] = {
        var rules: [String: Rule] = [:]
        for key in names + storage + training + drawing { rules[key] = .always }
        for (key, value) in defaults { rules[key] = .only([value]) }
        for (key, reason) in refused { rules[key] = .never(reason) }
        return rules
    }()

    /// What the model and its parts are called, and what other programs keep with it.
    private static let names = [
        "_commit_hash", "_name_or_path", "_num_labels", "architectures", "finetuning_task",
        "id2label", "is_llama_config", "label2id", "language", "license", "model_type", "name",
        "num_labels", "output_past", "problem_type", "tokenizer_class", "transformers.js_config",
        "transformers_version", "unsloth_fixed", "unsloth_version",
    ]

    /// How numbers are stored, and by which of several equal ways they are computed.
    private static let storage = [
        "_attn_implementation", "_attn_implementation_autoset", "_flash_attn_2_enabled",
        "attn_implementation", "cache_implementation", "chunk_size_feed_forward", "dtype",
        "experts_implementation", "output_attentions", "output_hidden_states", "output_scores",
        "pretraining_tp", "reorder_and_upcast_attn", "return_dict", "return_dict_in_generate",
        "torch_dtype", "torchscript", "use_bfloat16", "use_cache", "use_flash_attn",
        "use_flash_attention_2",
    ]

    /// How the model was started and is trained; and what its classes for other work have on top.
    private static let training = [
        "attention_dropout", "attention_probs_dropout_prob", "attn_pdrop", "classifier_dropout",
        "dropout", "embd_pdrop", "gradient_checkpointing", "hidden_dropout",
        "hidden_dropout_prob", "ignore_index", "initializer_range", "is_decoder", "resid_pdrop",
        "resid_dropout", "embed_dropout", "summary_activation", "summary_first_dropout",
        "summary_proj_to_labels", "summary_type", "summary_use_proj", "task_specific_params",
    ]

    /// How text is drawn and fed, and the tokens that have a part in that. `vocab_size`,
    /// `eos_token_id` and `tie_word_embeddings` are read.
    private static let drawing = [
        "bad_words_ids", "begin_suppress_tokens", "bos_token_id", "cls_token_id",
        "decoder_start_token_id", "diversity_penalty", "do_sample", "early_stopping",
        "encoder_no_repeat_ngram_size", "eos_token_id", "exponential_decay_length_penalty",
        "forced_bos_token_id", "forced_eos_token_id", "length_penalty", "mask_token_id",
        "max_length", "max_sequence_length", "min_length", "model_max_length",
        "no_repeat_ngram_size", "num_beam_groups", "num_beams", "num_return_sequences",
        "pad_token_id", "predict_special_tokens", "prefix", "remove_invalid_values",
        "repetition_penalty", "sep_token_id", "suppress_tokens", "temperature",
        "tie_word_embeddings", "top_k", "top_p", "typical_p", "unk_token_id", "vocab_size",
    ]

    /// Settings of other architectures, and the values with which they would change nothing here.
    private static let defaults: [(String, ConfigurationValue)] = [
        ("attention_softcap", 0.0), ("embedding_multiplier", 1.0), ("logit_scale", 1.0),
        ("logits_scaling", 1.0), ("residual_multiplier", 1.0), ("rotary_pct", 1.0),
        ("partial_rotary_factor", 1.0), ("position_embedding_type", "rope"),
        ("num_nextn_predict_layers", 0.0), ("num_experts", 0.0), ("num_local_experts", 0.0),
    ]

    /// Settings whose name does not say what is wrong with them.
    private static let refused = [
        (
            "quantization_config",
            "its weights are quantised (\"quantization_config\"); take the model in float32, "
                + "float16 or bfloat16, or as a GGUF file"
        ),
        (
            "auto_map",
            "it brings its own code (\"auto_map\"), which may compute anything; if it is the same "
                + "as the class of its model_type, take the key out of config.json"
        ),
    ]
}
