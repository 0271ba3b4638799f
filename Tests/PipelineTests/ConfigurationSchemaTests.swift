import Bytes
import Files
import Foundation
import Models
import Testing
import Work

@testable import Pipeline

@Suite struct ConfigurationSchemaTests {
    private let folder: TemporaryFolder
    private let validator: SchemaValidator

    init() throws {
        folder = try TemporaryFolder()
        validator = SchemaValidator(
            schema: try WrittenJSON(Array(ConfigurationSchema().text.utf8)).value)
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// When keys or defaults change: `make schema`.
    @Test func `the schema in the repository is the one that the program writes`() throws {
        let file = try #require(try FileSystem.contents(Self.root + "/pipeline.schema.json"))
        #expect(String(decoding: file, as: UTF8.self) == ConfigurationSchema().text)
    }

    @Test(arguments: ["pipeline.json", "comparison.json"])
    func `the repository's descriptions name the schema and are valid`(name: String) throws {
        let data = try #require(try FileSystem.contents(Self.root + "/" + name))
        let value = try WrittenJSON(Array(data)).value
        #expect(value["$schema"] == .string("./pipeline.schema.json"))
        #expect(try validator.fault(of: value) == nil)
    }

    @Test(arguments: [
        "{}", #"{"corpus": {"refine": null}}"#, #"{"corpus": {"refine": {"memory": "2 GiB"}}}"#,
        #"{"corpus": {"refine": {"memory": 2000000}}}"#,
        #"{"corpus": {"sources": [{"name": "a", "refine": {"shuffle": true}}]}}"#,
        #"{"shards": {"allow_special": ["a"]}}"#, #"{"shards": {"allow_special": "all"}}"#,
        #"{"model": {"architecture": "lstm", "hidden_size": 4}}"#,
        #"{"model": {"architecture": "llama", "n_kv_head": null}}"#,
        #"{"rule": "minutes", "models": [{"name": "a"}, {"name": "b", "model": "#
            + #"{"architecture": "ngram", "order": 3}}], "model": {"n_positions": 16}}"#,
        #"{"training": {"steps": 3.0, "learning_rate": 1e-2, "init_from": null}}"#,
        #"{"instruction_tuning": {"packing": "best-fit"}, "corpus": {"sources": []}}"#,
        #"{"model": {"n_head": 2, "n_embd": 64}, "models": [{"name": "a"}, {"name": "b", "#
            + #""model": {"architecture": "gru"}}]}"#,
    ])
    func `what is read is valid`(text: String) throws {
        let path = try folder.write("p.json", text)
        if try ComparisonConfiguration(path: path) == nil {
            _ = try PipelineConfiguration(path: path)
        }
        #expect(try validator.fault(of: WrittenJSON(Array(text.utf8)).value) == nil)
    }

    @Test(arguments: [
        "[]", #"{"steps": 3}"#, #"{"training": {"steps": 0}}"#, #"{"training": {"steps": 1.5}}"#,
        #"{"training": {"steps": null}}"#, #"{"training": {"optimizer": "sgd"}}"#,
        #"{"training": {"learning_rate": 0}}"#, #"{"training": 3}"#, #"{"samples": [1]}"#,
        #"{"corpus": {"sources": [{"sources": []}]}}"#, #"{"corpus": {"inputs": "a"}}"#,
        #"{"corpus": {"refine": {"memory": "much"}}}"#, #"{"name": 3}"#, #"{"rule": "minutes"}"#,
        #"{"model": {"architecture": "lstm", "n_head": 4}}"#, #"{"model": {"hidden_size": 4}}"#,
        #"{"model": {"architecture": "ngram"}}"#,
        #"{"models": [{"name": "a", "model": {"architecture": "ngram", "n_embd": 3}}]}"#,
        #"{"models": [{"name": "a", "model": {"order": 3}}, {"name": "b", "training": {"x": 1}}]}"#,
        #"{"models": []}"#, #"{"models": [{"name": ""}]}"#, #"{"name": ""}"#,
        #"{"corpus": {"inputs": [""]}}"#, #"{"corpus": {"text_separator": ""}}"#,
        #"{"corpus": {"sources": [{"name": ""}]}}"#, #"{"generation": {"stop_strings": [""]}}"#,
        #"{"training": {"init_from": ""}}"#, #"{"model": {"hidden_size": null}}"#,
        #"{"models": [{"name": "a", "model": {"architecture": "encoder_decoder"}}]}"#,
        #"{"instruction_tuning": {"packing": "concatenate"}}"#,
    ])
    func `what is refused is not valid`(text: String) throws {
        let path = try folder.write("p.json", text)
        #expect(throws: PipelineError.self) {
            if try ComparisonConfiguration(path: path) == nil {
                _ = try PipelineConfiguration(path: path)
            }
        }
        #expect(try validator.fault(of: WrittenJSON(Array(text.utf8)).value) != nil, "\(text)")
    }

    @Test func `the schema takes each value alone that reading takes`() throws {
        let texts =
            HostileNumbers.all.filter { (try? WrittenJSON(Array($0.utf8))) != nil }
            + [
                "null", "true", "\"a\"", "\"4GiB\"", "[]", "[\"a\"]", "[1]", "{}", "\"muon\"",
                "2.0", "\"\"", "[\"\"]", "[\"a\", \"\"]", "\"best-fit\"", "\"concatenate\"", "[{}]",
            ]
        let check = ConfigurationCheck(keys: .comparison)
        var counts = (taken: 0, refused: 0)
        for section in ConfigurationKeys.comparison.sections {
            for key in section.keys where key.description.name != "architecture" {
                for text in texts {
                    let value = try WrittenJSON(Array(text.utf8)).value
                    var object = JSONValue.object([.init(key: key.description.name, value: value)])
                    // Some keys are of one architecture.
                    if let own = key.variants.first?.architectures.first {
                        object["architecture"] = .string(own)
                    } else if key.description.name == "order" {
                        object["architecture"] = .string("ngram")
                    }
                    for name in section.place.split(separator: ".").reversed() {
                        let list = name.hasSuffix("[]")
                        object = .object([
                            .init(
                                key: list ? String(name.dropLast(2)) : String(name),
                                value: list ? .array([object]) : object)
                        ])
                    }
                    if section.place.isEmpty {
                        object["models"] = object["models"] ?? .array([.object([])])
                    }
                    let isRead = (try? check.check(object)) != nil
                    let fault = try validator.fault(of: object)
                    // Below all normal numbers, and in texts of sizes, the schema says less.
                    // The validator's numbers are doubles, which do not tell 2^64 from the one
                    // below.
                    let isLoose =
                        ["1e-320", "18446744073709551616"].contains(text)
                        || key.description.kind.name == "size"
                    #expect(
                        isRead == (fault == nil) || isLoose && fault == nil,
                        "\(key.path) = \(text): read \(isRead), \(fault ?? "valid")")
                    counts.taken += isRead ? 1 : 0
                    counts.refused += isRead ? 0 : 1
                }
            }
        }
        #expect(counts.taken > 200 && counts.refused > 1_000)
    }
}
