import Foundation

/// The fields of a `config.json`, for the family that its `model_type` names.
public struct ConfigurationData {
    private let data: Data
    /// Value of `model_type`; nil without one.
    let modelType: String?

    private struct Kind: Decodable {
        let model_type: String?
    }

    /// Fields of the JSON object in `data`.
    init(_ data: Data) throws {
        self.data = data
        modelType = try JSONDecoder().decode(Kind.self, from: data).model_type
    }

    /// The fields that `Fields` names.
    func decode<Fields: Decodable>(_ fields: Fields.Type) throws -> Fields {
        try JSONDecoder().decode(fields, from: data)
    }

    /// Throws if a key that says something is neither among `known` nor one that every
    /// configuration may have.
    func check(known: Set<String>) throws {
        try decode(PresentKeys.self).check(known: known)
    }

    /// One token that ends a text, or begins it, or several, of which the first counts.
    struct EndTokens: Decodable {
        let first: Int?

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            let all = (try? value.decode(Int.self)).map { [$0] } ?? (try? value.decode([Int].self))
            guard let all, all.allSatisfy({ $0 >= 0 }) else {
                throw DecodingError.dataCorruptedError(
                    in: value, debugDescription: "a token's id, or a list of them, belongs here")
            }
            first = all.first
        }
    }
}

/// Error in a field's value, found where the path of the file is not known.
struct Unsupported: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

extension ConfigurationData {
    /// The keys of a JSON object that say something: those whose value is not null, false or empty.
    ///
    /// A key that is switched off or absent changes nothing, whatever its name, and is not refused.
    struct PresentKeys: Decodable {
        let names: [String]

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            names = values.allKeys.filter { key in
                if (try? values.decodeNil(forKey: key)) ?? false { return false }
                if let flag = try? values.decode(Bool.self, forKey: key) { return flag }
                if let list = try? values.nestedUnkeyedContainer(forKey: key) {
                    return !list.isAtEnd
                }
                if let object = try? values.nestedContainer(keyedBy: Key.self, forKey: key) {
                    return !object.allKeys.isEmpty
                }
                return true
            }.map(\.stringValue).sorted()
        }

        /// Throws if a key is neither among `known` nor one that every configuration may have.
        func check(known: Set<String>) throws(Unsupported) {
            for name in names where !known.contains(name) && !harmless.contains(name) {
                throw Unsupported(
                    "its configuration has the key \"\(name)\", which Quern does not know and "
                        + "which may change what is computed; if it does not, take it out of "
                        + "config.json")
            }
        }
    }

    /// Keys of `PretrainedConfig` and of tools around it that do not change what a decoder
    /// computes: names, storage, training, and how text is drawn.
    private static let harmless: Set<String> = [
        "_attn_implementation", "_attn_implementation_autoset", "_commit_hash", "_name_or_path",
        "architectures", "attn_implementation", "bad_words_ids", "begin_suppress_tokens",
        "bos_token_id", "chunk_size_feed_forward", "decoder_start_token_id", "diversity_penalty",
        "do_sample", "dtype", "early_stopping", "encoder_no_repeat_ngram_size", "eos_token_id",
        "exponential_decay_length_penalty", "finetuning_task", "forced_bos_token_id",
        "forced_eos_token_id", "gradient_checkpointing", "id2label", "initializer_range",
        "is_decoder", "label2id", "length_penalty", "max_length", "min_length", "model_type",
        "no_repeat_ngram_size", "num_beam_groups", "num_beams", "num_return_sequences",
        "output_attentions", "output_hidden_states", "output_scores", "pad_token_id", "prefix",
        "problem_type", "remove_invalid_values", "repetition_penalty", "return_dict",
        "return_dict_in_generate", "sep_token_id", "suppress_tokens", "task_specific_params",
        "temperature", "tie_word_embeddings", "tokenizer_class", "top_k", "top_p", "torch_dtype",
        "torchscript", "transformers_version", "typical_p", "unsloth_fixed", "unsloth_version",
        "use_bfloat16", "use_cache", "vocab_size",
    ]
}
