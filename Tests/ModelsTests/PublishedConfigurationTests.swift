import Foundation
import Testing

@testable import Models

/// The `config.json` of well-known models, key by key as their publishers wrote them.
struct PublishedConfiguration: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let text: String
    /// What the file says, in the terms of this program.
    let expected: GPTConfiguration

    private init(
        _ name: String, _ text: String, _ architecture: Architecture,
        _ sizes: (layers: Int, heads: Int, width: Int, positions: Int, vocabulary: Int),
        epsilon: Float, _ change: (inout GPTConfiguration) -> Void
    ) {
        testDescription = name
        self.text = text
        var shape = GPTConfiguration(
            architecture: architecture, layerCount: sizes.layers, headCount: sizes.heads,
            embeddingSize: sizes.width, positionCount: sizes.positions,
            vocabularySize: sizes.vocabulary, layerNormEpsilon: epsilon)
        change(&shape)
        expected = shape
    }

    static let all = [
        PublishedConfiguration(
            "SmolLM2-135M-Instruct",
            """
            {"architectures": ["LlamaForCausalLM"], "attention_bias": false,
             "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
             "hidden_size": 576, "initializer_range": 0.041666666666666664,
             "intermediate_size": 1536, "is_llama_config": true, "max_position_embeddings": 8192,
             "mlp_bias": false, "model_type": "llama", "num_attention_heads": 9,
             "num_hidden_layers": 30, "num_key_value_heads": 3, "pad_token_id": 2,
             "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_interleaved": false,
             "rope_scaling": null, "rope_theta": 100000, "tie_word_embeddings": true,
             "torch_dtype": "bfloat16",
             "transformers.js_config": {"kv_cache_dtype": {"q4f16": "float16", "fp16": "float16"}},
             "transformers_version": "4.42.3", "use_cache": true, "vocab_size": 49152}
            """, .llama, (30, 9, 576, 8192, 49152), epsilon: 1e-5
        ) {
            $0.keyValueHeadCount = 3
            $0.intermediateSize = 1536
            $0.rotaryBase = 100_000
            $0.tiesEmbeddings = true
        },
        PublishedConfiguration(
            "Llama 3.2 1B",
            """
            {"architectures": ["LlamaForCausalLM"], "attention_bias": false,
             "attention_dropout": 0.0, "bos_token_id": 128000, "eos_token_id": 128001,
             "head_dim": 64, "hidden_act": "silu", "hidden_size": 2048,
             "initializer_range": 0.02, "intermediate_size": 8192,
             "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama",
             "num_attention_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8,
             "pretraining_tp": 1, "rms_norm_eps": 1e-05,
             "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
               "original_max_position_embeddings": 8192, "rope_type": "llama3"},
             "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
             "transformers_version": "4.45.0.dev0", "use_cache": true, "vocab_size": 128256}
            """, .llama, (16, 32, 2048, 131_072, 128_256), epsilon: 1e-5
        ) {
            $0.keyValueHeadCount = 8
            $0.intermediateSize = 8192
            $0.rotaryBase = 500_000
            $0.tiesEmbeddings = true
            $0.variations.rotaryScaling = .llama3(
                .init(
                    factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4,
                    originalPositionCount: 8192))
        },
        PublishedConfiguration(
            "Qwen2.5-0.5B",
            """
            {"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0,
             "bos_token_id": 151643, "eos_token_id": 151643, "hidden_act": "silu",
             "hidden_size": 896, "initializer_range": 0.02, "intermediate_size": 4864,
             "max_position_embeddings": 32768, "max_window_layers": 24, "model_type": "qwen2",
             "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2,
             "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "sliding_window": 32768,
             "tie_word_embeddings": true, "torch_dtype": "bfloat16",
             "transformers_version": "4.40.1", "use_cache": true, "use_mrope": false,
             "use_sliding_window": false, "vocab_size": 151936}
            """, .qwen2, (24, 14, 896, 32768, 151_936), epsilon: 1e-6
        ) {
            $0.keyValueHeadCount = 2
            $0.intermediateSize = 4864
            $0.rotaryBase = 1_000_000
            $0.tiesEmbeddings = true
        },
        PublishedConfiguration(
            "Qwen3-0.6B",
            """
            {"architectures": ["Qwen3ForCausalLM"], "attention_bias": false,
             "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645,
             "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024,
             "initializer_range": 0.02, "intermediate_size": 3072,
             "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3",
             "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
             "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000,
             "sliding_window": null, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
             "transformers_version": "4.51.0", "use_cache": true, "use_sliding_window": false,
             "vocab_size": 151936}
            """, .qwen3, (28, 16, 1024, 40960, 151_936), epsilon: 1e-6
        ) {
            $0.keyValueHeadCount = 8
            $0.headDimension = 128
            $0.intermediateSize = 3072
            $0.rotaryBase = 1_000_000
            $0.tiesEmbeddings = true
        },
        PublishedConfiguration(
            "Gemma 3 1B",
            """
            {"architectures": ["Gemma3ForCausalLM"], "attention_bias": false,
             "attention_dropout": 0.0, "attn_logit_softcapping": null, "bos_token_id": 2,
             "cache_implementation": "hybrid", "eos_token_id": [1, 106],
             "final_logit_softcapping": null, "head_dim": 256,
             "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 1152,
             "initializer_range": 0.02, "intermediate_size": 6912,
             "max_position_embeddings": 32768, "model_type": "gemma3_text",
             "num_attention_heads": 4, "num_hidden_layers": 26, "num_key_value_heads": 1,
             "pad_token_id": 0, "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06,
             "rope_local_base_freq": 10000, "rope_scaling": null, "rope_theta": 1000000,
             "sliding_window": 512, "sliding_window_pattern": 6, "torch_dtype": "bfloat16",
             "transformers_version": "4.50.0.dev0", "use_cache": true, "vocab_size": 262144}
            """, .gemma3, (26, 4, 1152, 32768, 262_144), epsilon: 1e-6
        ) {
            $0.keyValueHeadCount = 1
            $0.headDimension = 256
            $0.intermediateSize = 6912
            $0.rotaryBase = 1_000_000
            $0.variations.slidingWindow = 512
            $0.variations.fullLayers = [5, 11, 17, 23]
        },
        PublishedConfiguration(
            "Gemma 3 27B, of which the text",
            """
            {"architectures": ["Gemma3ForConditionalGeneration"], "boi_token_index": 255999,
             "eoi_token_index": 256000, "eos_token_id": [1, 106], "image_token_index": 262144,
             "initializer_range": 0.02, "mm_tokens_per_image": 256, "model_type": "gemma3",
             "text_config": {"head_dim": 128, "hidden_size": 5376, "intermediate_size": 21504,
               "model_type": "gemma3_text", "num_attention_heads": 32, "num_hidden_layers": 62,
               "num_key_value_heads": 16, "query_pre_attn_scalar": 168,
               "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024},
             "torch_dtype": "bfloat16", "transformers_version": "4.50.0.dev0",
             "vision_config": {"hidden_size": 1152, "image_size": 896, "intermediate_size": 4304,
               "model_type": "siglip_vision_model", "num_attention_heads": 16,
               "num_hidden_layers": 27, "patch_size": 14, "vision_use_head": false}}
            """, .gemma3, (62, 32, 5376, 131_072, 262_208), epsilon: 1e-6
        ) {
            $0.keyValueHeadCount = 16
            $0.headDimension = 128
            $0.intermediateSize = 21504
            $0.rotaryBase = 1_000_000
            $0.variations.rotaryScaling = .linear(factor: 8)
            $0.variations.scoreDivisor = 168
            $0.variations.slidingWindow = 1024
            $0.variations.fullLayers = Set((1...10).map { 6 * $0 - 1 })
        },
        PublishedConfiguration(
            "Pythia 70M",
            """
            {"architectures": ["GPTNeoXForCausalLM"], "bos_token_id": 0, "eos_token_id": 0,
             "hidden_act": "gelu", "hidden_size": 512, "initializer_range": 0.02,
             "intermediate_size": 2048, "layer_norm_eps": 1e-05, "max_position_embeddings": 2048,
             "model_type": "gpt_neox", "num_attention_heads": 8, "num_hidden_layers": 6,
             "rotary_emb_base": 10000, "rotary_pct": 0.25, "tie_word_embeddings": false,
             "torch_dtype": "float16", "transformers_version": "4.24.0", "use_cache": true,
             "use_parallel_residual": true, "vocab_size": 50304}
            """, .gptNeoX, (6, 8, 512, 2048, 50304), epsilon: 1e-5
        ) {
            $0.tiesEmbeddings = false
        },
        PublishedConfiguration(
            "Mistral 7B v0.1, whose window slides",
            """
            {"architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
             "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
             "intermediate_size": 14336, "max_position_embeddings": 32768,
             "model_type": "mistral", "num_attention_heads": 32, "num_hidden_layers": 32,
             "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
             "sliding_window": 4096, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
             "transformers_version": "4.34.0.dev0", "use_cache": true, "vocab_size": 32000}
            """, .mistral, (32, 32, 4096, 32768, 32000), epsilon: 1e-5
        ) {
            $0.keyValueHeadCount = 8
            $0.intermediateSize = 14336
            $0.variations.slidingWindow = 4096
        },
        PublishedConfiguration(
            "Mistral 7B Instruct v0.3, whose does not",
            """
            {"architectures": ["MistralForCausalLM"], "attention_dropout": 0.0,
             "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 4096,
             "initializer_range": 0.02, "intermediate_size": 14336,
             "max_position_embeddings": 32768, "model_type": "mistral",
             "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
             "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "sliding_window": null,
             "tie_word_embeddings": false, "torch_dtype": "bfloat16",
             "transformers_version": "4.42.0.dev0", "use_cache": true, "vocab_size": 32768}
            """, .mistral, (32, 32, 4096, 32768, 32768), epsilon: 1e-5
        ) {
            $0.keyValueHeadCount = 8
            $0.intermediateSize = 14336
            $0.rotaryBase = 1_000_000
        },
        PublishedConfiguration(
            "TinyLlama 1.1B",
            """
            {"architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 1,
             "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 2048,
             "initializer_range": 0.02, "intermediate_size": 5632,
             "max_position_embeddings": 2048, "model_type": "llama", "num_attention_heads": 32,
             "num_hidden_layers": 22, "num_key_value_heads": 4, "pretraining_tp": 1,
             "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 10000.0,
             "tie_word_embeddings": false, "torch_dtype": "bfloat16",
             "transformers_version": "4.35.0", "use_cache": true, "vocab_size": 32000}
            """, .llama, (22, 32, 2048, 2048, 32000), epsilon: 1e-5
        ) {
            $0.keyValueHeadCount = 4
            $0.intermediateSize = 5632
        },
        PublishedConfiguration(
            "GPT-2",
            """
            {"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"],
             "attn_pdrop": 0.1, "bos_token_id": 50256, "embd_pdrop": 0.1, "eos_token_id": 50256,
             "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2",
             "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024,
             "resid_pdrop": 0.1, "summary_activation": null, "summary_first_dropout": 0.1,
             "summary_proj_to_labels": true, "summary_type": "cls_index",
             "summary_use_proj": true,
             "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}},
             "vocab_size": 50257}
            """, .gpt2, (12, 12, 768, 1024, 50257), epsilon: 1e-5
        ) { _ in },
        PublishedConfiguration(
            "DistilGPT-2",
            """
            {"_num_labels": 1, "activation_function": "gelu_new",
             "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1, "bos_token_id": 50256,
             "embd_pdrop": 0.1, "eos_token_id": 50256, "id2label": {"0": "LABEL_0"},
             "initializer_range": 0.02, "label2id": {"LABEL_0": 0},
             "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": 1024, "n_embd": 768,
             "n_head": 12, "n_layer": 6, "n_positions": 1024, "resid_pdrop": 0.1,
             "summary_activation": null, "summary_first_dropout": 0.1,
             "summary_proj_to_labels": true, "summary_type": "cls_index",
             "summary_use_proj": true,
             "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}},
             "vocab_size": 50257}
            """, .gpt2, (6, 12, 768, 1024, 50257), epsilon: 1e-5
        ) { _ in },
    ]
}

