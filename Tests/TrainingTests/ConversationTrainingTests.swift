import Files
import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Training
import VocabularyLearning
import Work

@Suite struct ConversationTrainingTests {
    @Test("a tiny model learns to answer, and stops at the end of its answer")
    func answers() async throws {
        let fixture = try await ConversationFixture()
        var configuration = ConversationFixture.configuration
        configuration.steps = 100
        configuration.gradientAccumulationSteps = 1
        configuration.learningRate = 1e-2
        configuration.evaluateEvery = 50
        configuration.checkpointEvery = 100
        let trainer = try fixture.trainer("tuned", configuration: configuration)
        var evaluations: [EvaluationResult] = []
        let summary = try await trainer.run { event in
            if case .evaluated(_, let result, _) = event { evaluations.append(result) }
        }
        // Ten conversations are held out; what is scored of them is their answers and ends.
        let encoder = BytePairEncoder(fixture.template.vocabulary)
        let held = stride(from: 5, to: 60, by: 6).map {
            ConversationFixture.conversation($0)[1].content
        }
        let tokens = held.reduce(0) { $0 + encoder.encode($1).count + 1 }
        #expect(evaluations.last?.tokenCount == tokens)
        #expect(evaluations.last?.byteCount == held.reduce(0) { $0 + $1.utf8.count })
        #expect(try #require(evaluations.last).loss < 0.1)
        #expect(summary.isComplete)

        let directory = fixture.base.path("tuned") + "/checkpoints/best"
        let model = try GPT(directory: directory)
        let template = try ChatTemplate(Vocabulary(directory: directory))
        for number in 0..<3 {
            var prompt: [TokenID] = []
            let messages = ConversationFixture.conversation(number)
            try template.encode([messages[0]], with: encoder, into: &prompt)
            try template.beginAnswer(with: encoder, into: &prompt)
            var generator = TextGenerator(
                model, configuration: .greedy(maximumTokenCount: 20),
                endTokens: [template.end])
            generator.start(prompt: prompt)
            var answer: [TokenID] = []
            while let token = generator.next() { answer.append(token) }
            let text = String(decoding: try template.vocabulary.decode(answer), as: UTF8.self)
            #expect(text == messages[1].content)
        }
    }

    @Test("the checkpoint says how a conversation is written and where an answer ends")
    func files() async throws {
        let fixture = try await ConversationFixture()
        var configuration = ConversationFixture.configuration
        configuration.steps = 1
        let trainer = try fixture.trainer("files", configuration: configuration)
        _ = try await trainer.run()
        let files = try fixture.base.latest(of: "files")
        func object(_ name: String) throws -> [String: Any] {
            let file = try #require(files[name])
            let object = try JSONSerialization.jsonObject(with: file)
            return try #require(object as? [String: Any])
        }
        #expect(
            try object("tokenizer_config.json")["chat_template"] as? String == ChatTemplate.jinja)
        let end = fixture.template.end.index
        #expect(try object("generation_config.json")["eos_token_id"] as? [Int] == [end, 0])
        #expect(try object("config.json")["vocab_size"] as? Int == end + 1)
    }

    @Test("the same bits for any number of threads, and after a stop")
    func reproducible() async throws {
        let fixture = try await ConversationFixture()
        for threads in 1...3 {
            let trainer = try fixture.trainer("threads-\(threads)", threadCount: threads)
            _ = try await trainer.run()
        }
        let expected = try fixture.base.latest(of: "threads-1")
        #expect(try fixture.base.latest(of: "threads-2") == expected)
        #expect(try fixture.base.latest(of: "threads-3") == expected)
        let stop = StopSignal()
        let first = try fixture.trainer("stopped")
        _ = try await first.run(stop: stop) { event in
            if case .step(let report) = event, report.step == 7 { stop.request() }
        }
        // The model that the run began from is not needed to go on.
        try FileManager.default.removeItem(atPath: fixture.base.path("base"))
        let second = try fixture.trainer("stopped", existing: .resume)
        _ = try await second.run()
        #expect(try fixture.base.latest(of: "stopped") == expected)
    }

    @Test("a run begins from another model of its vocabulary, and from no other")
    func start() async throws {
        let fixture = try TrainingFixture()
        let first = try fixture.trainer("first")
        _ = try await first.run()
        var configuration = TrainingFixture.configuration
        configuration.initFrom = fixture.path("first") + "/checkpoints/latest"
        configuration.learningRate = 1e-30
        configuration.weightDecay = 0
        configuration.steps = 1
        var other = TrainingFixture.model
        other.layerCount = 1
        let second = try fixture.trainer("second", configuration: configuration, model: other)
        _ = try await second.run()
        #expect(
            try fixture.latest(of: "second")["model.safetensors"]
                == fixture.latest(of: "first")["model.safetensors"])

        var different = VocabularyConfiguration()
        different.vocabularySize = 270
        let counter = PieceCounter(.gpt4)
        counter.count(Array("quite another text, quite another".utf8).span)
        let vocabulary = try VocabularyTrainer(different).train(counter.takeCounts())
        try vocabulary.write(toDirectory: configuration.initFrom!)
        #expect(throws: TrainingError.self) {
            try fixture.trainer("third", configuration: configuration)
        }
    }
}
