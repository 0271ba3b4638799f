import Bytes
import Foundation
import Models
import Testing
import Tokenization
import Training
import Work

@testable import TokenShards

@Suite struct SourceResultTests {
    /// The fixture's text in shards of a few documents, as if from four files, the third of them
    /// empty.
    private func makeSet(_ fixture: TrainingFixture, counted: Bool = true) throws -> ShardSet {
        var configuration = ShardConfiguration()
        configuration.tokensPerShard = 200
        let directory = fixture.path("sources-\(counted)")
        var writer = try ShardWriter(
            directory: directory, vocabulary: fixture.vocabulary, configuration: configuration)
        let encoder = BytePairEncoder(fixture.vocabulary)
        var sources: [ShardManifest.Source] = []
        for (number, count) in [7, 12, 0, 20].enumerated() {
            var source = ShardManifest.Source(
                path: "file-\(number)", documents: count, validationDocuments: 0, bytes: 0)
            for document in 0..<count {
                let text = Array("file \(number) has a document \(document) of corn".utf8)
                var ids: [TokenID] = []
                encoder.encode(text.span, into: &ids)
                let isHeldOut = document % 3 != 1
                try writer.append(ids.span, to: isHeldOut ? .validation : .train)
                if isHeldOut { source.validationDocuments! += 1 }
                source.bytes += text.count
            }
            if !counted { source.validationDocuments = nil }
            sources.append(source)
        }
        _ = try writer.finish(sources: sources, skipped: .init())
        return try ShardSet(directory: directory, vocabulary: fixture.vocabulary)
    }

    @Test("each token counts for the source of its document, for any stride", arguments: [16, 5])
    func bySource(stride: Int) throws {
        let fixture = try TrainingFixture()
        let set = try makeSet(fixture)
        #expect(set.shards(of: .validation).count > 1)
        var shape = TrainingFixture.model
        shape.vocabularySize = fixture.vocabulary.count
        let runner = BatchRunner(
            model: try GPT(shape, seed: 3), batchSize: 4, contextLength: 16,
            team: ThreadTeam(threadCount: 2))
        for split in Split.allCases {
            let (total, sources) = try Evaluator(
                scorer: runner, set: set, split: split, vocabulary: fixture.vocabulary,
                batchSize: 4, contextLength: 16, settings: .init(stride: stride)
            ).evaluateBySource()
            #expect(sources.map(\.name) == (0..<4).map { "file-\($0)" })

            // Window by window, and the source by the words of the document.
            var expected = [EvaluationResult](
                repeating: .init(tokenCount: 0, byteCount: 0, totalLoss: 0), count: 4)
            func source(of shard: TokenShard, _ document: Int) throws -> Int {
                let text = try fixture.vocabulary.decode(shard.text(ofDocument: document))
                return Int(String(decoding: text, as: UTF8.self).split(separator: " ")[1])!
            }
            let windows = set.windows(in: split, length: 16, stride: stride)
            for window in windows.scoringWindows() {
                let shard = set.shards(of: split)[window.shard]
                let batch = windows.batch(of: [window], batchSize: 1)
                let losses = runner.tokenLosses(
                    inputs: batch.inputs.span, targets: batch.targets.span)
                for position in window.alreadyScored..<window.length {
                    let document = shard.document(containing: window.start + position + 1)
                    let number = try source(of: shard, document)
                    expected[number].tokenCount += 1
                    let target = batch.targets[position]
                    if target != fixture.vocabulary.endOfText {
                        expected[number].byteCount += fixture.vocabulary.bytes(of: target).count
                    }
                    expected[number].totalLoss += Double(losses[position])
                }
            }
            for (found, truth) in zip(sources.map(\.result), expected) {
                #expect(found.tokenCount == truth.tokenCount)
                #expect(found.byteCount == truth.byteCount)
                #expect(abs(found.totalLoss - truth.totalLoss) < 1e-9 * (1 + truth.totalLoss))
            }
            #expect(sources.reduce(0) { $0 + $1.result.tokenCount } == total.tokenCount)
            #expect(sources.reduce(0) { $0 + $1.result.byteCount } == total.byteCount)
        }
    }

    @Test("a data set that does not say which documents are whose is scored as a whole")
    func uncounted() throws {
        let fixture = try TrainingFixture()
        let set = try makeSet(fixture, counted: false)
        #expect(set.manifest.documentNumbers(ofSourcesIn: .validation) == nil)
        let counted = try makeSet(fixture).manifest
        #expect(counted.documentNumbers(ofSourcesIn: .train) == [0..<2, 2..<6, 6..<6, 6..<13])
        var wrong = counted
        wrong.sources[0].documents += 1
        #expect(wrong.documentNumbers(ofSourcesIn: .train) == nil)
        wrong.sources[0].validationDocuments = 100
        #expect(wrong.documentNumbers(ofSourcesIn: .validation) == nil)
    }
}
