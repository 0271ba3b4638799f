import Models
import Testing
import TokenShards
import Tokenization
import Training

@Suite struct NGramShardsTests {
    @Test(arguments: [true, false])
    func `counts are those of documents, or of shards as one text`(masksDocuments: Bool) throws {
        let fixture = try TrainingFixture()
        let shard = try #require(fixture.set.shards(of: .train).first)
        var counter = NGramCounter(
            order: 3, vocabularySize: fixture.vocabulary.count, memoryLimit: 1 << 30)
        if masksDocuments {
            for document in 0..<shard.documentCount {
                let ids = shard.tokens(shard.tokenRange(ofDocument: document))
                counter.add(ids.span)
            }
        } else {
            // In two parts, which count as one text.
            let (first, second) = (shard.tokens(0..<70), shard.tokens(70..<shard.tokenCount))
            counter.add(first.span)
            counter.add(second.span, continues: true)
        }
        var last = (0, 0)
        let (model, tokenCount) = try NGramModel.counted(
            from: [fixture.set], order: 3, masksDocuments: masksDocuments
        ) { last = ($0, $1) }
        #expect(tokenCount == shard.tokenCount)
        #expect(last == (tokenCount, tokenCount))
        #expect(model.counts == counter.model().counts)
        var state = NGramModel.State()
        for id in shard.tokens(0..<2) { model.read(id, into: &state) }
        #expect(
            model.probabilities(after: state) == counter.model().probabilities(after: state))
    }

    @Test func `the n-gram model of a regular text predicts its held-out documents`() throws {
        let fixture = try TrainingFixture()
        let (model, _) = try NGramModel.counted(
            from: [fixture.set], order: 4, masksDocuments: true)
        let result = try Evaluator(
            scorer: NGramScorer(model, batchSize: 4, contextLength: 16), set: fixture.set,
            split: .validation, vocabulary: fixture.vocabulary, batchSize: 4, contextLength: 16,
            settings: .init(stride: 8, masksDocuments: true)
        ).evaluate()
        #expect(result.tokenCount == fixture.set.manifest.validation.tokens - 1)
        #expect(result.loss < 2)
    }
}
