import Files
import Foundation
import Models
import Testing
import Work

/// A directory that goes when the test ends.
final class TemporaryDirectory {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/quern-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

@Suite struct SafetensorsFileTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// A file of this header and data.
    func file(_ header: String, data: Int, claimed: UInt64? = nil) throws -> String {
        let length = claimed ?? UInt64(header.utf8.count)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) }
        return try directory.write(
            "a.safetensors", bytes + Array(header.utf8) + [UInt8](repeating: 1, count: data))
    }

    @Test("what is written is read: names, shapes, numbers, metadata")
    func roundTrip() throws {
        let buffer = FloatBuffer(count: 10)
        for index in 0..<10 { buffer[index] = Float(index) * 0.1 }
        let path = directory.path + "/a.safetensors"
        try SafetensorsFile.write(
            [
                .init(name: "a\"b\\c\n", shape: [2, 3], buffer: buffer, offset: 1),
                .init(name: "scalar", shape: [], buffer: buffer, offset: 9),
                .init(name: "empty", shape: [0, 4], buffer: buffer, offset: 0),
            ], metadata: ["format": "pt", "näme": "\u{1}"], to: path)
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == ["format": "pt", "näme": "\u{1}"])
        #expect(Set(file.tensors.map(\.name)) == ["a\"b\\c\n", "scalar", "empty"])
        #expect(file.tensor(named: "a\"b\\c\n")?.shape == [2, 3])
        #expect(try file.floats(of: "a\"b\\c\n") == buffer.array(1..<7))
        #expect(try file.floats(of: "scalar") == [buffer[9]])
        #expect(try file.floats(of: "empty") == [])
        #expect(throws: ModelError.missingTensor(path: path, name: "b")) {
            try file.floats(of: "b")
        }
        let target = FloatBuffer(count: 6)
        #expect(
            throws: ModelError.shapeMismatch(
                path: path, name: "a\"b\\c\n", expected: [3, 2], found: [2, 3])
        ) { try file.read("a\"b\\c\n", shape: [3, 2], into: target, at: 0) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(bytes[0] % 8 == 0)
    }

    static func tensor(_ name: String, _ start: Int, _ end: Int, shape: String = "[1]") -> String {
        #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#
    }

    @Test(
        "hostile headers are refused, each with its reason",
        arguments: [
            ("{\(tensor("a", 0, 4)),\(tensor("b", 8, 12))}", 12, "a hole before"),
            ("{\(tensor("a", 4, 8))}", 8, "a hole before"),
            ("{\(tensor("a", 0, 8, shape: "[2]")),\(tensor("b", 4, 8))}", 8, "an overlap"),
            ("{\(tensor("a", 0, 4)),\(tensor("a", 4, 8))}", 8, "appears twice"),
            (#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "twice"),
            ("{\(tensor("a", 0, 4))}", 8, "4 bytes and 8"),
            ("{\(tensor("a", 0, 4))}", 3, "4 bytes and 3"),
            ("{\(tensor("a", 4, 0))}", 4, "no range"),
            ("{\(tensor("a", 0, 8))}", 8, "not 4"),
            ("{\(tensor("a", 0, 4, shape: "[4294967296,4294967296]"))}", 4, "too large"),
            ("{\(tensor("a", 0, 4, shape: "[99999999999999999999]"))}", 4, "too large"),
            ("{\(tensor("a", 0, 4, shape: "[-1]"))}", 4, "a whole number"),
            ("{\(tensor("a", 0, 4, shape: "[1.0]"))}", 4, "a whole number"),
            ("{\(tensor("a", 0, 4, shape: "[01]"))}", 4, "a whole number"),
            (#"{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#, 4, "unknown type"),
            (#"{"a":{"dtype":"F32","shape":[1]}}"#, 0, "lacks"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, 4, "unknown field"),
            ("{\(tensor("a", 0, 4))} x", 4, "something follows"),
            ("[]", 0, "begin with"),
            (" {}", 0, "begin with"),
            ("{", 0, "ends inside"),
            (#"{"a"#, 0, "ends inside"),
            (#"{"\ud800":1}"#, 0, "surrogate"),
            (#"{"\q":1}"#, 0, "escape does not exist"),
            ("", 0, "begin with"),
        ])
    func hostile(header: String, data: Int, reason: String) throws {
        let path = try file(header, data: data)
        let error = #expect(throws: ModelError.self) { try SafetensorsFile(path: path) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test("names are told apart by their bytes, not by what Unicode takes for equal")
    func canonicalEquivalents() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        let tensors = [Self.tensor(composed, 0, 4), Self.tensor(decomposed, 4, 8)]
        let path = try file("{\(tensors.joined(separator: ","))}", data: 8)
        let file = try SafetensorsFile(path: path)
        for (number, name) in [composed, decomposed].enumerated() {
            let found = try #require(file.tensor(named: name)).name
            #expect(found.utf8.elementsEqual(name.utf8), "tensor \(number)")
        }
    }

    @Test("lengths that the file does not have are refused")
    func lengths() throws {
        for claimed in [3, 1 << 40, UInt64.max, UInt64(Int.max)] {
            let path = try file("{}", data: 0, claimed: claimed)
            #expect(throws: ModelError.self) { try SafetensorsFile(path: path) }
        }
        let short = try directory.write("short", [1, 2, 3])
        #expect(throws: ModelError.self) { try SafetensorsFile(path: short) }
        #expect(throws: ModelError.self) {
            try SafetensorsFile(path: directory.path + "/missing")
        }
    }

    @Test("numbers of another type are refused when they are asked for")
    func types() throws {
        let path = try file(
            #"{"a":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}"#, data: 4)
        let file = try SafetensorsFile(path: path)
        #expect(throws: ModelError.unsupportedType(path: path, name: "a", type: "I16")) {
            try file.floats(of: "a")
        }
    }

    @Test("a file with any bytes changed is read or refused, never a trap")
    func mutations() throws {
        let header =
            "{\"__metadata__\":{\"format\":\"pt\"},\(Self.tensor("a", 0, 4)),"
            + "\(Self.tensor("b\\u00e9", 4, 12, shape: "[1,2]"))}"
        let original = try Data(contentsOf: URL(fileURLWithPath: file(header, data: 12)))
        var generator = RandomGenerator(seed: 5)
        var readable = 0
        for _ in 0..<1_500 {
            var bytes = [UInt8](original)
            for _ in 0...Int.random(in: 0..<3, using: &generator) {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
                case 1:
                    guard !bytes.isEmpty else { continue }
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                        UInt8.random(in: 0...255, using: &generator)
                case 2:
                    bytes.insert(
                        UInt8.random(in: 0...255, using: &generator),
                        at: Int.random(in: 0...bytes.count, using: &generator))
                default:
                    guard !bytes.isEmpty else { continue }
                    let digits = Array("0123456789{}[]\",:\\".utf8)
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                        digits.randomElement(using: &generator)!
                }
            }
            let path = try directory.write("mutant", bytes)
            if let file = try? SafetensorsFile(path: path) {
                readable += 1
                for tensor in file.tensors { _ = try? file.floats(of: tensor.name) }
            }
        }
        #expect(readable > 0)
    }
}

@Suite struct ModelDirectoryTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test("a model that was written is read with the same bits", arguments: ModelKind.all)
    func roundTrip(kind: ModelKind) throws {
        let model = try tinyModel(kind)
        try model.write(toDirectory: directory.path, endToken: 0)
        let copy = try GPT(directory: directory.path)
        #expect(copy.configuration == model.configuration)
        #expect(copy.parameters.array == model.parameters.array)
        #expect(copy.logits(for: [1, 2, 3]) == model.logits(for: [1, 2, 3]))
    }

    @Test("the configuration has what converters and Hugging Face's classes look for")
    func configurationFile() throws {
        try tinyModel().write(toDirectory: directory.path, endToken: 0)
        let json = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: directory.path + "/config.json")))
                as? [String: Any])
        #expect(json["n_ctx"] as? Int == 6)
        #expect(json["eos_token_id"] as? Int == 0)
        #expect(json["model_type"] as? String == "gpt2")
    }

    /// Writes a configuration with a few fields changed.
    func configure(_ changes: [String: Any]) throws {
        let path = URL(fileURLWithPath: directory.path + "/config.json")
        var json = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any])
        json.merge(changes) { $1 }
        try JSONSerialization.data(withJSONObject: json).write(to: path)
    }

    @Test("a configuration of another shape than the tensors is refused by name")
    func otherShape() throws {
        try tinyModel().write(toDirectory: directory.path)
        try configure(["vocab_size": 12])
        let error = #expect(throws: ModelError.self) {
            try GPT(directory: directory.path)
        }
        #expect(error?.description.contains("wte.weight has shape [11, 8]") == true)
    }

    @Test(
        "models that Quern does not compute are refused, each with its reason",
        arguments: [
            (ModelKind.gpt2, #"{"model_type": "bert"}"#, "none of gpt2, llama, mistral, qwen2"),
            (.gpt2, #"{"model_type": "llama"}"#, "\"activation_function\""),
            (.gpt2, #"{"activation_function": "tanh"}"#, "activation_function is tanh"),
            (.gpt2, #"{"n_inner": 9}"#, "has shape"),
            (
                .gpt2, #"{"tie_word_embeddings": false}"#,
                "lacks a tensor of the model that its configuration describes, missing: lm_head"
            ),
            (.gpt2, #"{"scale_attn_by_inverse_layer_idx": true}"#, "scaled in another way"),
            (.gpt2, #"{"n_head": "two"}"#, "damaged"),
            (.gpt2, #"{"eos_token_id": -1}"#, "\"eos_token_id\" does not fit: a token's id"),
            (.gpt2, #"{"eos_token_id": [0, 1.5]}"#, "\"eos_token_id\" does not fit"),
            (.gpt2, #"{"bos_token_id": "0"}"#, "\"bos_token_id\" does not fit"),
            (ModelKind.all[2], #"{"model_type": "gpt2"}"#, "\"head_dim\""),
            (ModelKind.all[2], #"{"model_type": "qwen3"}"#, "q_norm"),
            (ModelKind.all[5], #"{"model_type": "llama"}"#, "k_norm.weight that llama lacks"),
            (ModelKind.all[2], #"{"hidden_act": "gelu_10"}"#, "hidden_act is gelu_10"),
            (ModelKind.all[2], #"{"attention_bias": true}"#, "lacks 8 tensors"),
            (
                ModelKind.all[2], #"{"mlp_bias": true}"#,
                "missing: model.layers.0.mlp.gate_proj.bias"
            ),
            (ModelKind.all[2], #"{"rope_scaling": {"type": "su"}}"#, "the rule su"),
            (ModelKind.all[2], #"{"rope_parameters": {"rope_type": "linear"}}"#, "no factor"),
            (ModelKind.all[2], #"{"sliding_window": 128}"#, "\"sliding_window\""),
        ])
    func otherKinds(kind: ModelKind, changes: String, says reason: String) throws {
        try tinyModel(kind).write(toDirectory: directory.path)
        let changes = try JSONSerialization.jsonObject(with: Data(changes.utf8))
        try configure(try #require(changes as? [String: Any]))
        let error = #expect(throws: ModelError.self) { try GPT(directory: directory.path) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test("keys of published files that say something else, or nothing, are passed over")
    func idleKeys() throws {
        for changes in [
            ["n_ctx": 3], ["bos_token_id": 50256, "eos_token_id": 50256], ["pad_token_id": -1],
            ["bos_token_id": NSNull(), "eos_token_id": [Int]()],
        ] as [[String: Any]] {
            try tinyModel(.gpt2).write(toDirectory: directory.path)
            try configure(changes)
            _ = try GPT(directory: directory.path)
        }
    }

    @Test("keys as older and newer files have them mean the same")
    func keys() throws {
        try tinyModel(ModelKind.all[4]).write(toDirectory: directory.path)
        let expected = try GPT(directory: directory.path).configuration
        #expect(expected.rotaryBase == 30)
        for changes in [
            ["rope_parameters": NSNull()], ["rope_theta": NSNull()],
            ["eos_token_id": [3, 4]], ["head_dim": NSNull()],
        ] as [[String: Any]] {
            try tinyModel(ModelKind.all[4]).write(toDirectory: directory.path, endToken: 3)
            try configure(changes)
            #expect(try GPT(directory: directory.path).configuration == expected)
        }
    }

    @Test(
        "layers that the file lacks, or has too many of, are refused",
        arguments: [(ModelKind.gpt2, "n_layer"), (ModelKind.all[2], "num_hidden_layers")])
    func layers(kind: ModelKind, key: String) throws {
        try tinyModel(kind).write(toDirectory: directory.path)
        for count in [1, 3] {
            try configure([key: count])
            #expect(throws: ModelError.self) { try GPT(directory: directory.path) }
        }
    }

    @Test("a directory without a model is refused with the system's reason")
    func missing() {
        let error = #expect(throws: ModelError.self) {
            try GPT(directory: directory.path)
        }
        #expect(error?.description.contains("No such file") == true)
    }
}
