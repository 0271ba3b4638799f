import Foundation
import Models
import Testing
import Tokenization
import Training
import Work

@testable import Pipeline

@Suite struct TaskExamTests {
    private let vocabulary: Vocabulary
    private let end: TokenID

    init() throws {
        vocabulary = try TinyModel.vocabulary()
        end = try #require(vocabulary.endOfText)
    }

    private func item(_ pairs: [(String, String)], answer: Int = 0) -> TaskItem {
        TaskItem(
            texts: pairs.map { .init(context: $0.0, continuation: $0.1) }, answer: answer,
            lengths: pairs.map { PythonText.length($0.1) }, place: "here")
    }

    private func task(
        _ items: [TaskItem], _ kind: EvaluationTask.Kind, _ rule: EvaluationTask.Rule = .harness
    ) -> EvaluationTask {
        EvaluationTask(
            name: "t", rule: rule, kind: kind, items: items, fileItemCount: items.count,
            chance: rule == .core ? 0.25 : nil, path: "t")
    }

    private func ids(_ text: String) -> [TokenID] { BytePairEncoder(vocabulary).encode(text) }

    private func encoded(
        _ pair: (String, String), begins: Bool = false, limit: Int? = nil
    ) throws -> ScoredText {
        let own = begins ? vocabulary.beginningTexts(with: end) : vocabulary
        let encoder = TaskEncoder(own, prefix: end, contextLimit: limit)
        return try encoder.texts(of: item([pair]), task([], .continuation))[0]
    }

    @Test func `a pair is encoded together, and white space moves to the continuation`() throws {
        let whole = ids("the mill turns")
        for pair in [("the mill", " turns"), ("the mill ", "turns"), ("the mill\u{20}", "turns")] {
            let text = try encoded(pair)
            #expect(text.ids == whole)
            #expect(text.scored == ids("the mill").count..<whole.count)
        }
    }

    @Test func `a missing context is the token that begins a text, once`() throws {
        #expect(try encoded(("", " mill")).ids == [end] + ids(" mill"))
        #expect(try encoded(("", "<|endoftext|> mill")).ids == [end] + ids(" mill"))
        #expect(try encoded(("", " mill")).scored.lowerBound == 1)
        // Where the tokenizer puts it before each text, it stands before a context as well, and not
        // twice.
        let begun = try encoded(("the", " mill"), begins: true)
        #expect(begun.ids == [end] + ids("the mill"))
        #expect(try encoded(("<|endoftext|>the", " mill"), begins: true) == begun)
        #expect(try encoded((" \n", "mill"), begins: true).scored.lowerBound == 1)
    }

    @Test func `what does not fit is cut on the left, and a continuation has to fit`() throws {
        let whole = ids("the mill turns and the stones turn")
        let tail = ids(" and the stones turn").count
        let text = try encoded(("the mill turns", " and the stones turn"), limit: tail + 1)
        #expect(text.ids == whole.suffix(tail + 2))
        #expect(text.scored == 2..<tail + 2)
        for (pair, limit) in [(("a", " and the stones"), 2), (("a", ""), 9), ((" ", "a"), 9)] {
            #expect(throws: PipelineError.self) { try encoded(pair, limit: limit) }
        }
    }

    @Test func `CORE's continuations are found by comparing prompts`() throws {
        let encoder = TaskEncoder(vocabulary, prefix: end, contextLimit: nil)
        let choices = try encoder.texts(
            of: item([("", "the mill turns"), ("", "the mill grinds corn")]),
            task([], .choice, .core))
        let common = zip(choices[0].ids, choices[1].ids).prefix { $0 == $1 }.count
        #expect(choices[0].ids.first == end)
        #expect(choices.map(\.scored.lowerBound) == [common, common])
        #expect(choices.allSatisfy { $0.scored.upperBound == $0.ids.count })
        let schema = try encoder.texts(
            of: item([("", "the mill turns corn"), ("", "the stones turn corn")]),
            task([], .schema, .core))
        #expect(schema[0].ids[schema[0].scored] == schema[1].ids[schema[1].scored])
        let text = try encoder.texts(
            of: item([("the mill", "the mill turns")]), task([], .continuation, .core))
        #expect(text[0].scored == ids("the mill").count + 1..<text[0].ids.count)
        let cut = try TaskEncoder(vocabulary, prefix: end, contextLimit: 3).texts(
            of: item([("", "the mill turns"), ("", "the mill grinds corn")]),
            task([], .choice, .core))
        #expect(cut.allSatisfy { $0.ids.count <= 3 && $0.scored.lowerBound >= 1 })
    }

