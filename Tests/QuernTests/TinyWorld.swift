import Files
import Foundation
import Testing

/// A corpus, a vocabulary, shards and a model, small enough to make in a second, which the tests
/// read and never change.
struct TinyWorld {
    /// Made once, by the first test that asks.
    static let shared = Task { try await TinyWorld() }

    let folder: TemporaryFolder

    /// `vocab/tiny`, `shards/tiny` and `runs/tiny/checkpoints/latest`.
    var vocabulary: String { folder.path + "/vocab/tiny" }
    var shards: String { folder.path + "/shards/tiny" }
    var model: String { folder.path + "/runs/tiny/checkpoints/latest" }

    /// Path of the world; removed when the tests end, since a value that all share never goes.
    private static let path = TemporaryFolder.newPath()

    init() async throws {
        folder = try TemporaryFolder(path: Self.path)
        atexit { try? FileManager.default.removeItem(atPath: TinyWorld.path) }
        try Self.prepare(folder)
        try await Program.succeed(["run", "--quiet"], in: folder)
    }

    /// Writes the corpus and `pipeline.json` into `folder`.
    static func prepare(_ folder: TemporaryFolder) throws {
        try folder.write("corpus.txt.zst", try compress(corpus))
        try folder.write(
            "pipeline.json",
            """
            {
              "name": "tiny",
              "corpus": {
                "inputs": ["corpus.txt.zst"], "text_separator": "\\n\\n",
                "validation_fraction": 0.2
              },
              "vocabulary": {"vocab_size": 300},
              "model": {
                "architecture": "gpt2", "n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 16
              },
              "training": {
                "steps": 6, "batch_size": 4, "warmup_steps": 2, "evaluate_every": 3,
                "checkpoint_every": 4, "optimizer": "adamw", "mask_documents": false
              },
              "generation": {"max_new_tokens": 8},
              "samples": ["the mill"]
            }
            """)
    }

    /// Sixty documents of words drawn by a generator of their own.
    static let corpus: String = {
        let words = "the mill turns and grinds corn by day while stones rest at night".split(
            separator: " ")
        var state: UInt32 = 12_345
        return (0..<60).map { number in
            let drawn = (0..<40).map { _ in
                state = state &* 1_103_515_245 &+ 12_345
                return words[Int(state >> 16) % words.count]
            }
            return drawn.joined(separator: " ") + ". Day \(number)."
        }.joined(separator: "\n\n")
    }()
}
