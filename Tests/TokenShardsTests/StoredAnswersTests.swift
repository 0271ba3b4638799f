import Bytes
import Foundation
import Testing
import Tokenization

@testable import TokenShards

@Suite struct StoredAnswersTests {
    /// Documents of random lengths with random answers, and a vocabulary of theirs.
    private struct Talks {
        let fixture: ShardFixture
        var documents: [(ids: [TokenID], answers: [Range<Int>])] = []

        init() throws {
            fixture = try ShardFixture()
            var generator = SystemRandomNumberGenerator()
            for number in 0..<60 {
                let count = Int.random(in: 1...40, using: &generator)
                var (answers, end): ([Range<Int>], Int) = ([], 0)
                while let start = (end..<count).randomElement(using: &generator) {
                    let next = Int.random(in: start + 1...count, using: &generator)
                    answers.append(start..<next)
                    end = next + 1
                    if end >= count || number % 7 == 0 { break }
                }
                let ids = (0..<count).map { TokenID(UInt32(($0 * 7 + number) % 250 + 1)) }
                documents.append((ids, number % 11 == 0 ? [] : answers))
            }
        }

        func write(_ name: String, idsTell: Bool) throws -> ShardSet {
            var configuration = ShardConfiguration()
            configuration.endOfText = .none
            configuration.tokensPerShard = 300
            var writer = try ShardWriter(
                directory: fixture.path(name), vocabulary: fixture.vocabulary,
                configuration: configuration)
            for document in documents {
                try writer.append(
                    document.ids.span, to: .train, answers: document.answers,
                    idsTellAnswers: idsTell)
            }
            _ = try writer.finish()
            return try ShardSet(directory: fixture.path(name), vocabulary: fixture.vocabulary)
        }
    }

    @Test func `answers come back from the index, over shards, and are verified`() async throws {
        let talks = try Talks()
        let set = try talks.write("talks", idsTell: false)
        try await set.verify(decodingWith: talks.fixture.vocabulary)
        var rest = talks.documents[...]
        for shard in set.shards(of: .train) {
            #expect(shard.saysAnswers)
            var expected: [Range<Int>] = []
            for number in 0..<shard.documentCount {
                let start = shard.tokenRange(ofDocument: number).lowerBound
                expected += rest.removeFirst().answers.map {
                    $0.lowerBound + start..<$0.upperBound + start
                }
            }
            #expect(shard.answers == expected)
            for start in stride(from: 0, to: shard.tokenCount, by: 7) {
                let part = start..<min(start + 13, shard.tokenCount)
                #expect(
                    shard.index.answers(in: part)
                        == expected.map { $0.clamped(to: part) }.filter { !$0.isEmpty })
            }
        }
        #expect(rest.isEmpty)
        let plain = try talks.write("plain", idsTell: true)
        #expect(!plain.shards(of: .train)[0].saysAnswers)
        #expect(plain.fingerprint != set.fingerprint)
    }

    @Test func `of packed rows just the answers' targets are scored`() throws {
        let talks = try Talks()
        let set = try talks.write("talks", idsTell: false)
        let rows = set.rows(in: .train, packing: .bestFit, length: 64, marksDocuments: true)
        var scored = 0
        for first in stride(from: 0, to: rows.count, by: 2) {
            var batch = rows.batch(of: first..<min(first + 2, rows.count), batchSize: 2)
            batch.scoreAnswersOnly(nil)
            #expect(batch.scoredCount == batch.targets.count { $0 != .ignored })
            scored += batch.scoredCount
        }
        // The first token of a document is no target.
        let expected = talks.documents.reduce(0) { sum, document in
            sum + document.answers.reduce(0) { $0 + $1.count - ($1.lowerBound == 0 ? 1 : 0) }
        }
        #expect(scored == expected)
    }

    @Test func `an index that was changed is refused, or is found by its checksum`() throws {
        let talks = try Talks()
        let set = try talks.write("talks", idsTell: false)
        let shard = set.shards(of: .train)[0]
        let path = ShardManifest.indexPath(of: shard.path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for length in [0, 20, whole.count - 1, whole.count - 16, whole.count + 3] {
            var bytes = whole.prefix(length)
            if length > whole.count { bytes += Data(repeating: 0, count: length - whole.count) }
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(throws: ShardError.self) { try DocumentIndex(path: path) }
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var bytes = whole
            bytes[Int.random(in: 0..<whole.count, using: &generator)] ^= UInt8(
                1 << Int.random(in: 0..<8, using: &generator))
            try bytes.write(to: URL(fileURLWithPath: path))
            guard let index = try? DocumentIndex(path: path) else { continue }
            let found = index.answers(in: 0..<shard.tokenCount)
            #expect(found.allSatisfy { $0.upperBound <= shard.tokenCount })
            _ = index.answersAreInOrder(tokenCount: shard.tokenCount)
            #expect(hexadecimal(index.checksum()) != shard.entry.indexChecksum)
        }
    }
}
