import Foundation
import Models
import Testing

@testable import Pipeline

@Suite struct ComparisonReadingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String) throws -> ComparisonConfiguration {
        try #require(try ComparisonConfiguration(path: try folder.write("c.json", text)))
    }

    /// What is wrong with a description, with its line and column.
    private func fault(_ text: String) throws -> String {
        let error = #expect(throws: PipelineError.self) { _ = try read(text) }
        return "\(error, default: "")".replacing(folder.path + "/", with: "")
    }

    @Test func `a key that all share is for those that have it`() throws {
        let comparison = try read(
            """
            {"model": {"n_head": 2, "n_embd": 64, "n_positions": 32},
             "models": [{"name": "gpt"}, {"name": "gru", "model": {"architecture": "gru"}}]}
            """)
        let shapes = comparison.models.compactMap { $0.network?.model.shape.architectureName }
        #expect(shapes == ["qwen3", "gru"])
    }

    @Test func `a key that none of them has is named where it stands`() throws {
        #expect(
            try fault("{\"model\": {\n \"order\": 3},\n \"models\": [{\"name\": \"a\"}]}")
                .contains("order"))
        let text = try fault(
            "{\"model\": {\n \"hidden_size\": 8},\n \"models\": [{\"name\": \"a\"}]}")
        #expect(text.hasPrefix("c.json, line 2, column 2:"), "\(text)")
        #expect(text.contains("\"model.hidden_size\"") && text.contains("none of the networks"))
    }

    @Test func `a model that cannot be sized is found before anything is made`() throws {
        let text = try fault(
            """
            {"model": {"n_layer": 2, "n_embd": 48, "n_positions": 64, "n_head": 2},
             "models": [{"name": "gpt"},
              {"name": "gru", "model": {"architecture": "gru"}}]}
            """)
        #expect(text.hasPrefix("c.json, line 1, column 26:"), "\(text)")
        #expect(text.contains("models[1].model.n_embd") && text.contains("beside embeddings"))
    }

    @Test(arguments: [
        ("\"gradient_slots\": 5", "models[0].training.gradient_slots"),
        ("\"stateful\": true", "models[0].training.stateful"),
    ])
    func `a fault of an element's recipe has its place, also where all share it`(
        key: String, path: String
    ) throws {
        let own = try fault(
            "{\"training\": {\"batch_size\": 2}, \"models\": [{\"name\": \"a\", \"training\": {\n"
                + " \(key)}}]}")
        #expect(own.hasPrefix("c.json, line 2, column 2:") && own.contains(path), "\(own)")
        let shared = try fault(
            "{\"training\": {\"batch_size\": 2,\n  \(key)}, \"models\": [{\"name\": \"a\"}]}")
        #expect(shared.hasPrefix("c.json, line 2, column 3:"), "\(shared)")
    }

    @Test(arguments: [
        (#"{"corpus": {"inputs": ["a"],"# + "\n"
            + #""text_separator": "x", "documents": "line"}}"#),
        (#"{"corpus": {"inputs": ["a"]}, "model": {"# + "\n" + #""n_embd": 10, "n_head": 4}}"#),
        (#"{"corpus": {"inputs": ["a"]}, "instruction_tuning": {"# + "\n"
            + #""mask_documents": false}}"#),
        (#"{"corpus": {"inputs": ["a"]}, "instruction_tuning": {"batch_size": 2,"# + "\n"
            + #""gradient_slots": 9}}"#),
        (#"{"corpus": {"inputs": ["a"]}, "vocabulary": {"# + "\n" + #""vocab_size": 256}}"#),
    ])
    func `faults that several keys make together have a place before a run`(text: String) throws {
        let path = try folder.write("p.json", text)
        let error = #expect(throws: PipelineError.self) {
            try PipelineConfiguration(path: path, forRunWith: 1)
        }
        guard case .written(path, line: 2, column: 1, _)? = error else {
            let text = "\(error, default: "")"
            Issue.record("\(text)")
            return
        }
    }
}
