import Corpora
import Foundation
import Models
import Testing
import TokenShards
import Training

@testable import Pipeline

/// What a description means that says little: the recipe of the repository's own model.
@Suite struct DefaultsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The recipe in full, as `pipeline.json` and `comparison.json` once said it.
    private static let recipe = """
        {
          "corpus": {"inputs": ["corpora/kjv.txt.zst"], "validation_fraction": 0.05},
          "vocabulary": {
            "vocab_size": 4096, "pattern": "gpt4", "special_tokens": ["<|endoftext|>"]
          },
          "shards": {"end_of_text": "before"},
          "model": {
            "architecture": "qwen3", "n_layer": 4, "n_head": 4, "n_embd": 128,
            "n_positions": 256, "tie_word_embeddings": false
          },
          "training": {
            "steps": 600, "batch_size": 8, "optimizer": "muon", "learning_rate": 2e-2,
            "muon_learning_rate": 0.015, "muon_momentum": 0.8, "schedule": "wsd",
            "warmup_steps": 20, "decay_fraction": 0.6, "final_learning_rate_ratio": 0.0,
            "weight_decay": 0.1, "beta1": 0.8, "beta2": 0.99, "mask_documents": true,
            "evaluate_every": 200, "checkpoint_every": 200
          },
          "generation": {"max_new_tokens": 120, "temperature": 0.8, "top_k": 50},
          "instruction_tuning": {
            "epochs": 2, "batch_size": 8, "optimizer": "muon", "learning_rate": 5e-3,
            "muon_learning_rate": 0.01, "muon_momentum": 0.95, "beta1": 0.9,
            "schedule": "linear", "warmup_steps": 10, "final_learning_rate_ratio": 0.0
          }
        }
        """
    private static let comparedTraining = """
        {
          "steps": 1200, "batch_size": 8, "optimizer": "muon", "schedule": "cosine",
          "warmup_steps": 50,
          "final_learning_rate_ratio": 0.1, "weight_decay": 0.1, "mask_documents": true,
          "evaluate_every": 400, "checkpoint_every": 400
        }
        """

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    private func read(_ text: String, _ settings: [String] = []) throws -> PipelineConfiguration {
        try PipelineConfiguration(path: try folder.write("p.json", text), settings: settings)
    }

    /// Every value of a configuration as JSON, by section and key.
    private func values(_ configuration: PipelineConfiguration) throws -> [String: String] {
        let data = try JSONEncoder().encode(configuration)
        let whole = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        var values: [String: String] = [:]
        for (section, object) in whole {
            guard let object = object as? [String: Any] else { continue }
            for (key, value) in object { values["\(section).\(key)"] = "\(value)" }
        }
        return values
    }

    @Test func `without a word the recipe is that of the repository's model, key by key`() throws {
        let expected = try values(read(Self.recipe))
        let corpus = #"{"corpus": {"inputs": ["corpora/kjv.txt.zst"]}}"#
        #expect(try values(read(corpus)) == expected)
        var repository = try values(PipelineConfiguration(path: Self.root + "/pipeline.json"))
        #expect(repository["corpus.text_separator"] == "\n\n\n")
        #expect(repository["instruction_tuning.questions"] != nil)
        repository["corpus.text_separator"] = nil
        let questions = "instruction_tuning.questions"
        repository[questions] = expected[questions]
        #expect(repository == expected)
        // A key of the recipe that had no value would be missing on both sides.
        let said = try JSONSerialization.jsonObject(with: Data(Self.recipe.utf8))
        for (section, object) in try #require(said as? [String: [String: Any]]) {
            for key in object.keys { #expect(expected["\(section).\(key)"] != nil, "\(key)") }
        }
    }

    @Test func `the library's defaults are those of a file`() throws {
        #expect(try read("{}") == PipelineConfiguration())
        #expect(TrainingConfiguration(optimizer: .muon) == TrainingConfiguration())
    }

    @Test func `the repository's comparison has the recipe of its figures`() throws {
        let comparison = try #require(
            try ComparisonConfiguration(path: Self.root + "/comparison.json"))
        #expect(comparison.pipeline.corpus.validationFraction == 0.1)
        let shapes = [
            "decoder": """
            "qwen3", "n_layer": 4, "n_head": 4, "n_embd": 128, "tie_word_embeddings": true
            """,
            "lstm": #""lstm", "n_layer": 2"#, "gru": #""gru", "n_layer": 2"#,
            "rnn": #""rnn", "n_layer": 2"#,
        ]
        let networks = comparison.models.filter { $0.network != nil }
        #expect(Set(networks.map(\.name)) == Set(shapes.keys))
        for entry in networks {
            let shape = try #require(shapes[entry.name])
            var expected = try read(
                """
                {"model": {"n_positions": 256, "architecture": \(shape)},
                 "training": \(Self.comparedTraining)}
                """)
            let hasGates = ["lstm", "gru"].contains(entry.name)
            if entry.name != "decoder" {
                expected.training.learningRate = hasGates ? 2e-2 : 1e-2
                expected.training.muonLearningRate = hasGates ? 0.05 : 0.02
                expected.training.muonMomentum = 0.95
                expected.training.beta1 = 0.9
            }
            #expect(entry.network?.model == expected.model, "\(entry.name)")
            #expect(entry.network?.training == expected.training, "\(entry.name)")
        }
    }

    @Test(arguments: ModelFamilies.architectures)
    func `an architecture alone is a small model with rates that suit it`(name: String) throws {
        let read = try read(#"{"model": {"architecture": "\#(name)"}}"#)
        var shape = read.model.shape
        shape.fit(vocabularySize: 4_096, padToken: 1, endToken: 0)
        try shape.validate()
        #expect((200_000...1_500_000).contains(shape.nonEmbeddingParameterCount))
        #expect(shape.positionCount == 256)
        let rates = shape.learningRates
        #expect(read.training.learningRate == rates.adamWBesideMuon)
        #expect(read.training.muonLearningRate == rates.muon)
        #expect(read.training.muonMomentum == rates.muonMomentum)
        #expect(read.training.beta1 == rates.beta1BesideMuon)
        if let decoder = shape as? GPTConfiguration {
            #expect(decoder.architecture.rawValue == name)
            #expect(decoder.tiesEmbeddings == ["gpt2", "gemma3_text"].contains(name))
        }
        let adamW = try self.read(
            #"{"model": {"architecture": "\#(name)"}, "training": {"optimizer": "adamw"}}"#)
        #expect(adamW.training.learningRate == rates.adamW)
        #expect(adamW.training.beta1 == 0.9)
        let said = try self.read(
            #"{"model": {"architecture": "\#(name)"}, "training": {"learning_rate": 7e-4}}"#,
            ["training.optimizer=adamw"])
        #expect(said.training.learningRate == 7e-4)
    }

    @Test func `tuning takes the steps that it is told, and else two epochs`() throws {
        #expect(try read("{}").instructionTuning.epochs == 2)
        let steps = ["instruction_tuning.steps=30"]
        #expect(try read("{}", steps).instructionTuning.epochs == nil)
        let both = try read("{}", steps + ["instruction_tuning.epochs=3"]).instructionTuning
        #expect(both.epochs == 3)
        let gentle = try read("{}", ["instruction_tuning.optimizer=adamw"]).instructionTuning
        #expect(gentle.training.learningRate == LearningRates.decoder.adamW / 2)
    }

    @Test func `a run of few steps has rates between nothing and the highest`() throws {
        for steps in 1...60 {
            for shape in LearningRateSchedule.Shape.allCases {
                let training = try read(
                    "{}", ["training.steps=\(steps)", "training.schedule=\(shape.rawValue)"]
                ).training
                try training.validate()
                let schedule = LearningRateSchedule(training)
                let factors = (0..<steps).map { schedule.factor(step: $0) }
                #expect(factors.allSatisfy { (0...1).contains($0) })
                #expect(factors[0] > 0)
                #expect((factors.max() ?? 0) >= min(1, Double(steps) / 20))
            }
        }
    }

    @Test(arguments: [
        (
            "gpt2",
            #"{"architecture": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768,"#
                + #" "n_positions": 1024, "vocab_size": 50257, "tie_word_embeddings": true}"#
        ),
        (
            "llama",
            #"{"architecture": "llama", "n_layer": 32, "n_head": 32, "n_embd": 4096,"#
                + #" "n_positions": 2048, "vocab_size": 32000, "intermediate_size": 11008,"#
                + #" "layer_norm_epsilon": 1e-6, "tie_word_embeddings": false}"#
        ),
        (
            "qwen3",
            #"{"architecture": "qwen3", "n_layer": 32, "n_head": 32, "n_embd": 4096,"#
                + #" "n_positions": 32768, "vocab_size": 151936, "intermediate_size": 22016,"#
                + #" "head_dim": 128, "layer_norm_epsilon": 1e-6, "tie_word_embeddings": false}"#
        ),
    ])
    func `a published model without a word has the defaults of Hugging Face's class`(
        type: String, meaning: String
    ) throws {
        try folder.write("config.json", #"{"model_type": "\#(type)"}"#)
        let shape = try ModelConfiguration(directory: folder.path).shape
        let expected = try JSONDecoder().decode(GPTConfiguration.self, from: Data(meaning.utf8))
        #expect(shape as? GPTConfiguration == expected)
    }
}