    private func score(
        _ task: EvaluationTask, _ values: [[(Double, Int, Bool)]]
    ) -> TaskScore {
        TaskFigures(task: task, team: ThreadTeam(threadCount: 2)).score(
            values.map {
                $0.map { TextScore(logLikelihood: $0.0, tokenCount: $0.1, isGreedy: $0.2) }
            })
    }

    @Test func `accuracy goes by sums, or by sums a character, and the first of equals wins`() {
        let items = [
            item([("", "ab"), ("", "abcd")]), item([("", "ab"), ("", "abcd")], answer: 1),
            item([("", "a"), ("", "b")]), item([("", "é"), ("", "ab")], answer: 1),
        ]
        let values: [[(Double, Int, Bool)]] = [
            [(-4, 1, true), (-6, 1, true)], [(-4, 1, true), (-6, 1, true)],
            [(-1, 1, true), (-1, 1, true)], [(-2, 1, true), (-3, 1, true)],
        ]
        let result = score(task(items, .choice), values)
        #expect(result["acc"] == 0.5)
        // By characters -2 and -1.5 twice, -1 twice, -2 and -1.5.
        #expect(result["acc_norm"] == 0.75)
        let error = (0.75 * 0.25 / 3).squareRoot()
        #expect(abs(result.metrics[1].standardError! - error) < 1e-15)
        #expect(score(task([items[0]], .choice), [values[0]]).metrics[0].standardError == nil)
    }

    @Test func `CORE goes by the mean of tokens, and takes chance away`() {
        let items = [item([("", ""), ("", "")], answer: 1), item([("", ""), ("", "")])]
        let values: [[(Double, Int, Bool)]] = [
            [(-4, 2, true), (-6, 6, true)], [(-4, 2, true), (-6, 6, true)],
        ]
        let result = score(task(items, .choice, .core), values)
        #expect(result.metrics.map(\.name) == ["acc", "centered"])
        #expect(result["acc"] == 0.5)
        #expect(abs(result["centered"]! - 0.25 / 0.75) < 1e-15)
    }

    @Test func `a perplexity's error comes from Python's draws`() {
        let items = (0..<3).map { _ in item([("a", "b")]) }
        let values: [[(Double, Int, Bool)]] = [
            [(-1, 1, true)], [(-2.5, 1, false)], [(-0.25, 1, true)],
        ]
        let result = score(task(items, .continuation), values)
        #expect(abs(result["perplexity"]! - exp(1.25)) < 1e-12)
        // 100 × 1,000 times exp(-mean(random.Random(i).choices(values, k=3))), and their deviation.
        #expect(abs(result.metrics[0].standardError! - 2.3934410612066515) < 1e-9)
        #expect(abs(result["acc"]! - 2.0 / 3) < 1e-15)
    }

    @Test func `a model of pairs is refused, and a model without enough embeddings`() throws {
        var pairs = EncoderDecoderConfiguration()
        pairs.vocabularySize = vocabulary.count
        #expect {
            try TaskExam([], for: pairs, vocabulary: vocabulary)
        } throws: {
            "\($0)".contains("encoder_decoder")
        }
        var small = GPTConfiguration(.gpt2)
        small.vocabularySize = 10
        #expect(throws: PipelineError.self) {
            try TaskExam([], for: small, vocabulary: vocabulary)
        }
    }
}
