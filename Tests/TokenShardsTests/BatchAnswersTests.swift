import Bytes
import Foundation
import Testing
import TokenShards
import Tokenization

@Suite struct BatchAnswersTests {
    @Test("of a batch of conversations the answers' tokens are scored and nothing else")
    func masked() throws {
        let fixture = try ShardFixture()
        let template = try ChatTemplate(
            fixture.vocabulary.adding(specialTokens: ChatTemplate.specialTokens))
        let encoder = BytePairEncoder(template.vocabulary)
        var configuration = ShardConfiguration()
        configuration.endOfText = .none
        configuration.tokensPerShard = 150
        var writer = try ShardWriter(
            directory: fixture.path("chat"), vocabulary: template.vocabulary,
            configuration: configuration)
        // The answers' tokens, each with the two before it, which is enough to tell places apart.
        var expected: Set<[TokenID]> = []
        var answerTokenCount = 0
        for number in 0..<30 {
            let messages = [
                ChatMessage(role: .user, content: "How many sacks on day \(number)?"),
                ChatMessage(role: .assistant, content: "The mill made \(number * 7) sacks."),
            ]
            var ids: [TokenID] = []
            try template.encode(messages, with: encoder, into: &ids)
            var question: [TokenID] = []
            try template.encode([messages[0]], with: encoder, into: &question)
            try template.beginAnswer(with: encoder, into: &question)
            for place in question.count..<ids.count - 1 {
                expected.insert(Array(ids[place - 2...place]))
                answerTokenCount += 1
            }
            try writer.append(ids.span, to: .train)
        }
        _ = try writer.finish()
        let set = try ShardSet(directory: fixture.path("chat"), vocabulary: template.vocabulary)
        let windows = set.windows(in: .train, length: 40, stride: 9, marksDocuments: true)
        let loader = try BatchLoader(windows: windows, batchSize: 3, seed: 1)
        var seen: Set<[TokenID]> = []
        for position in stride(from: 0, to: windows.count, by: 3) {
            let whole = loader.batch(at: position)
            var batch = whole
            batch.scoreAnswersOnly(template)
            #expect(batch.inputs == whole.inputs)
            #expect(batch.scoredCount == batch.targets.count { $0 != TokenID.ignored })
            for (index, target) in batch.targets.enumerated() where target != TokenID.ignored {
                #expect(target == whole.targets[index])
                // Two tokens before an answer are in the row, or its beginning was not seen.
                #expect(index % 40 >= 1)
                seen.insert(
                    [batch.inputs[index - 1], batch.inputs[index], target])
            }
        }
        #expect(seen.isSubset(of: expected))
        // Full windows leave the ends of shards out.
        #expect(seen.count > expected.count * 3 / 4)

        // Packed for tuning, each conversation is whole, and each of its answers' tokens counts
        // once.
        let rows = set.rows(in: .train, packing: .bestFit, length: 90, marksDocuments: true)
        var count = 0
        for first in stride(from: 0, to: rows.count, by: 2) {
            var batch = rows.batch(of: first..<min(first + 2, rows.count), batchSize: 2)
            batch.scoreAnswersOnly(template)
            count += batch.scoredCount
            for (index, target) in batch.targets.enumerated() where target != TokenID.ignored {
                let last = [batch.inputs[index - 1], batch.inputs[index], target]
                #expect(expected.contains(last))
            }
        }
        #expect(count == answerTokenCount)
    }
}
