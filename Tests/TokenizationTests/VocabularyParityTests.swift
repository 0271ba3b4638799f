import Testing

@testable import Tokenization
@testable import VocabularyLearning

/// Learning alike for several sources, against counting everything anew before each merge.
@Suite struct VocabularyParityTests {
    private let folder = TemporaryPath()

    /// Pieces as tokens, with how often each occurs.
    private typealias Pieces = [[UInt32]: UInt64]

    private func pieces(_ counts: [[UInt8]: UInt64]) -> Pieces {
        let numbers = ByteCharacters.bytesInOrder
        return Dictionary(
            uniqueKeysWithValues: counts.map { piece, count in
                (piece.map { UInt32(1 + (numbers.firstIndex(of: $0) ?? 0)) }, count)
            })
    }

    private func tokenCount(_ pieces: Pieces) -> UInt64 {
        pieces.reduce(0) { $0 + UInt64($1.key.count) * $1.value }
    }

    private func best(_ pieces: Pieces, atLeast least: UInt64) -> MergePair? {
        var counts: [MergePair: UInt64] = [:]
        for (ids, count) in pieces {
            for (left, right) in zip(ids, ids.dropFirst()) {
                counts[MergePair(left: left, right: right), default: 0] += count
            }
        }
        let most = counts.values.max() ?? 0
        guard most >= least else { return nil }
        return counts.keys.filter { counts[$0] == most }
            .min { ($0.left, $0.right) < ($1.left, $1.right) }
    }

    private func merged(_ pieces: Pieces, _ pair: MergePair, as id: UInt32) -> Pieces {
        var result: Pieces = [:]
        for (ids, count) in pieces {
            var (row, index): ([UInt32], Int) = ([], 0)
            while index < ids.count {
                let isPair =
                    index + 1 < ids.count && ids[index] == pair.left && ids[index + 1] == pair.right
                row.append(isPair ? id : ids[index])
                index += isPair ? 2 : 1
            }
            result[row, default: 0] += count
        }
        return result
    }

    /// The merges, and the tokens of each source.
    private func plain(
        _ sources: [[[UInt8]: UInt64]], _ parallel: [[[UInt8]: UInt64]], count: Int, least: UInt64
    ) -> (merges: [MergePair], tokenCounts: [UInt64]) {
        var learned = sources.map(pieces)
        var measured = parallel.map(pieces)
        let sizes = learned.map(tokenCount)
        var left = Set(learned.indices)
        var merges: [MergePair] = []
        while merges.count < count, !left.isEmpty {
            func cost(_ index: Int) -> Double {
                parallel.isEmpty
                    ? Double(tokenCount(learned[index])) / Double(max(1, sizes[index]))
                    : Double(tokenCount(measured[index]))
            }
            let most = left.map(cost).max()
            guard let worst = left.sorted().first(where: { cost($0) == most }) else { break }
            guard let pair = best(learned[worst], atLeast: least) else {
                left.remove(worst)
                continue
            }
            let id = UInt32(257 + merges.count)
            learned = learned.map { merged($0, pair, as: id) }
            measured = measured.map { merged($0, pair, as: id) }
            merges.append(pair)
        }
        return (merges, learned.map(tokenCount))
    }

    private func file(_ counts: [[UInt8]: UInt64], _ name: String) throws -> PieceCountsFile {
        var all = PieceCounts()
        for (piece, count) in counts { try all.add(piece.span, occurrences: count) }
        return try PieceCountsFile.write(all, pattern: .gpt4, to: folder.path(name))
    }

    @Test("each merge is that of the source which is compressed least", arguments: [false, true])
    func random(isParallel: Bool) throws {
        var generator = SeededGenerator(5)
        let letters = ["ab", "bcd", "aé漢"].map { $0.map { Array(String($0).utf8) } }
        for round in 0..<20 {
            func source(_ index: Int, _ number: Int) -> [[UInt8]: UInt64] {
                var counts: [[UInt8]: UInt64] = [:]
                for _ in 0..<number {
                    let piece = Samples.text(
                        letters[index], count: Int.random(in: 1...9, using: &generator),
                        using: &generator)
                    counts[piece, default: 0] += UInt64.random(in: 1...7, using: &generator)
                }
                return counts
            }
            let sources = [source(0, 12), source(1, 3 + round), source(2, 9)]
            let parallel = isParallel ? [source(0, 5), source(1, 5), source(2, 5)] : []
            var configuration = VocabularyConfiguration()
            configuration.vocabularySize = 257 + 30
            configuration.minimumFrequency = round % 3
            let (vocabulary, compression) = try VocabularyTrainer(configuration).train(
                parity: sources.enumerated().map { try file($1, "s\($0)-\(round)") },
                parallel: parallel.enumerated().map { try file($1, "p\($0)-\(round)") })
            let expected = plain(
                sources, parallel, count: 30, least: UInt64(max(1, round % 3)))
            #expect(vocabulary.merges.pairs == expected.merges)
            #expect(compression.map(\.tokenCount) == expected.tokenCounts)
        }
    }

    @Test("one source has the merges of ordinary learning, and its tokens are those of its text")
    func single() throws {
        let text = Array("aaabdaaabac aaab bab".utf8)
        let counter = PieceCounter(.gpt4)
        counter.count(text.span)
        let file = try PieceCountsFile.write(
            counter.takeCounts(), pattern: .gpt4, to: folder.path("a"))
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 263
        let trainer = try VocabularyTrainer(configuration)
        let (vocabulary, compression) = try trainer.train(parity: [file])
        #expect(vocabulary.merges.pairs == (try trainer.train(file)).merges.pairs)
        #expect(compression[0].byteCount == UInt64(text.count))
        let ids = BytePairEncoder(vocabulary).encode(String(decoding: text, as: UTF8.self))
        #expect(compression[0].tokenCount == UInt64(ids.count))
    }

    @Test("words have no parity, and parallel texts are as many as sources")
    func refused() throws {
        let counts = try file([[0x61, 0x62]: 2], "a")
        let trainer = try VocabularyTrainer(VocabularyConfiguration())
        #expect(throws: TokenizationError.self) {
            try trainer.train(parity: [counts, counts], parallel: [counts])
        }
        #expect(throws: TokenizationError.self) { try trainer.train(parity: []) }
    }
}
