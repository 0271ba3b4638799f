import Foundation
import Testing

/// An encoder–decoder from a table of pairs to written targets.
@Suite struct PairRunTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Words of two letters, each with its mirror image.
    private func writePairs(_ name: String) throws {
        var table = "target\tsource\n"
        for a in "abcdefghij" {
            for b in "abcdefghij" { table += "\(b)\(a)\t\(a)\(b)\n" }
        }
        try Data(table.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }

    private func writePipeline(_ model: String = "") throws {
        let text = """
            {
              "name": "mirror",
              "corpus": {"inputs": ["mirror.tsv"], "validation_fraction": 0.1},
              "vocabulary": {"vocab_size": 257},
              "model": {"architecture": "encoder_decoder", "n_layer": 1, "n_head": 2, "n_embd": 32,
                        "n_positions": 48\(model)},
              "training": {"steps": 120, "batch_size": 8, "learning_rate": 1e-2,
                           "warmup_steps": 10, "evaluate_every": 60, "checkpoint_every": 60},
              "generation": {"temperature": 0},
              "samples": ["ab"]
            }
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/pipeline.json"))
    }

    @Test func `pairs of a table are learned, scored, written and looked at`() async throws {
        try writePairs("mirror.tsv")
        try writePipeline()
        let run = try await Program.succeed(["run"], in: folder)
        #expect(run.text.contains("ab → ba"))
        // What is done is not done again.
        let again = try await Program.succeed(["run"], in: folder)
        #expect(again.messages.contains("up to date"))

        let model = "runs/mirror/checkpoints/best"
        let scores = try await Program.succeed(
            ["evaluate", "--model", model, "--shards", "shards/mirror", "--json"], in: folder)
        struct Scores: Decodable {
            struct Total: Decodable { let loss: Double }
            struct Targets: Decodable {
                let pairs: Int
                let exact: Int
            }
            let total: Total
            let targets: Targets
        }
        let found = try JSONDecoder().decode(Scores.self, from: Data(scores.text.utf8))
        #expect(found.targets.pairs > 4)
        #expect(found.targets.exact * 10 >= found.targets.pairs * 8)
        #expect(found.total.loss < 0.7)

        let drawn = try await Program.succeed(
            ["generate", "--model", model, "--prompt", "cf", "--temperature", "0"], in: folder)
        #expect(drawn.text == "fc\n")
        let beams = try await Program.succeed(
            ["generate", "--model", model, "--prompt", "cf", "--beams", "3"], in: folder)
        #expect(beams.text == "fc\n")
        let maps = try await Program.succeed(
            ["generate", "--model", model, "--prompt", "cf", "--attention", "-"], in: folder)
        #expect(maps.text.contains("source's tokens") && maps.text.contains("layer 1, head 2"))
        let shown = try await Program.succeed(["model", "show", model], in: folder)
        #expect(shown.text.contains("1 of the encoder, 1 of the decoder"))
    }

    @Test func `what does not fit is refused with a word on what to do`() async throws {
        try writePairs("mirror.tsv")
        try writePipeline(#", "n_kv_head": 1"#)
        let foreign = try await Program.run(["run"], in: folder)
        #expect(foreign.status == 1)
        #expect(foreign.messages.contains("n_kv_head"))
        try writePipeline()
        try Data("source\tother\na\tb\n".utf8).write(
            to: URL(fileURLWithPath: folder.path + "/mirror.tsv"))
        let column = try await Program.run(["run"], in: folder)
        #expect(column.status == 1)
        #expect(column.messages.contains("\"target\""))
    }
}
