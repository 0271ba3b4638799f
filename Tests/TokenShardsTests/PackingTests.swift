import Foundation
import Testing

@testable import TokenShards

@Suite struct PackingTests {
    /// Documents of many lengths, empty and very long ones among them.
    private func makeSet(_ policy: EndOfTextPolicy, seed: UInt64 = 1) throws -> (
        ShardFixture, ShardSet
    ) {
        let fixture = try ShardFixture()
        var configuration = ShardConfiguration()
        configuration.endOfText = policy
        configuration.tokensPerShard = 700
        var writer = try ShardWriter(
            directory: fixture.path("set"), vocabulary: fixture.vocabulary,
            configuration: configuration)
        var random = TestRandom(seed: seed)
        for number in 0..<150 {
            let length =
                switch number % 10 {
                case 3: policy == .none ? 1 : 0
                case 7: Int(random.next() % 120)
                default: 1 + Int(random.next() % 25)
                }
            let ids = (0..<length).map { _ in TokenID(Int(random.next() % 299) + 1) }
            try writer.append(ids.span, to: .train)
        }
        _ = try writer.finish()
        return (fixture, try ShardSet(directory: fixture.path("set")))
    }

    @Test(
        "with any packing an epoch predicts every token but a shard's first exactly once",
        arguments: [Packing.document, .bestFit], EndOfTextPolicy.allCases)
    func everyTokenOnce(packing: Packing, policy: EndOfTextPolicy) throws {
        let (fixture, set) = try makeSet(policy)
        defer { withExtendedLifetime(fixture) {} }
        for length in [1, 2, 3, 16, 40, 64, 1_000] {
            let rows = set.rows(in: .train, packing: packing, length: length)
            var scored = set.shards(of: .train).map { [Int](repeating: 0, count: $0.tokenCount) }
            for number in 0..<rows.count {
                let windows = rows[number]
                #expect(windows.reduce(0) { $0 + $1.length } <= length)
                for window in windows {
                    #expect(window.length > window.alreadyScored)
                    for index in window.alreadyScored..<window.length {
                        scored[window.shard][window.start + index + 1] += 1
                    }
                }
            }
            #expect(scored.reduce(0) { $0 + $1.reduce(0, +) } == rows.scoredCount)
            for (shard, counts) in zip(set.shards(of: .train), scored) {
                // Best fit does not predict the beginnings of documents where nothing stands
                // between them.
                let beginnings =
                    packing == .bestFit && policy == .none
                    ? Set((0..<shard.documentCount).map { shard.document($0).firstToken }) : [0]
                for (position, count) in counts.enumerated() {
                    #expect(count == (beginnings.contains(position) ? 0 : 1))
                }
            }
        }
    }

    @Test("windows of documents begin where documents do, or go on in a longer one")
    func documentWindows() throws {
        let (fixture, set) = try makeSet(.before)
        defer { withExtendedLifetime(fixture) {} }
        for length in [5, 16, 64] {
            let rows = set.rows(in: .train, packing: .document, length: length)
            for number in 0..<rows.count {
                let window = rows[number][0]
                let shard = set.shards(of: .train)[window.shard]
                let document = shard.tokenRange(
                    ofDocument: shard.document(containing: window.start))
                #expect(
                    window.start == document.lowerBound
                        || window.alreadyScored == 0 && document.count > length)
                // Tokens that are read again are one document's beginning.
                #expect(window.alreadyScored < document.count)
            }
        }
    }

    @Test(
        "best fit cuts no document unless it is longer than a row",
        arguments: EndOfTextPolicy.allCases)
    func bestFitRows(policy: EndOfTextPolicy) throws {
        let (fixture, set) = try makeSet(policy)
        defer { withExtendedLifetime(fixture) {} }
        for length in [5, 16, 64] {
            let rows = set.rows(in: .train, packing: .bestFit, length: length)
            for number in 0..<rows.count {
                for window in rows[number] {
                    let shard = set.shards(of: .train)[window.shard]
                    let document = (0..<shard.documentCount).first {
                        let range = shard.predictions(ofDocument: $0)
                        return range.contains(window.start)
                    }
                    let range = shard.predictions(ofDocument: try #require(document))
                    #expect(window.start + window.length <= range.upperBound)
                    #expect(window.length == range.count || range.count > length)
                }
            }
        }
    }

    @Test("best fit leaves little free and packing documents in order leaves more")
    func padding() throws {
        let (fixture, set) = try makeSet(.before)
        defer { withExtendedLifetime(fixture) {} }
        let bestFit = set.rows(in: .train, packing: .bestFit, length: 64)
        let document = set.rows(in: .train, packing: .document, length: 64)
        #expect(set.rows(in: .train, packing: .concatenate, length: 64).unscoredShare == 0)
        #expect(bestFit.unscoredShare < 0.1)
        #expect(bestFit.unscoredShare < document.unscoredShare)
    }

    @Test(
        "batches of best fit hold documents one after the other, marked, and score no padding",
        arguments: EndOfTextPolicy.allCases)
    func bestFitBatches(policy: EndOfTextPolicy) throws {
        let (fixture, set) = try makeSet(policy)
        defer { withExtendedLifetime(fixture) {} }
        let rows = set.rows(in: .train, packing: .bestFit, length: 32, marksDocuments: true)
        let loader = try BatchLoader(rows: rows, batchSize: 1, seed: 3)
        for position in 0..<rows.count {
            let batch = loader.batch(at: position)
            let (_, epoch, number, windows) = loader.row(at: position)
            #expect(epoch == 0)
            #expect(windows == rows[number])
            var (inputs, targets, starts): ([TokenID], [TokenID], [Int32]) = ([], [], [])
            for window in windows {
                let tokens = set.shards(of: .train)[window.shard]
                    .tokens(window.start..<window.start + window.length + 1)
                starts += tokens.dropLast().map { _ in Int32(inputs.count) }
                inputs += tokens.dropLast()
                targets += tokens.dropFirst()
            }
            #expect(batch.scoredCount == inputs.count)
            let padding = 32 - inputs.count
            starts += (0..<padding).map { _ in Int32(inputs.count) }
            #expect(batch.documentStarts == starts)
            #expect(batch.inputs == inputs + Array(repeating: 0, count: padding))
            #expect(batch.targets == targets + Array(repeating: TokenID.ignored, count: padding))
        }
    }

    @Test("a shard of one token has no row, and one long document fills rows alone")
    func extremes() throws {
        let fixture = try ShardFixture()
        for (tokens, expected) in [(0, 0), (1, 1), (640, 10), (650, 11)] {
            var writer = try ShardWriter(
                directory: fixture.path("set"), vocabulary: fixture.vocabulary,
                configuration: ShardConfiguration())
            let ids = [TokenID](repeating: 7, count: tokens)
            try writer.append(ids.span, to: .train)
            _ = try writer.finish()
            let set = try ShardSet(directory: fixture.path("set"))
            for packing in [Packing.document, .bestFit] {
                #expect(set.rows(in: .train, packing: packing, length: 64).count == expected)
            }
        }
    }
}
