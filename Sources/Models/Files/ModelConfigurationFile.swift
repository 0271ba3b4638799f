import Bytes
import Files
import Foundation

/// Hugging Face's `config.json` of a model.
///
/// Keys of an architecture are read in `ModelConfigurationFile+….swift`; a file is refused where it
/// describes something that Quern does not compute.
struct ModelConfigurationFile {
    let configuration: GPTConfiguration
    let endToken: Int?

    /// Configuration and end token that a file's fields give.
    struct Contents {
        let configuration: GPTConfiguration
        let endToken: EndTokens?
    }

    /// One end token, or several, of which the first counts.
    struct EndTokens: Decodable {
        let first: Int?

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let one = try? value.decode(Int.self) {
                first = one
            } else {
                first = try value.decode([Int].self).first
            }
        }
    }

    /// Error in a field's value, found where the path of the file is not known.
    struct Unsupported: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private struct Kind: Decodable {
        let model_type: String?
    }

    /// The objects that say how positions turn, whose keys count like the others.
    private struct Rotations: Decodable {
        var rope_scaling: PresentKeys?
        var rope_parameters: PresentKeys?
    }

    init(path: String) throws(ModelError) {
        let bytes = try SmallFile.bytes(path)
        // The decoder below takes one of two equal keys and does not say so.
        do throws(JSONError) {
            try JSONPullReader<JSONError>.with(bytes.span) { (reader) throws(JSONError) in
                try reader.skipValue()
            }
        } catch {
            throw .malformed(path: path, reason: "\(error.reason) (byte \(error.offset))")
        }
        let data = Data(bytes)
        let decoder = JSONDecoder()
        let contents: Contents
        do {
            let kind = try decoder.decode(Kind.self, from: data).model_type
            switch kind.flatMap(Architecture.init) {
            case .gpt2:
                contents = try decoder.decode(GPT2Fields.self, from: data).contents()
                try decoder.decode(PresentKeys.self, from: data).check(known: GPT2Fields.keys)
            case .llama?, .qwen3?:
                let architecture: Architecture = kind == "llama" ? .llama : .qwen3
                contents = try decoder.decode(LlamaFields.self, from: data)
                    .contents(architecture)
                try decoder.decode(PresentKeys.self, from: data)
                    .check(known: LlamaFields.keys(architecture))
                let rotations = try decoder.decode(Rotations.self, from: data)
                for keys in [rotations.rope_scaling, rotations.rope_parameters] {
                    try keys?.check(known: LlamaFields.Rotation.keys)
                }
            case nil:
                let known = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
                throw Unsupported("model_type is \(kind ?? "missing"), none of \(known)")
            }
        } catch let error as Unsupported {
            throw .unsupportedModel(path: path, reason: error.reason)
        } catch let error as DecodingError where !error.place.key.isEmpty {
            throw .malformed(path: path, reason: decodingReason(error))
        } catch {
            throw .malformed(path: path, reason: "it is not a model's configuration in JSON")
        }
        configuration = contents.configuration
        endToken = contents.endToken?.first
        try configuration.validate()
    }

    /// The text of `config.json`.
    static func text(
        _ c: GPTConfiguration, endToken: TokenID?, type: NumberType = .float32
    ) -> String {
        let end = endToken.map(\.description) ?? "null"
        let type = type.configurationName
        return c.architecture == .gpt2
            ? GPT2Fields.text(c, end, type) : LlamaFields.text(c, end, type)
    }

    /// The text of `generation_config.json`.
    ///
    /// - Parameter answerEnd: the id that ends an answer, at which generation stops as well.
    static func generationText(endToken: TokenID?, answerEnd: TokenID? = nil) -> String {
        let end = endToken.map(\.description) ?? "null"
        let ends = [answerEnd, endToken].compactMap { $0 }.map(\.description)
        let stops = answerEnd == nil ? end : "[\(ends.joined(separator: ", "))]"
        return """
            {
              "_from_model_config": true,
              "bos_token_id": \(end),
              "eos_token_id": \(stops)
            }

            """
    }
}

/// A file of JSON that describes a model, read whole.
enum SmallFile {
    /// No configuration or index of a model comes near this; what is larger is not one.
    static let maximumByteCount = 64 << 20

    /// The bytes of the file at `path`. O(size).
    static func bytes(_ path: String) throws(ModelError) -> [UInt8] {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch {
            throw .storage(reason: error.description)
        }
        guard file.byteCount <= maximumByteCount else {
            throw .malformed(
                path: path, reason: "it has \(file.byteCount) bytes, too many for its kind")
        }
        return file.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        }
    }
}

extension ModelConfigurationFile {
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
