import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Training
import Work

@Suite struct ScoredBytesTests {
    /// A scorer that gives every token the same loss.
    private struct EvenScorer: TokenScorer {
        let batchSize = 3
        let contextLength = 5

        func tokenLosses(
            inputs: Span<TokenID>, targets: Span<TokenID>, documentStarts: [Int32]?
        ) -> [Float] {
            targets.indices.map { targets[$0] == .ignored ? 0 : 1 }
        }
    }

    @Test(
        "bits per byte are over the bytes of the tokens that are scored",
        arguments: EndOfTextPolicy.allCases)
    func bytes(policy: EndOfTextPolicy) throws {
        let fixture = try TrainingFixture()
        for texts in [["In the beginning"], ["a", "", "corn", "täglich 🌾 day"]] {
            var configuration = ShardConfiguration()
            configuration.endOfText = policy
            configuration.tokensPerShard = 12
            let directory = fixture.path("bytes-\(texts.count)")
            var writer = try ShardWriter(
                directory: directory, vocabulary: fixture.vocabulary, configuration: configuration)
            let encoder = BytePairEncoder(fixture.vocabulary)
            for text in texts {
                var ids: [TokenID] = []
                encoder.encode(Array(text.utf8).span, into: &ids)
                try writer.append(ids.span, to: .validation)
            }
            _ = try writer.finish()
            let set = try ShardSet(directory: directory, vocabulary: fixture.vocabulary)

            // One token at a time: what each but the first of a shard decodes to.
            var (tokens, bytes) = (0, 0)
            for shard in set.shards(of: .validation) {
                for id in shard.tokens(1..<shard.tokenCount) {
                    tokens += 1
                    if id != fixture.vocabulary.endOfText {
                        bytes += try fixture.vocabulary.decode([id]).count
                    }
                }
            }
            #expect(policy != .before || bytes == texts.reduce(0) { $0 + $1.utf8.count })
            for masksDocuments in [false, true] {
                for stride in [1, 2, 5] {
                    let result = try Evaluator(
                        scorer: EvenScorer(), set: set, split: .validation,
                        vocabulary: fixture.vocabulary, batchSize: 3, contextLength: 5,
                        settings: .init(stride: stride, masksDocuments: masksDocuments)
                    ).evaluate()
                    #expect(result.tokenCount == tokens)
                    #expect(result.byteCount == bytes)
                    let bits = Double(tokens) / log(2) / Double(bytes)
                    #expect(abs(result.bitsPerByte - bits) < 1e-12 * bits)
                }
            }
        }
    }

    @Test("a control token stands for no text, and other tokens for all of it")
    func specialTokens() throws {
        let vocabulary = try TrainingFixture().vocabulary
        let end = try #require(vocabulary.endOfText)
        #expect(vocabulary.textByteCount(of: end) == 0)
        let space = vocabulary.id(of: [32].span)
        #expect(space.map(vocabulary.textByteCount) == 1)
        for text in ["the mill", "\u{0}\u{FFFD}é🌾"] {
            var ids: [TokenID] = []
            BytePairEncoder(vocabulary).encode(Array(text.utf8).span, into: &ids)
            #expect(ids.reduce(0) { $0 + vocabulary.textByteCount(of: $1) } == text.utf8.count)
        }
    }
}
