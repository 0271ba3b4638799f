import Models
import Testing
import Tokenization

@testable import Pipeline

@Suite struct GenerateStageTests {
    private let vocabulary: Vocabulary
    private let model: GPT

    init() throws {
        vocabulary = try TinyModel.vocabulary()
        model = try TinyModel.model(of: vocabulary, layers: 2, heads: 4, width: 64, positions: 24)
    }

    private func draw(threadCount: Int, progress: (Int, Int) -> Void = { _, _ in }) throws
        -> [String]
    {
        var generation = GenerationConfiguration()
        generation.maximumTokenCount = 40
        return try GenerateStage.draw(
            model: model, vocabulary: vocabulary, prompts: ["the mill", "corn", ""],
            generation: generation, threadCount: threadCount, progress: progress)
    }

    @Test(arguments: [2, 3, 5])
    func `the texts are the same on any number of threads`(threadCount: Int) throws {
        let texts = try draw(threadCount: 1)
        // A mark that combines with the prompt's last letter may follow it.
        #expect(texts[0].utf8.starts(with: "the mill".utf8))
        #expect(texts[1].utf8.starts(with: "corn".utf8))
        #expect(Set(texts).count == 3)
        #expect(try draw(threadCount: threadCount) == texts)
    }

    @Test func `progress grows, and is never at its end before the end`() throws {
        var counts: [Int] = []
        _ = try draw(threadCount: 2) { count, total in
            #expect(total == 120 && count < total)
            counts.append(count)
        }
        #expect(counts == counts.sorted() && counts.first == 0)
        #expect(counts.count > 100)
    }

    @Test func `a prompt begins as the tokenizer says, or as the caller says`() throws {
        let end = try #require(vocabulary.endOfText)
        let prefixed = vocabulary.beginningTexts(with: end)
        func ids(
            _ prompt: String, _ vocabulary: Vocabulary, _ beginning: PromptBeginning = .automatic
        ) throws -> [TokenID] {
            try TextSampler.ids(
                of: prompt, model: model, vocabulary: vocabulary, beginning: beginning)
        }
        let corn = BytePairEncoder(vocabulary).encode("corn")
        #expect(try ids("corn", vocabulary) == corn)
        #expect(try ids("corn", prefixed) == [end] + corn)
        #expect(try ids("corn", prefixed, .none) == corn)
        #expect(try ids("corn", vocabulary, .token(TokenID(7))) == [7] + corn)
        // A model continues nothing but tokens.
        #expect(try ids("", vocabulary) == [end])
        #expect(try ids("", prefixed) == [end])
        #expect(throws: PipelineError.self) { try ids("", prefixed, .none) }
    }
}
