import Foundation
import Storage
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
        var expected: Set<[UInt32]> = []
        for number in 0..<30 {
            let messages = [
                ChatMessage(role: .user, content: "How many sacks on day \(number)?"),
                ChatMessage(role: .assistant, content: "The mill made \(number * 7) sacks."),
            ]
            var ids: [UInt32] = []
            template.encode(messages, with: encoder, into: &ids)
            var question: [UInt32] = []
            template.encode([messages[0]], with: encoder, into: &question)
            template.beginAnswer(with: encoder, into: &question)
            for place in question.count..<ids.count - 1 {
                expected.insert(Array(ids[place - 2...place]))
            }
            let text = Array(ChatTemplate.text(of: messages).utf8)
            try writer.append(
                ids.span, byteCount: text.count, contentHash: XXH64.hash(of: text.span), to: .train)
        }
        _ = try writer.finish(sources: [], skipped: .init())
        let set = try ShardSet(directory: fixture.path("chat"), vocabulary: template.vocabulary)
        let windows = set.windows(in: .train, length: 40, stride: 9, marksDocuments: true)
        let loader = try BatchLoader(windows: windows, batchSize: 3, seed: 1)
        var seen: Set<[UInt32]> = []
        for position in stride(from: 0, to: windows.count, by: 3) {
            let whole = loader.batch(at: position)
            var batch = whole
            batch.scoreAnswersOnly(template)
            #expect(batch.inputs == whole.inputs)
            #expect(batch.scoredCount == batch.targets.count { $0 != Batch.ignored })
            for (index, target) in batch.targets.enumerated() where target != Batch.ignored {
                #expect(target == whole.targets[index])
                // Two tokens before an answer are in the row, or its beginning was not seen.
                #expect(index % 40 >= 1)
                seen.insert(
                    [batch.inputs[index - 1], batch.inputs[index], target].map(UInt32.init))
            }
        }
        #expect(seen.isSubset(of: expected))
        // Full windows leave the ends of shards out.
        #expect(seen.count > expected.count * 3 / 4)
    }

    @Test(
        "windows of whole documents hold each document once, whole, and as many as fit",
        arguments: [1, 2, 20, 30, 64, 500])
    func wholeDocuments(length: Int) throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(policy: .none, tokensPerShard: 170)
        let set = try ShardSet(directory: fixture.path("set"), vocabulary: fixture.vocabulary)
        let sequence = set.windows(in: .train, length: length, stride: length, marksDocuments: true)
        let windows = sequence.wholeDocumentWindows()
        var place = 0
        for (number, shard) in set.shards(of: .train).enumerated() {
            let starts = (0..<shard.documentCount).map {
                shard.tokenRange(ofDocument: $0).lowerBound
            }
            var end = 0
            while place < windows.count, windows[place].shard == number {
                let window = windows[place]
                // Nothing but a single last token of a long document is left between two windows.
                #expect((0...1).contains(window.start - end))
                #expect(window.length <= length)
                end = window.start + window.length + 1
                let isWhole =
                    starts.contains(window.start) && (starts + [shard.tokenCount]).contains(end)
                let holdsLong = starts.indices.contains {
                    shard.tokenRange(ofDocument: $0).count > length + 1
                        && shard.tokenRange(ofDocument: $0).overlaps(window.start..<end)
                }
                #expect(isWhole || holdsLong)
                if !holdsLong, let following = starts.firstIndex(of: end) {
                    let next = shard.tokenRange(ofDocument: following).upperBound
                    #expect(next - window.start > length + 1)
                }
                place += 1
            }
            #expect(end >= shard.tokenCount - 1)
        }
        #expect(place == windows.count)
        let loader = try BatchLoader(windows: sequence, wholeDocuments: true, batchSize: 2, seed: 9)
        #expect(loader.windowCount == windows.count)
        var scored = 0
        for position in stride(from: 0, to: windows.count - 1, by: 2) {
            scored += loader.batch(at: position).scoredCount
        }
        #expect(scored <= windows.reduce(0) { $0 + $1.length })
    }
}
