import Bytes
import Files
import Foundation
import TokenShards
import Tokenization
import VocabularyLearning

/// A vocabulary and documents for tests of shards, in a temporary folder that goes with it.
final class ShardFixture {
    let directory: String
    let vocabulary: Vocabulary
    let documents: [[UInt8]]

    init(documentCount: Int = 40) throws {
        directory = NSTemporaryDirectory() + "quern-shards-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        documents = (0..<documentCount).map { number in
            let sacks = number * 7
            return Array(
                "Document \(number): the miller grinds the grain, and the \(sacks) sacks are full."
                    .utf8)
        }
        let counter = PieceCounter(.gpt4)
        for document in documents { counter.count(document.span) }
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 300
        vocabulary = try VocabularyTrainer(configuration).train(counter.takeCounts())
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Encodes every document: each fifth goes to the validation split.
    func write(
        to name: String = "set", policy: EndOfTextPolicy = .before, tokensPerShard: Int = 100
    ) throws -> ShardManifest {
        var configuration = ShardConfiguration()
        configuration.endOfText = policy
        configuration.tokensPerShard = tokensPerShard
        var writer = try ShardWriter(
            directory: path(name), vocabulary: vocabulary, configuration: configuration)
        for (number, document) in documents.enumerated() {
            let ids = ids(of: document)
            try writer.append(
                ids.span, place: .line(number + 1), to: number % 5 == 4 ? .validation : .train)
        }
        return try writer.finish()
    }

    func ids(of document: [UInt8]) -> [TokenID] {
        var ids: [TokenID] = []
        BytePairEncoder(vocabulary).encode(document.span, into: &ids)
        return ids
    }

    func documents(of split: Split) -> [[UInt8]] {
        documents.enumerated().filter { ($0.offset % 5 == 4) == (split == .validation) }
            .map(\.element)
    }

    func path(_ name: String) -> String { directory + "/" + name }
}
