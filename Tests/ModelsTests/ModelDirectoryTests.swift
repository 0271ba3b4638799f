import Bytes
import Foundation
import Testing
import Tokens

@testable import Models

/// Models in the forms in which other programs write them.
@Suite struct ModelDirectoryFormTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// A directory with a model of `kind`.
    private func write(_ kind: ModelKind) throws -> (model: GPT, directory: ModelDirectory) {
        let model = try tinyModel(kind)
        let path = directory.path + "/plain"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try model.write(toDirectory: path, endToken: 3)
        return (model, try ModelDirectory(path: path))
    }

    private func fresh(_ name: String) throws -> String {
        let path = directory.path + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test("numbers of 16 bits are read as what they are", arguments: ModelKind.all)
    func halves(kind: ModelKind) throws {
        let (model, source) = try write(kind)
        for type in NumberType.allCases {
            let path = try fresh(type.rawValue)
            let names = try source.write(toDirectory: path, type: type)
            #expect(names == ["config.json", "generation_config.json", "model.safetensors"])
            let copy = try GPT(directory: path)
            #expect(copy.configuration == model.configuration)
            let expected = model.parameters.array.map { value in
                switch type {
                case .float32, .float64: value
                case .float16: HalfPrecision.float(binary16: HalfPrecision.binary16(value))
                case .bfloat16: HalfPrecision.float(bfloat16: HalfPrecision.bfloat16(value))
                }
            }
            #expect(copy.parameters.array == expected)
            #expect(try ModelDirectory(path: path).endToken == 3)
        }
    }

    @Test("the tokens that end a text are those of generation_config.json and config.json")
    func endTokens() throws {
        let (_, source) = try write(.all[0])
        #expect(source.endTokens == [3])
        let file = source.path + "/generation_config.json"
        for (text, expected) in [
            (#"{"eos_token_id": [2, 0]}"#, [0, 2, 3]), (#"{"eos_token_id": 1}"#, [1, 3]),
            // What is no token of the model ends nothing.
            (#"{"eos_token_id": [2, 100000]}"#, [2, 3]), (#"{"eos_token_id": null}"#, [3]),
            (#"{"eos_token_id": []}"#, [3]), ("{}", [3]),
        ] as [(String, Set<TokenID>)] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            #expect(try ModelDirectory(path: source.path).endTokens == expected, "\(text)")
        }
        for text in ["", "[", #"{"eos_token_id": "x"}"#, #"{"eos_token_id": [-1]}"#] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            let error = #expect(throws: ModelError.self) { try ModelDirectory(path: source.path) }
            #expect("\(error, default: "")".contains("generation_config.json"))
        }
        try FileManager.default.removeItem(atPath: file)
        #expect(try ModelDirectory(path: source.path).endTokens == [3])
    }

    @Test("float32 written again is the same file", arguments: ModelKind.all)
    func again(kind: ModelKind) throws {
        let (_, source) = try write(kind)
        let path = try fresh("again")
        for name in try source.write(toDirectory: path) {
            let (old, new) = (source.path + "/" + name, path + "/" + name)
            #expect(FileManager.default.contentsEqual(atPath: old, andPath: new), "\(name)")
        }
    }

    @Test("a model in several files is the same model", arguments: ModelKind.all)
    func shards(kind: ModelKind) throws {
        let (model, source) = try write(kind)
        for (limit, type) in [(1, NumberType.float32), (600, .bfloat16), (1 << 20, .float32)] {
            let path = try fresh("shards-\(limit)")
            let names = try source.write(
                toDirectory: path, type: type, shardByteCount: limit)
            let files = names.filter { $0.hasPrefix("model-") }
            #expect(files.count == (limit == 1 ? model.layout.tensors.count : files.count))
            #expect(names.contains("model.safetensors") == files.isEmpty)
            #expect(names.contains(SafetensorsIndex.fileName) == !files.isEmpty)
            let copy = try GPT(directory: path)
            if type == .float32 { #expect(copy.parameters.array == model.parameters.array) }
            #expect(copy.configuration == model.configuration)
        }
    }

    @Test(
        "a shorter context computes the same, and needs no more than it", arguments: ModelKind.all)
    func context(kind: ModelKind) throws {
        let (model, source) = try write(kind)
        let shorter = try ModelDirectory(path: source.path, contextLength: 4)
        let path = try fresh("shorter")
        _ = try shorter.write(toDirectory: path)
        let copy = try GPT(directory: path)
        #expect(copy.configuration.positionCount == 4)
        #expect(copy.logits(for: [1, 2, 3, 4]) == model.logits(for: [1, 2, 3, 4]))
        for length in [0, 7] {
            #expect(throws: ModelError.self) {
                try ModelDirectory(path: source.path, contextLength: length)
            }
        }
    }

    @Test("a number that half precision cannot hold is refused by name, and nothing is written")
    func range() throws {
        let (model, source) = try write(.gpt2)
        model.parameters[model.layout.tensors[2].offset] = 70_000
        try model.write(toDirectory: source.path)
        let path = try fresh("half")
        let error = #expect(throws: ModelError.self) {
            try ModelDirectory(path: source.path).write(toDirectory: path, type: .float16)
        }
        #expect(error?.description.contains("h.0.ln_1.weight holds 70000.0") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }

    @Test(
        "keys that may change what is computed are refused by name",
        arguments: [
            (0, #"{"attention_softcap": 30}"#, "\"attention_softcap\""),
            (0, #"{"quantization_config": {"bits": 4}}"#, "\"quantization_config\""),
            (0, #"{"is_encoder_decoder": true}"#, "\"is_encoder_decoder\""),
            (2, #"{"sliding_window": 128}"#, "\"sliding_window\""),
            (2, #"{"logit_scale": 0.5}"#, "\"logit_scale\""),
            (2, #"{"rope_parameters": {"rope_theta": 1e4, "factor": 2}}"#, "\"factor\""),
            (2, #"{"rope_scaling": {"partial_rotary_factor": 0.5}}"#, "partial_rotary_factor"),
            (
                5, #"{"layer_types": ["sliding_attention", "sliding_attention"]}"#,
                "no window that slides"
            ),
            (5, #"{"layer_types": ["chunked_attention", "x"]}"#, "the type chunked_attention"),
            (4, #"{"max_position_embeddings": 16777216, "head_dim": 32}"#, "GiB of angles"),
            (4, #"{"num_hidden_layers": 1000000000}"#, "give a whole number from"),
            (4, #"{"vocab_size": 268435456, "hidden_size": 65536}"#, "has shape"),
            (4, #"{"num_hidden_layers": 9223372036854775808}"#, "JSON"),
            (4, #"{"num_attention_heads": "2"}"#, "\"num_attention_heads\" does not fit"),
            (
                4,
                #"{"hidden_size": 65536, "intermediate_size": 1048576, "num_hidden_layers": 4096}"#,
                "too many parameters"
            ),
        ])
    func keys(kind: Int, changes: String, says reason: String) throws {
        let (_, source) = try write(ModelKind.all[kind])
        try edit(source.path, changes)
        let error = #expect(throws: ModelError.self) { try GPT(directory: source.path) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test(
        "the base of the rotary positions is the one that Transformers takes",
        arguments: [
            (#"{"rope_parameters": {"rope_theta": 5}, "rope_theta": 7}"#, 5.0),
            (#"{"rope_parameters": null, "rope_theta": 7}"#, 7),
            (
                #"{"rope_parameters": null, "rope_theta": 7, "rope_scaling": {"type": "default"}}"#,
                7
            ),
            (#"{"rope_parameters": null, "rope_theta": 7, "rope_scaling": {"rope_theta": 9}}"#, 9),
            (#"{"rope_parameters": {"rope_theta": 5}, "rope_scaling": {"rope_theta": 9}}"#, 9),
            (#"{"rope_parameters": {"rope_theta": 5}, "rope_scaling": {}}"#, 5),
        ])
    func rotaryBase(changes: String, base: Double) throws {
        let (_, source) = try write(ModelKind.all[2])
        try edit(source.path, changes)
        let shape = try ModelConfiguration(directory: source.path).shape
        #expect((shape as? GPTConfiguration)?.rotaryBase == base)
    }

    /// Changes keys of a directory's `config.json`.
    private func edit(_ directory: String, _ changes: String) throws {
        let path = URL(fileURLWithPath: directory + "/config.json")
        var json = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any])
        let more = try JSONSerialization.jsonObject(with: Data(changes.utf8))
        json.merge(try #require(more as? [String: Any])) { $1 }
        try JSONSerialization.data(withJSONObject: json).write(to: path)
    }

    @Test("a tied head may be there as a copy, and as nothing else")
    func tiedCopy() throws {
        let untied = try #require(
            ModelKind.all.first { kind in
                (try? tinyModel(kind)).map { !$0.configuration.tiesEmbeddings } ?? false
            })
        let (model, source) = try write(untied)
        try edit(source.path, #"{"tie_word_embeddings": true}"#)
        let error = #expect(throws: ModelError.self) { try GPT(directory: source.path) }
        #expect(error?.description.contains("set tie_word_embeddings to false") == true)
        let embedding = model.layout.tensors[0]
        let head = try #require(model.layout.tensors.first { $0.role == .head })
        for (index, other) in zip(head.range, embedding.range) {
            model.parameters[index] = model.parameters[other]
        }
        try model.write(toDirectory: source.path)
        try edit(source.path, #"{"tie_word_embeddings": true}"#)
        let tied = try GPT(directory: source.path)
        #expect(tied.configuration.tiesEmbeddings)
        #expect(tied.logits(for: [1, 2, 3]) == model.logits(for: [1, 2, 3]))
    }

    @Test("keys that change nothing are passed over")
    func harmless() throws {
        let (model, source) = try write(ModelKind.all[2])
        let path = URL(fileURLWithPath: source.path + "/config.json")
        let text = String(decoding: try Data(contentsOf: path), as: UTF8.self)
        let more = """
            {"pretraining_tp": 1, "use_cache": true, "transformers_version": "4.44",
             "pruned_heads": {}, "sliding_window": null, "some_future_switch": false,
             "architectures_of_old": [],
            """
        try Data((more + text.replacing(/"architectures": \[[^\]]*\],/, with: "").dropFirst()).utf8)
            .write(to: path)
        #expect(try GPT(directory: source.path).parameters.array == model.parameters.array)
    }
}
