import Corpora
import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Work

@testable import Pipeline

/// Texts with a byte that no token stands for are refused with the byte and its place, by all that
/// encodes.
@Suite struct LackedBytesTests {
    private let folder: TemporaryFolder
    private let vocabulary: Vocabulary

    init() throws {
        folder = try TemporaryFolder()
        vocabulary = try LackingVocabulary.read()
        #expect(vocabulary.lackedBytes.contains(0x71))
    }

    /// What `work` throws, in words.
    private func refusal(_ work: () async throws -> Void) async -> String {
        do {
            try await work()
            return "nothing"
        } catch {
            return "\(error)"
        }
    }

    private func runPairs(_ lines: String) throws -> ShardManifest {
        var corpus = CorpusConfiguration(inputs: [try folder.write("pairs.jsonl", lines)])
        (corpus.sourceField, corpus.targetField) = ("s", "t")
        corpus.validationFraction = 0
        let template = try PairTemplate(vocabulary)
        return try PairEncoding(template: template, windowLength: 64).run(
            corpus, directory: folder.path + "/pairs", work: WorkContext(threadCount: 1))
    }

    @Test func `a pair, in its source and in its target`() async throws {
        #expect(try runPairs(#"{"s": "a", "t": "b"}"#).totals(of: .train).documents == 1)
        for (line, words) in [
            (#"{"s": "a quern", "t": "b"}"#, "its source: "),
            (#"{"s": "b", "t": "a quern"}"#, "its target: "),
        ] {
            let refusal = await refusal { _ = try runPairs(#"{"s": "a", "t": "b"}"# + "\n" + line) }
            #expect(refusal.contains(words) && refusal.contains("0x71 at offset 2"), "\(refusal)")
            #expect(refusal.contains("pairs.jsonl"))
        }
    }

    @Test func `a conversation, which is skipped only where that is wished`() async throws {
        let good =
            #"{"messages": [{"role": "user", "content": "a"}, "#
            + #"{"role": "assistant", "content": "b"}]}"#
        let path = try folder.write(
            "chats.jsonl", good + "\n" + good.replacing(#""b""#, with: #""a quern""#))
        let encoding = ConversationEncoding(
            template: ConversationTemplate(try ChatTemplate(vocabulary)), contextLength: 100)
        var section = InstructionTuningConfiguration()
        (section.inputs, section.validationFraction) = ([path], 0)
        func run(_ name: String) throws {
            try encoding.run(
                section, directory: folder.path + "/" + name, work: WorkContext(threadCount: 1))
        }
        let refusal = await refusal { try run("failing") }
        // "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\na " is before it.
        #expect(refusal.contains("0x71 at offset 53"), "\(refusal)")
        #expect(refusal.contains("chats.jsonl"))
        section.onError = .skip
        try run("skipping")
        let manifest = try ShardSet(
            directory: folder.path + "/skipping", vocabulary: vocabulary
        ).manifest
        #expect(manifest.totals(of: .train).documents == 1 && manifest.skipped.lines == 1)
        #expect(manifest.skipped.examples.contains { $0.contains("0x71") })
    }

    @Test func `a document of a comparison`() async throws {
        let path = try folder.write("texts.txt", "the mill\nthe quern\n")
        let corpus = CorpusConfiguration(inputs: [path], documents: .line)
        for threadCount in [1, 2] {
            let refusal = await refusal {
                _ = try await CompareStage.run(
                    vocabularies: [try TinyModel.vocabulary(), vocabulary], corpus: corpus,
                    work: WorkContext(threadCount: threadCount))
            }
            #expect(refusal.contains("vocabulary 2") && refusal.contains("0x71 at offset 4"))
            #expect(refusal.contains("texts.txt"), "\(refusal)")
        }
    }

    @Test func `a prompt of a model of pairs, and one of another model`() async throws {
        let template = try PairTemplate(vocabulary)
        var shape = EncoderDecoderConfiguration()
        (shape.layerCount, shape.headCount, shape.embeddingSize) = (1, 2, 8)
        shape.fit(
            vocabularySize: vocabulary.count, padToken: template.pad, endToken: template.end)
        let models: [any LanguageModel] = [
            try shape.makeModel(seed: 1),
            try TinyModel.model(of: vocabulary, layers: 1, heads: 1, width: 8, positions: 16),
        ]
        for model in models {
            #expect(throws: TokenizationError.lackedByte(0x71, offset: 2)) {
                try TextSampler.ids(of: "a quern", model: model, vocabulary: vocabulary)
            }
        }
    }

    @Test func `a question of a task, before anything else is said of it`() async throws {
        let item = TaskItem(
            texts: [.init(context: "q", continuation: " a")], answer: 0, place: "mine, line 1")
        for rule in [EvaluationTask.Rule.harness, .core] {
            let task = EvaluationTask(
                name: "mine", rule: rule, kind: .choice, items: [item], fileItemCount: 1,
                path: "mine")
            let encoder = TaskEncoder(vocabulary, prefix: vocabulary.endOfText, contextLimit: nil)
            let refusal = await refusal {
                var own = item
                own.texts[0].continuation = rule == .core ? "q" : " a"
                _ = try encoder.texts(of: own, task)
            }
            #expect(refusal.contains("0x71 at offset 0") && refusal.contains("line 1"))
        }
    }
}
