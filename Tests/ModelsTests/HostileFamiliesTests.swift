import Foundation
import Testing

@testable import Models

/// Checkpoints of every family that were damaged or made to do harm: each is refused by an error,
/// never by a trap, and before its numbers take memory.
@Suite struct HostileFamiliesTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// A family and what its configuration can be told.
    struct Family: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let makeModel: @Sendable () throws -> any LanguageModel
        /// Keys whose value is a size.
        let sizes: [String]
        /// Keys whose value is true or false, or a word.
        let words: [String]
        /// Names that a second copy of the first tensor, a tied embedding, may have.
        var copies: [String] = []

        static let all =
            RecurrentKind.all.map { kind in
                Family(
                    testDescription: kind.testDescription,
                    makeModel: { try kind.tinyModel() },
                    sizes: ["n_layer", "n_embd", "hidden_size", "n_positions", "vocab_size"],
                    words: ["model_type", "tie_word_embeddings"],
                    copies: kind.tying == false ? [] : ["head.weight"])
            } + [
                Family(
                    testDescription: "encoder_decoder", makeModel: { try tinyEncoderDecoder() },
                    sizes: [
                        "d_model", "encoder_layers", "decoder_layers", "encoder_ffn_dim",
                        "decoder_ffn_dim", "encoder_attention_heads", "decoder_attention_heads",
                        "max_position_embeddings", "vocab_size", "decoder_vocab_size",
                        "num_hidden_layers",
                    ],
                    words: [
                        "model_type", "is_encoder_decoder", "activation_function",
                        "scale_embedding",
                        "share_encoder_decoder_embeddings", "tie_word_embeddings",
                    ],
                    copies: [
                        "lm_head.weight", "model.encoder.embed_tokens.weight",
                        "model.decoder.embed_tokens.weight",
                    ])
            ]
            + [0, 1, 3, 5, 18].map { index in
                Family(
                    testDescription: ModelKind.all[index].testDescription,
                    makeModel: { try tinyModel(ModelKind.all[index]) },
                    sizes: index < 2
                        ? ["n_layer", "n_head", "n_embd", "n_positions", "vocab_size"]
                        : [
                            "num_hidden_layers", "num_attention_heads", "hidden_size",
                            "intermediate_size", "max_position_embeddings", "vocab_size",
                        ],
                    words: ["model_type", "tie_word_embeddings"])
            }
    }

    private var configurationPath: String { directory.path + "/config.json" }
    private var weightsPath: String { directory.path + "/model.safetensors" }

    private func read() throws -> [Float] {
        try ModelDirectory(path: directory.path).model().parameters.array
    }

    private func expectRefusal(_ what: String) {
        let error = #expect(throws: ModelError.self, "\(what)") { try read() }
        #expect(error.map { !$0.description.isEmpty } ?? true)
    }

    private func object(at path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test("a configuration whose sizes or words are others", arguments: Family.all)
    func configuration(family: Family) throws {
        let model = try family.makeModel()
        try model.write(toDirectory: directory.path)
        let expected = model.parameters.array
        #expect(try read() == expected)
        let original = try object(at: configurationPath)
        /// Writes the configuration with another value, as JSON; nil to leave the key out.
        func change(_ key: String, _ value: String?) throws {
            var rest = original
            rest[key] = nil
            let data = try JSONSerialization.data(withJSONObject: rest)
            let text = String(decoding: data, as: UTF8.self)
            let member = value.map { "\"\(key)\": \($0)" + (rest.isEmpty ? "" : ", ") } ?? ""
            try write("{" + member + text.dropFirst(), to: configurationPath)
        }
        let notSizes = [
            "-1", "0", "-9223372036854775808", "9223372036854775807", "9223372036854775808",
            "4611686018427387904", "1099511627776", "1e300", "2.5", "\"7\"", "[7]", "{}", "true",
        ]
        for key in family.sizes {
            #expect(original[key] != nil, "\(key)")
            for value in notSizes {
                try change(key, value)
                expectRefusal("\(key): \(value)")
            }
            // Sizes that could be a model's: its tensors are others, or they are the same.
            for value in [1, 2, 3, 7, 64, 65_536, 1 << 20] {
                try change(key, "\(value)")
                do throws(ModelError) {
                    let found = try ModelDirectory(path: directory.path).model()
                    #expect(found.parameters.array == expected, "\(key): \(value)")
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
        let types = ModelFamilies.all.flatMap { $0.modelTypes }
        for key in family.words {
            #expect(original[key] != nil, "\(key)")
            let others =
                key == "model_type"
                ? (types + ["bert", "LSTM", ""]).filter { $0 != original[key] as? String }
                : ["other"]
            for value in others.map({ "\"\($0)\"" }) + ["3", "[]"] {
                try change(key, value)
                // A Mistral without a window is a Llama.
                if value == "\"mistral\"", original[key] as? String == "llama" {
                    #expect(try read() == expected)
                    continue
                }
                expectRefusal("\(key): \(value)")
            }
        }
        // Any key may be gone, null or nonsense: the model is the same then, or it is refused.
        for key in original.keys.sorted() {
            for value in [nil, "null", "-1", "\"x\"", "[]", "{}", "1e999"] {
                try change(key, value)
                do throws(ModelError) {
                    let found = try ModelDirectory(path: directory.path).model()
                    #expect(found.parameters.array == expected, "\(key): \(value ?? "absent")")
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }

    /// A tensor's entry in the header of a safetensors file.
    private struct Entry {
        var name: String
        var type = "F32"
        var shape: String
        var offsets: String

        var text: String {
            "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
        }
    }

    /// A file of these entries, and the numbers behind them.
    private func write(_ entries: [Entry], _ data: Data, claimed: UInt64? = nil) throws {
        let header = "{" + entries.map(\.text).joined(separator: ",") + "}"
        let length = claimed ?? UInt64(header.utf8.count)
        let count = (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) }
        try (Data(count) + Data(header.utf8) + data).write(to: URL(fileURLWithPath: weightsPath))
    }

    @Test("tensors that are missing, doubled, of other shapes or types", arguments: Family.all)
    func tensors(family: Family) throws {
        let model = try family.makeModel()
        try model.write(toDirectory: directory.path)
        let file = try SafetensorsFile(path: weightsPath)
        var data = Data()
        var entries: [Entry] = []
        var shapes: [[Int]] = []
        for tensor in model.layout.tensors {
            let stored = try #require(file.tensor(named: tensor.checkpointName))
            let floats = try file.floats(of: tensor.checkpointName)
            let start = data.count
            floats.withUnsafeBytes { unsafe data.append(contentsOf: $0) }
            entries.append(
                Entry(
                    name: tensor.checkpointName, shape: "\(stored.shape)",
                    offsets: "[\(start),\(data.count)]"))
            shapes.append(stored.shape)
        }
        try write(entries, data)
        #expect(try read() == model.parameters.array)

        // The first two and others from all over, for the blocks are alike.
        let indices = [0, 1] + stride(from: 2, to: entries.count, by: entries.count / 6 + 1)
        for index in indices {
            /// The file with this entry changed.
            func change(_ what: String, _ edit: (inout Entry) -> Void) throws {
                var changed = entries
                edit(&changed[index])
                try write(changed, data)
                expectRefusal("\(entries[index].name): \(what)")
            }
            let shape = shapes[index]
            let count = shape.reduce(1, *)
            try change("renamed") { $0.name += "x" }
            try change("of no name") { $0.name = "" }
            for type in ["F64", "I64", "I8", "BOOL", "F16", "BF16", "f32", "F8_E4M3", "X"] {
                try change(type) { $0.type = type }
            }
            for other in [
                "[]", "[\(count),1,1]", "[1,\(count),1]", "[-1]", "[-\(count),-1]", "[0]",
                "[\(count + 1)]", "[4294967296,4294967296]", "[9223372036854775807]",
                "[18446744073709551615]", "[18446744073709551616]", "[1e3]", "[\"\(count)\"]",
                "null", "\(count)",
            ] {
                try change("shape \(other)") { $0.shape = other }
            }
            if shape.count == 2, shape[0] != shape[1] {
                try change("transposed") { $0.shape = "[\(shape[1]),\(shape[0])]" }
            }
            for offsets in [
                "[0,0]", "[-4,0]", "[0]", "[]", "[0,4,8]",
                "[\(data.count),\(data.count + 4 * count)]",
                "[9223372036854775807,9223372036854775807]", "[0,18446744073709551615]", "null",
                "[4,0]", "[0.0,4.0]",
            ] {
                try change("offsets \(offsets)") { $0.offsets = offsets }
            }
            var without = entries
            without.remove(at: index)
            try write(without, data)
            expectRefusal("\(entries[index].name) missing, its numbers there")
            var doubled = entries
            doubled.insert(entries[index], at: 0)
            try write(doubled, data)
            expectRefusal("\(entries[index].name) twice over the same numbers")
            doubled[0].offsets = "[\(data.count),\(data.count + 4 * count)]"
            try write(doubled, data + Data(count: 4 * count))
            expectRefusal("\(entries[index].name) twice")
        }
        // More tensors than the model has.
        for name in ["more.weight", "model.more.weight", "rnn.weight_ih_l9", "lm_head.bias"] {
            let more = Entry(name: name, shape: "[1]", offsets: "[\(data.count),\(data.count + 4)]")
            try write(entries + [more], data + Data(count: 4))
            expectRefusal(name)
        }
        // A copy of a tied embedding is read where it is one, and refused where it is another.
        let (first, count) = (entries[0], 4 * shapes[0].reduce(1, *))
        for name in family.copies {
            var copy = first
            copy.name = name
            copy.offsets = "[\(data.count),\(data.count + count)]"
            try write(entries + [copy], data + data.prefix(count))
            if (try? ModelDirectory(path: directory.path)) != nil {
                #expect(try read() == model.parameters.array)
            }
            try write(entries + [copy], data + Data(count: count))
            expectRefusal("\(name) of other numbers")
        }
        for claimed in [0, 1, UInt64.max, UInt64(Int64.max), 1 << 40, 100 << 20] {
            try write(entries, data, claimed: claimed)
            expectRefusal("a header of \(claimed) bytes")
        }
    }

    @Test("a file that is cut short or goes on", arguments: Family.all)
    func length(family: Family) throws {
        try family.makeModel().write(toDirectory: directory.path)
        for path in [configurationPath, weightsPath] {
            let original = try Data(contentsOf: URL(fileURLWithPath: path))
            // The beginning, and places all over.
            let end = original.count - 2
            for length in Array(0..<20) + stride(from: 20, to: end, by: end / 60 + 1) {
                try original.prefix(length).write(to: URL(fileURLWithPath: path))
                expectRefusal("\(length) bytes")
            }
            try (original + Data("x".utf8)).write(to: URL(fileURLWithPath: path))
            expectRefusal("a byte more")
            try original.write(to: URL(fileURLWithPath: path))
        }
    }

    @Test func `a table of positions beyond a gigabyte is refused before it is made`() throws {
        var shape = EncoderDecoderConfiguration()
        (shape.vocabularySize, shape.padToken, shape.endToken) = (8, 0, 1)
        (shape.positionCount, shape.embeddingSize) = (1 << 20, 1 << 10)
        #expect(throws: ModelError.self) { try shape.validate() }
        shape.positionCount = 1 << 18
        try shape.validate()
    }
}