@Suite struct PublishedConfigurationTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func read(_ text: String) throws -> GPTConfiguration {
        let path = directory.path + "/config.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let shape = try ModelConfigurationFile(path: path).configuration
        return try #require(shape as? GPTConfiguration)
    }

    @Test("well-known models are read as what they are", arguments: PublishedConfiguration.all)
    func known(model: PublishedConfiguration) throws {
        #expect(try read(model.text) == model.expected)
    }

    @Test("and written as what they are read as", arguments: PublishedConfiguration.all)
    func again(model: PublishedConfiguration) throws {
        let text = model.expected.configurationText(endToken: 0, type: .float32)
        #expect(try read(text) == model.expected)
        let type = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(model.text.contains("\"\(type["model_type"] ?? "")\""))
    }

    @Test(
        "a Gemma 3 that sees images is read as the part that reads text", arguments: [true, false])
    func imagesBeside(isPublished: Bool) throws {
        let kind = try #require(
            ModelKind.all.first { $0.testDescription.hasPrefix("gemma3, a window of three") })
        let model = try tinyModel(kind)
        try model.write(toDirectory: directory.path)
        let alone = try GPT(directory: directory.path)
        let text = try String(contentsOfFile: directory.path + "/config.json", encoding: .utf8)
        try Data(
            #"{"model_type": "gemma3", "text_config": \#(text), "vision_config": {"a": 1}}"#.utf8
        ).write(to: URL(fileURLWithPath: directory.path + "/config.json"))
        let others = isPublished ? "vision_tower.x" : "model.vision_tower.x"
        func write(_ more: [String]) throws {
            let tensors = model.layout.tensors.map { tensor in
                SafetensorsFile.Source(
                    name: isPublished
                        ? "language_model." + tensor.checkpointName
                        : "model.language_model." + tensor.name,
                    shape: tensor.shape, buffer: model.parameters, offset: tensor.offset)
            }
            let extra = more.map {
                SafetensorsFile.Source(name: $0, shape: [3], buffer: model.parameters, offset: 0)
            }
            try SafetensorsFile.write(
                tensors + extra, to: directory.path + "/model.safetensors")
        }
        try write([others])
        let part = try GPT(directory: directory.path)
        #expect(part.configuration == alone.configuration)
        #expect(part.parameters.array == alone.parameters.array)
        // What is neither the one nor the other is refused as ever.
        try write(["audio_tower.x"])
        let error = #expect(throws: ModelError.self) { try GPT(directory: directory.path) }
        #expect(error?.description.contains("audio_tower.x") == true)
        try write(["model.norm.weight"])
        let twice = #expect(throws: ModelError.self) { try GPT(directory: directory.path) }
        #expect(twice?.description.contains("under two names") == true)
    }

    @Test(
        "what Quern does not compute is refused for the reason that matters",
        arguments: [
            (#"{"model_type": "phi", "partial_rotary_factor": 0.4}"#, "model_type is phi"),
            (#"{"model_type": "phi3", "original_max_position_embeddings": 4096}"#, "phi3"),
            (#"{"model_type": "gemma2", "sliding_window": 8}"#, "model_type is gemma2, none of"),
            (
                #"{"model_type": "gemma3_text", "rope_parameters": {"rope_theta": 9.0}}"#,
                "the key \"rope_theta\", where"
            ),
            (
                #"{"model_type": "gemma3_text", "rope_parameters": {"full_attention": 9.0}}"#,
                "no object under full_attention"
            ),
            (
                #"{"model_type": "gemma3_text", "rope_parameters": {"full_attention": {"x": 1}}}"#,
                "\"x\""
            ),
            (#"{"model_type": "gemma3_text", "sliding_window_pattern": 0}"#, "pattern is 0"),
            (#"{"model_type": "gemma3_text", "sliding_window": 0}"#, "a sliding window of 0"),
            (#"{"model_type": "gemma3_text", "query_pre_attn_scalar": 0}"#, "the root of 0"),
            (#"{"model_type": "gemma3_text", "rope_local_base_freq": 0.5}"#, "a base 0.5"),
            (#"{"model_type": "gemma3_text", "num_hidden_layers": 1000000000}"#, "n_layer"),
            (#"{"model_type": "gemma3_text", "final_logit_softcapping": 30.0}"#, "softcapping"),
            (#"{"model_type": "gemma3"}"#, "no text_config"),
            (#"{"model_type": "gemma3", "text_config": {"model_type": "gemma2"}}"#, "is gemma2"),
            (#"{"model_type": "gemma3", "text_config": {"surprise": 1}}"#, "\"surprise\""),
            (#"{"model_type": "gemma3", "text_config": {}, "surprise": 1}"#, "\"surprise\""),
            (#"{"model_type": "gpt_neox", "rotary_pct": 0.1}"#, "0.1 of a head's 96"),
            (#"{"model_type": "gpt_neox", "rotary_pct": 1e300}"#, "not a share"),
            (#"{"model_type": "gpt_neox", "rotary_pct": -1}"#, "not a share"),
            (#"{"model_type": "gpt_neox", "hidden_act": "gelu_10"}"#, "gelu_10"),
            (#"{"model_type": "gpt_neox", "head_dim": 8}"#, "\"head_dim\""),
            (#"{"model_type": "llama", "rope_interleaved": true}"#, "\"rope_interleaved\""),
            (#"{"model_type": "llama", "partial_rotary_factor": 0.5}"#, "partial_rotary_factor"),
            (#"{"model_type": "llama", "hidden_act": "quick_gelu"}"#, "quick_gelu"),
            (#"{"model_type": "gpt2", "activation_function": "tanh"}"#, "tanh"),
            (#"{"model_type": "llama", "rope_scaling": {"type": "su", "factor": 2}}"#, "rule su"),
            (#"{"model_type": "llama", "rope_scaling": {"type": "linear"}}"#, "no factor"),
            (
                #"{"model_type": "llama", "rope_scaling": {"rope_type": "llama3", "factor": 2}}"#,
                "no low_freq_factor"
            ),
            (
                #"{"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 0}}"#,
                "rotary positions"
            ),
            (#"{"model_type": "llama", "quantization_config": {"bits": 4}}"#, "are quantised"),
            (#"{"model_type": "llama", "auto_map": {"AutoModel": "x.Y"}}"#, "its own code"),
            (#"{"model_type": "mistral", "sliding_window": 0}"#, "a sliding window of 0"),
            (
                #"{"model_type": "qwen2", "num_hidden_layers": 2, "use_sliding_window": true,"#
                    + #" "layer_types": ["sliding_attention", "linear_attention"]}"#,
                "layers of the type linear_attention"
            ),
            (
                #"{"model_type": "qwen2", "num_hidden_layers": 2, "use_sliding_window": true,"#
                    + #" "layer_types": ["sliding_attention"]}"#,
                "1 types for 2 layers"
            ),
        ])
    func refused(text: String, reason: String) throws {
        let error = #expect(throws: ModelError.self) { try read(text) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test("windows slide in the layers and with the lengths that Hugging Face's classes have")
    func windows() throws {
        func windows(_ text: String) throws -> [Int?] {
            let shape = try read(text)
            return (0..<shape.layerCount).map { shape.window(ofLayer: $0) }
        }
        let three = #""num_hidden_layers": 3"#
        #expect(
            try windows(#"{"model_type": "mistral", \#(three)}"#)
                == [4096, 4096, 4096])
        #expect(
            try windows(#"{"model_type": "mistral", \#(three), "sliding_window": null}"#)
                == [nil, nil, nil])
        // A window as long as the context is none.
        #expect(
            try windows(
                #"{"model_type": "mistral", \#(three), "max_position_embeddings": 4096}"#)
                == [nil, nil, nil])
        for type in ["qwen2", "qwen3"] {
            let start = #"{"model_type": "\#(type)", \#(three), "sliding_window": 8"#
            #expect(try windows(start + "}") == [nil, nil, nil])
            #expect(try windows(start + #", "use_sliding_window": true}"#) == [nil, nil, nil])
            #expect(
                try windows(start + #", "use_sliding_window": true, "max_window_layers": 1}"#)
                    == [nil, 8, 8])
            #expect(
                try windows(
                    start + #", "use_sliding_window": true, "layer_types": ["full_attention","#
                        + #" "full_attention", "sliding_attention"]}"#)
                    == [nil, nil, 8])
        }
    }

    @Test("names of activations, several for one formula")
    func activations() throws {
        for (name, activation) in [
            ("gelu_new", Activation.geluTanh), ("gelu_fast", .geluTanh),
            ("gelu_pytorch_tanh", .geluTanh), ("gelu", .gelu), ("relu", .relu), ("silu", .silu),
            ("swish", .silu),
        ] {
            #expect(
                try read(#"{"model_type": "gpt2", "activation_function": "\#(name)"}"#).activation
                    == activation)
            #expect(
                try read(#"{"model_type": "llama", "hidden_act": "\#(name)"}"#).activation
                    == activation)
        }
    }

    @Test("a rule of scaled positions is written as it is read")
    func scalings() throws {
        for rule in [
            #"{"type": "linear", "factor": 2.5}"#, #"{"type": "dynamic", "factor": 2}"#,
            #"{"rope_type": "yarn", "factor": 4}"#,
            #"{"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 64}"#,
            #"{"rope_type": "yarn", "factor": null, "original_max_position_embeddings": 64,"#
                + #" "beta_fast": 16, "beta_slow": 2, "attention_factor": 1.5, "truncate": false}"#,
            #"{"rope_type": "yarn", "factor": 4, "mscale": 0.7, "mscale_all_dim": 1.2}"#,
            #"{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}"#,
        ] {
            let shape = try read(#"{"model_type": "llama", "rope_scaling": \#(rule)}"#)
            #expect(shape.variations.rotaryScaling != nil)
            #expect(try read(shape.configurationText(endToken: nil, type: .float32)) == shape)
        }
        // Within its positions the dynamic rule turns as without it.
        let rule = RotaryScaling.dynamic(factor: 2)
        #expect(rule.frequencies(of: [1, 0.5], headSize: 4, base: 10) == [1, 0.5])
    }

    @Test("what a configuration speaks of and a file lacks is named as missing")
    func missing() throws {
        let kind = ModelKind("qwen2") { $0.architecture = .qwen2 }
        let model = try tinyModel(kind)
        try model.write(toDirectory: directory.path)
        let path = directory.path + "/model.safetensors"
        let tensors = model.layout.tensors.filter { !$0.name.hasSuffix("v_proj.bias") }
        try SafetensorsFile.write(
            tensors.map {
                .init(
                    name: $0.checkpointName, shape: $0.shape, buffer: model.parameters,
                    offset: $0.offset)
            }, to: path)
        let error = #expect(throws: ModelError.self) { try ModelDirectory(path: directory.path) }
        let text = error?.description ?? ""
        #expect(text.contains("lacks 2 tensors") && text.contains("missing: "))
        #expect(text.contains("model.layers.0.self_attn.v_proj.bias"))
    }
}
