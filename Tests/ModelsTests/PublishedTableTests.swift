import Foundation
import Testing

@testable import Models

/// The tables of the article "Published models", held to what the code does.
@Suite struct PublishedTableTests {
    private let directory: TemporaryDirectory
    private let page: String

    init() throws {
        directory = try TemporaryDirectory()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        page = try String(
            contentsOfFile: root + "/Sources/Models/Documentation.docc/PublishedModels.md",
            encoding: .utf8)
    }

    /// The rows of the table under a heading, without its head.
    private func rows(_ heading: String) throws -> [[String]] {
        let section = try #require(
            page.components(separatedBy: "### \(heading)\n").dropFirst().first)
        let lines = section.split(separator: "\n").prefix { !$0.hasPrefix("###") }
        return lines.filter { $0.hasPrefix("|") }.dropFirst(2).map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    private func read(_ text: String) throws -> GPTConfiguration {
        let path = directory.path + "/config.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try #require(
            try ModelConfigurationFile(path: path).configuration as? GPTConfiguration)
    }

    @Test("every architecture has a row, with its class")
    func architectures() throws {
        let rows = try rows("Architectures")
        let names = rows.map { $0[0].trimmingCharacters(in: ["`"]) }
        #expect(names == Architecture.allCases.map(\.rawValue) + ["others"])
        for (row, architecture) in zip(rows, Architecture.allCases) {
            let text = GPTConfiguration(architecture).configurationText(
                endToken: nil, type: .float32)
            #expect(text.contains(row[1].trimmingCharacters(in: ["`"])), "\(row)")
            #expect(row[3].hasPrefix("`\(architecture.ggufName)`"), "\(row)")
            var sliding = GPTConfiguration(architecture)
            sliding.variations.slidingWindow = 3
            let isRefused = architecture.canSlide && !architecture.turnsByLayer
            #expect(!isRefused || sliding.ggufObstacle != nil)
            #expect(isRefused == row[3].contains("if no window slides"), "\(row)")
        }
    }

    /// For a row, by its key and values: configurations that have the setting.
    private static let samples: [String: [String]] = {
        func activations(_ names: String...) -> [String] {
            names.flatMap {
                [
                    #"{"model_type": "gpt2", "activation_function": "\#($0)"}"#,
                    #"{"model_type": "llama", "hidden_act": "\#($0)"}"#,
                ]
            }
        }
        func turned(_ rule: String) -> [String] {
            ["llama", "mistral", "qwen2", "qwen3"].flatMap { type in
                ["rope_scaling", "rope_parameters"].map {
                    // Without a word a window slides in Mistral.
                    #"{"model_type": "\#(type)", "sliding_window": null, "\#($0)": \#(rule)}"#
                }
            }
        }
        func gemma(_ settings: String...) -> [String] {
            settings.map { #"{"model_type": "gemma3_text", "num_hidden_layers": 2, \#($0)}"# }
        }
        let window = #""use_sliding_window": true, "sliding_window": 9, "num_hidden_layers": 2"#
        return [
            "activation_function, hidden_act: gelu_new, gelu_fast, gelu_pytorch_tanh": activations(
                "gelu_new", "gelu_fast", "gelu_pytorch_tanh"),
            "activation_function, hidden_act: gelu": activations("gelu"),
            "activation_function, hidden_act: relu": activations("relu"),
            "activation_function, hidden_act: silu": activations("silu"),
            "activation_function, hidden_act: others, such as quick_gelu": activations(
                "quick_gelu", "mish"),
            "attention_bias: true in llama, qwen3": [
                #"{"model_type": "llama", "attention_bias": true}"#,
                #"{"model_type": "qwen3", "attention_bias": true}"#,
            ],
            "mlp_bias: true in llama": [#"{"model_type": "llama", "mlp_bias": true}"#],
            "rope_scaling, rope_parameters: default": turned(#"{"rope_type": "default"}"#),
            "rope_scaling, rope_parameters: linear": turned(
                #"{"rope_type": "linear", "factor": 2}"#),
            "rope_scaling, rope_parameters: llama3": turned(
                #"{"type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}"#),
            "rope_scaling, rope_parameters: yarn": turned(#"{"type": "yarn", "factor": 2}"#),
            "rope_scaling, rope_parameters: dynamic": turned(
                #"{"rope_type": "dynamic", "factor": 2}"#),
            "rope_scaling, rope_parameters: longrope, mrope, others": turned(
                #"{"rope_type": "longrope", "short_factor": [1], "long_factor": [1]}"#)
                + turned(#"{"type": "mrope", "mrope_section": [1]}"#),
            "sliding_window: in mistral; in qwen2, qwen3 with use_sliding_window": [
                #"{"model_type": "mistral", "sliding_window": 9}"#,
                #"{"model_type": "qwen2", \#(window), "max_window_layers": 0}"#,
                #"{"model_type": "qwen3", \#(window), "max_window_layers": 0}"#,
            ],
            "max_window_layers, layer_types: full layers, then sliding ones": [
                #"{"model_type": "qwen2", \#(window), "max_window_layers": 1}"#,
                #"{"model_type": "qwen3", \#(window), "layer_types":"#
                    + #" ["full_attention", "sliding_attention"]}"#,
            ],
            "max_window_layers, layer_types: other orders in qwen2, qwen3": ["qwen2", "qwen3"].map {
                #"{"model_type": "\#($0)", \#(window), "layer_types":"#
                    + #" ["sliding_attention", "full_attention"]}"#
            },
            "max_window_layers, layer_types: any order in gemma3_text": gemma(
                #""layer_types": ["sliding_attention", "full_attention"]"#,
                #""layer_types": ["full_attention", "full_attention"]"#,
                #""sliding_window_pattern": 2"#),
            "max_window_layers, layer_types: several types in mistral, other types": [
                #"{"model_type": "mistral", "num_hidden_layers": 2, "layer_types":"#
                    + #" ["sliding_attention", "full_attention"]}"#
            ] + gemma(#""layer_types": ["sliding_attention", "chunked_attention"]"#),
            "sliding_window: in gemma3_text": gemma(#""sliding_window": 9"#),
            "query_pre_attn_scalar: head_dim in gemma3_text": gemma(
                #""head_dim": 64, "query_pre_attn_scalar": 64"#),
            "query_pre_attn_scalar: others": gemma(
                #""head_dim": 64, "query_pre_attn_scalar": 72"#),
            "rope_local_base_freq, rope_parameters of sliding_attention: default": gemma(
                #""rope_local_base_freq": 300.0"#,
                #""rope_parameters": {"sliding_attention": {"rope_type": "default","#
                    + #" "rope_theta": 30.0}}"#),
            "rope_local_base_freq, rope_parameters of sliding_attention: other rules": gemma(
                #""rope_parameters": {"sliding_attention": {"rope_type": "linear","#
                    + #" "factor": 2.0}}"#),
            "final_logit_softcapping, attn_logit_softcapping: any number": gemma(
                #""final_logit_softcapping": 30.0"#, #""attn_logit_softcapping": 50.0"#),
            "use_bidirectional_attention: true": gemma(#""use_bidirectional_attention": true"#),
            "partial_rotary_factor: 1": [#"{"model_type": "llama", "partial_rotary_factor": 1.0}"#],
            "partial_rotary_factor: others": [
                #"{"model_type": "llama", "partial_rotary_factor": 0.5}"#
            ],
            "rotary_pct: any in gpt_neox": [
                #"{"model_type": "gpt_neox", "hidden_act": "gelu_new", "rotary_pct": 0.5}"#,
                #"{"model_type": "gpt_neox", "hidden_act": "gelu_new", "rope_parameters":"#
                    + #" {"rope_theta": 9.0, "partial_rotary_factor": 1.0}}"#,
            ],
            "use_parallel_residual: any in gpt_neox": [true, false].map {
                #"{"model_type": "gpt_neox", "hidden_act": "gelu_new", "#
                    + #""use_parallel_residual": \#($0)}"#
            },
            "attention_bias: false in gpt_neox": [
                #"{"model_type": "gpt_neox", "hidden_act": "gelu_new", "attention_bias": false}"#
            ],
            "tie_word_embeddings: any": [
                #"{"model_type": "llama", "tie_word_embeddings": true}"#,
                #"{"model_type": "gpt2", "tie_word_embeddings": false}"#,
            ],
            "scale_attn_by_inverse_layer_idx: true": [
                #"{"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": true}"#
            ],
            "quantization_config: any": [
                #"{"model_type": "llama", "quantization_config": {"quant_method": "gptq"}}"#
            ],
            "auto_map: any": [#"{"model_type": "llama", "auto_map": {"AutoConfig": "a.B"}}"#],
        ]
    }()

    @Test("the rows of heads change places and come back")
    func headRows() {
        let order = HeadRows(heads: 3, size: 2)
        // Head 1's keys are rows 2, 3 of its six, and rows 2, 3 of the second third of memory.
        #expect(order.fileRow(of: 6 + 2) == 6 + 2 && order.memoryRow(of: 6 + 2) == 6 + 2)
        #expect(order.fileRow(of: 2) == 6 && order.fileRow(of: 17) == 17)
        #expect((0..<18).allSatisfy { order.memoryRow(of: order.fileRow(of: $0)) == $0 })
        #expect(Set((0..<18).map(order.fileRow)).count == 18)
        for start in 0..<18 {
            for end in start...18 {
                var rows: [Int] = []
                order.forEachRun(of: start..<end, order.fileRow) { run, first in
                    rows += run.indices.map { first + $0 - run.lowerBound }
                }
                #expect(rows == (start..<end).map(order.fileRow))
            }
        }
    }

    @Test("every setting is read or refused as its row says")
    func settings() throws {
        let rows = try rows("Settings")
        var key = ""
        var seen: Set<String> = []
        for row in rows {
            if !row[0].isEmpty { key = row[0] }
            let name = "\(key): \(row[1])".replacing("`", with: "")
            let samples = try #require(Self.samples[name], "no sample of \(name)")
            seen.insert(name)
            for sample in samples {
                guard row[2] == "yes" || row[2] == "as absent" else {
                    #expect(row[2].hasPrefix("refused"), "\(row)")
                    #expect(throws: ModelError.self, "\(sample)") { try read(sample) }
                    continue
                }
                let shape = try read(sample)
                #expect(try read(shape.configurationText(endToken: nil, type: .float32)) == shape)
                let isWritten = shape.ggufObstacle == nil
                switch row[4] {
                case "refused": #expect(!isWritten, "\(sample)")
                case "`gpt2` only": #expect(isWritten == (shape.architecture == .gpt2))
                case "all but `gpt2`": #expect(isWritten == (shape.architecture != .gpt2))
                case "`llama`": #expect(isWritten == (shape.architecture == .llama))
                default: #expect(isWritten, "\(sample)")
                }
            }
        }
        #expect(seen == Set(Self.samples.keys))
    }

    @Test("the types of numbers are those that the code has")
    func numbers() throws {
        let rows = try rows("Numbers")
        func types(_ row: Int) -> Set<String> {
            Set(rows[row][1].split(separator: ", ").map(String.init))
        }
        #expect(types(0) == Set(NumberType.allCases.map(\.rawValue)))
        #expect(types(1) == types(0).subtracting(["F64"]))
        #expect(types(3) == Set(GGUFNumberFormat.allCases.map(\.name)))
        #expect(types(2) == Set(GGUFNumberType.allCases.map { $0.rawValue.uppercased() }))
    }
}
