import Foundation
import Models
import Testing
import Tokenization
import Work

@testable import TokenShards
@testable import Training

@Suite struct DocumentScoresTests {
    private func entries(_ losses: [Double], bytes: Int = 10) -> [DocumentScores.Entry] {
        losses.enumerated().map {
            .init(
                set: 0, shard: 0, document: $0.offset,
                result: .init(tokenCount: 3, byteCount: bytes, totalLoss: $0.element))
        }
    }

    @Test func `documents add up to the split, whatever the stride`() throws {
        let fixture = try TrainingFixture()
        let set = fixture.set
        var shape = TrainingFixture.model
        shape.vocabularySize = fixture.vocabulary.count
        let runner = BatchRunner(
            model: try GPT(shape, seed: 3), batchSize: 4, contextLength: 16,
            team: ThreadTeam(threadCount: 2))
        for stride in [16, 5] {
            let evaluator = try Evaluator(
                scorer: runner, set: set, split: .validation, vocabulary: fixture.vocabulary,
                batchSize: 4, contextLength: 16, settings: .init(stride: stride))
            let (total, _, found) = try evaluator.evaluateByDocument()
            let documents = try #require(found)
            #expect(try evaluator.evaluate() == total)
            let sum = documents.entries.map(\.result).reduce(into: EvaluationResult.none) {
                $0 += $1
            }
            #expect(sum.tokenCount == total.tokenCount && sum.byteCount == total.byteCount)
            #expect(abs(sum.totalLoss - total.totalLoss) < 1e-9 * total.totalLoss)
            // A token belongs to the document whose range it lies in; of each shard the first is
            // not predicted.
            let shards = set.shards(of: .validation)
            for entry in documents.entries {
                let range = shards[entry.shard].tokenRange(ofDocument: entry.document)
                #expect(
                    entry.result.tokenCount == range.count - (range.lowerBound == 0 ? 1 : 0))
            }
        }
    }

    @Test func `an interval holds the mean, narrows with documents, and is the same`() throws {
        var random = RandomGenerator(seed: 10)
        func interval(_ count: Int, threads: Int) throws -> DocumentScores.Interval {
            var random = random
            let losses = (0..<count).map { _ in 7 + random.normal() }
            return try #require(
                DocumentScores(entries(losses), sources: []).interval(
                    team: ThreadTeam(threadCount: threads)))
        }
        _ = random.next()
        let (few, many) = (try interval(25, threads: 2), try interval(2_500, threads: 1))
        #expect(try interval(25, threads: 1) == few)
        let bit = 0.693_147_180_559_945_3
        let mean = 7 / bit / 10
        #expect(many.low < mean && mean < many.high)
        // Of n documents ± 1.96 σ/√n, σ being 1 nat of 10 bytes; a tenth of it as the tolerance of
        // 1,000 draws.
        let width = 2 * 1.96 / bit / 10 / 50
        #expect(abs((many.high - many.low) / width - 1) < 0.15)
        #expect((few.high - few.low) / width > 7)
    }

    @Test func `sources are drawn alone, and one document says nothing`() throws {
        let scores = DocumentScores(
            entries([1, 1, 1, 9, 9, 9]), sources: [0, 0, 0, 1, 1, 2])
        let team = ThreadTeam(threadCount: 1)
        let first = try #require(scores.interval(ofSource: 0, team: team))
        let mean = 1 / 0.693_147_180_559_945_3 / 10
        #expect(first.low == first.high && abs(first.low - mean) < 1e-12)
        #expect(scores.interval(ofSource: 2, team: team) == nil)
        #expect(scores.interval(ofSource: 3, team: team) == nil)
        let joined = DocumentScores(joining: [scores, scores])
        #expect(joined.entries.map(\.set) == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
        #expect(joined.interval(ofSource: 1, team: team) != nil)
    }

    @Test func `the worst and the best are named, and none twice`() {
        let scores = DocumentScores(entries([3, 1, 2, 5, 4]), sources: [])
        let (worst, best) = scores.extremes(2)
        #expect(worst.map(\.document) == [3, 4])
        #expect(best.map(\.document) == [1, 2])
        let (most, least) = scores.extremes(9)
        #expect(Set(most.map(\.document)).isDisjoint(with: least.map(\.document)))
        #expect(most.count + least.count == 5)
        #expect(DocumentScores(entries([1], bytes: 0), sources: []).extremes(1).worst.isEmpty)
    }
}
