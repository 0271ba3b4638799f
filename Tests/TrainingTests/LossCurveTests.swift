import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Training
import Work

@Suite struct LossCurveTests {
    let fixture: TrainingFixture
    let model: GPT
    let context = 16
    /// Ids of the held-out documents, each with its end-of-text token.
    let documents: [[TokenID]]

    init() throws {
        fixture = try TrainingFixture()
        var shape = TrainingFixture.model
        shape.vocabularySize = fixture.vocabulary.count
        model = try GPT(shape, seed: 3)
        let shards = fixture.set.shards(of: .validation)
        documents = shards.flatMap { shard in
            (0..<shard.documentCount).map { shard.tokens(shard.tokenRange(ofDocument: $0)) }
        }
    }

    func meter(_ windowLimit: Int = 1_000, batchSize: Int = 3) -> LossCurveMeter {
        LossCurveMeter(
            scorer: BatchRunner(
                model: model, batchSize: batchSize, contextLength: context,
                team: ThreadTeam(threadCount: 2)),
            sets: [fixture.set], split: .validation, windowLimit: windowLimit)
    }

    /// Loss of the last of `ids` after the others, from the model's logits.
    func loss(_ ids: ArraySlice<TokenID>) -> Double {
        let logits = model.logits(for: Array(ids.dropLast()))
            .suffix(fixture.vocabulary.count).map { Double($0) }
        let greatest = logits.max()!
        let sum = logits.reduce(0) { $0 + exp($1 - greatest) }
        return log(sum) + greatest - logits[Int(ids.last!.rawValue)]
    }

    @Test func `losses by position are those of documents read from their beginnings`() throws {
        var last = (0, 0)
        let curve = try meter().byPosition { last = ($0, $1) }
        #expect(last == (documents.count, documents.count))
        #expect(curve.points.map(\.first) == [1, 2, 3, 5, 9])
        #expect(curve.points.map(\.last) == [1, 2, 4, 8, 16])
        for point in curve.points {
            var losses: [[Double]] = []
            for document in documents {
                let contexts = (point.first...point.last).filter { $0 < document.count }
                losses.append(contexts.map { loss(document[0...$0]) })
            }
            let all = losses.flatMap(\.self)
            let mean = all.reduce(0, +) / Double(all.count)
            #expect(point.tokenCount == all.count)
            #expect(point.documentCount == losses.filter { !$0.isEmpty }.count)
            #expect(abs(point.loss - mean) < 1e-4)
            // The error of a mean of documents' sums, written out.
            let d = Double(losses.count)
            let spread = losses.reduce(0) { sum, document in
                let residual = document.reduce(0, +) - mean * Double(document.count)
                return sum + residual * residual
            }
            let error = (d / (d - 1) * spread).squareRoot() / Double(all.count)
            #expect(abs(try #require(point.standardError) - error) < 1e-4)
        }
    }

    @Test func `losses by context are those of the same places from their last tokens`() throws {
        let curve = try meter().byContext()
        #expect(curve.points.map(\.first) == [1, 2, 4, 8, 16])
        let places = documents.flatMap { document in
            document.indices.dropFirst(context).map { (document, $0) }
        }
        for point in curve.points {
            let losses = places.map { loss($0.0[($0.1 - point.first)...$0.1]) }
            #expect(point.tokenCount == losses.count)
            #expect(abs(point.loss - losses.reduce(0, +) / Double(losses.count)) < 1e-4)
        }
    }

    @Test func `a limit reads so many windows, and the batch changes nothing`() throws {
        let curve = try meter(4).byPosition()
        #expect(curve.points.allSatisfy { $0.documentCount == 4 })
        #expect(try meter(4, batchSize: 1).byPosition() == curve)
        let contexts = try meter(7).byContext()
        #expect(contexts.points.allSatisfy { $0.tokenCount == 7 })
        #expect(try meter(7, batchSize: 5).byContext() == contexts)
    }

    @Test func `contexts that hardly a document has are left out`() throws {
        let scorer = NGramScorer(
            try NGramModel.counted(from: [fixture.set], order: 3, masksDocuments: true).model,
            batchSize: 2, contextLength: 64)
        let curve = try LossCurveMeter(
            scorer: scorer, sets: [fixture.set], split: .validation
        ).byContext()
        #expect(try #require(curve.points.last).last < 64)
        // Two tokens are all that trigrams look at.
        let losses = curve.points.map(\.loss)
        #expect(losses[1] < losses[0])
        #expect(losses.dropFirst().allSatisfy { $0 == losses[1] })
    }
}
