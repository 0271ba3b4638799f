import Foundation
import Models
import Testing
import Tokenization
import Work

@testable import Pipeline

@Suite struct TaskScorerTests {
    private let vocabulary: Vocabulary
    private let models: [any LanguageModel]

    init() throws {
        vocabulary = try TinyModel.vocabulary()
        var shape = RecurrentConfiguration(
            architecture: .lstm, layerCount: 2, embeddingSize: 16, positionCount: 32,
            vocabularySize: 0)
        shape.vocabularySize = vocabulary.count
        models = [
            try TinyModel.model(of: vocabulary, layers: 2, heads: 2, width: 32, positions: 48),
            try shape.makeModel(seed: 4),
        ]
    }

    /// Texts of which many begin alike, some are others' beginnings and some stand twice.
    private func texts(_ count: Int) -> [ScoredText] {
        var random = MersenneTwister(seed: 17)
        var texts: [ScoredText] = []
        while texts.count < count {
            var ids: [TokenID] = []
            if let earlier = texts.indices.last, random.below(3) > 0 {
                let other = texts[random.below(earlier + 1)].ids
                ids = Array(other.prefix(1 + random.below(other.count)))
            }
            let most = 48 - ids.count
            ids += (0..<random.below(most)).map { _ in TokenID(random.below(vocabulary.count)) }
            guard ids.count > 1 else { continue }
            let start = 1 + random.below(ids.count - 1)
            let end = start + random.below(ids.count - start + 1)
            texts.append(ScoredText(ids: ids, scored: start..<end))
        }
        return texts
    }

    private func scores(
        _ model: any LanguageModel, _ texts: [ScoredText], threads: Int = 2
    ) throws -> [TextScore] {
        let pass = model.makeInferencePass(
            weights: .float32, textCount: 1, team: ThreadTeam(threadCount: threads),
            kernels: .best)
        var scorer = TaskScorer(
            pass, model.configuration, texts, asksGreedy: texts.map { _ in true })
        return try scorer.run { _, _ in }
    }

    @Test func `texts have the scores that each has by itself, in every family`() throws {
        let texts = texts(60)
        for model in models {
            let scores = try scores(model, texts)
            for (text, score) in zip(texts, scores) {
                let (v, logits) = (
                    model.configuration.vocabularySize,
                    model.logits(for: text.ids, documentStarts: nil, kernels: .best)
                )
                var (sum, isGreedy) = (0.0, true)
                for place in text.scored {
                    let row = logits[(place - 1) * v..<place * v].map(Double.init)
                    let most = try #require(row.max())
                    let token = text.ids[place].index
                    sum += row[token] - most - log(row.reduce(0) { $0 + exp($1 - most) })
                    isGreedy = isGreedy && row[token] == most
                }
                #expect(abs(score.logLikelihood - sum) < 1e-3 * max(1, abs(sum) / 10))
                #expect(score.isGreedy == isGreedy)
                #expect(score.tokenCount == text.scored.count)
            }
        }
    }

    @Test func `scores depend neither on threads nor on what is scored beside a text`() throws {
        let texts = texts(40)
        for model in models {
            let all = try scores(model, texts)
            #expect(try scores(model, texts, threads: 1) == all)
            #expect(try scores(model, texts.reversed()).reversed() == all)
            for index in [0, 7, 39] { #expect(try scores(model, [texts[index]]) == [all[index]]) }
        }
    }

    @Test func `what texts have in common is read once`() {
        let context = (0..<20).map { TokenID($0) }
        let choices = (0..<4).map { choice in
            ScoredText(ids: context + [TokenID(30 + choice), TokenID(40)], scored: 20..<22)
        }
        let tree = TextTree(choices)
        // Of each choice the first token; the last of a text is not read.
        #expect(tree.tokenCount == 20 + 4)
        #expect(tree.roots.count == 1)
        let single = choices.map { ScoredText(ids: Array($0.ids.dropLast()), scored: 20..<21) }
        #expect(TextTree(single).tokenCount == 20)
        let others = choices + [ScoredText(ids: (60..<80).map { TokenID($0) }, scored: 1..<20)]
        #expect(TextTree(others).tokenCount == 24 + 19)
    }

    @Test func `a tree has each token of each text once on the way to its end`() {
        let texts = texts(200)
        var seen = texts.map { _ in 0 }
        func walk(_ node: TextTree.Node, from start: Int) {
            #expect(node.places.lowerBound == start && !node.places.isEmpty)
            for text in node.texts {
                #expect(
                    texts[text].ids[..<node.places.upperBound]
                        == texts[node.text].ids[..<node.places.upperBound])
                seen[text] += node.places.count
            }
            for child in node.children { walk(child, from: node.places.upperBound) }
        }
        for root in TextTree(texts).roots { walk(root, from: 0) }
        #expect(seen == texts.map(\.inputCount))
    }
}
