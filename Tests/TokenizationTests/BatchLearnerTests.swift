import Testing
import Work

@testable import Tokenization
@testable import VocabularyLearning

/// Learning on several threads, in batches of merges, against learning one merge after another.
@Suite struct BatchLearnerTests {
    // Of each test by itself: a team does one thing at a time.
    private let teams = [1, 2, 3, 5].map { ThreadTeam(threadCount: $0) }

    /// What is learned.
    private struct Settings {
        var minimumCount: UInt64 = 1
        var maximumTokenLength: Int?
        var keepsShorter = false
        var mergeLimit = 300
    }

    private func counts(_ pieces: [[UInt8]: UInt64]) throws -> PieceCounts {
        var counts = PieceCounts()
        for (piece, count) in pieces { try counts.add(piece.span, occurrences: count) }
        return counts
    }

    /// Compares on every team, with batches that are handed over from some places on.
    private func compare(
        _ pieces: [[UInt8]: UInt64], _ settings: Settings, handOverCounts: [Int] = [0, 9],
        teams: [ThreadTeam]? = nil
    ) throws {
        let bytesInOrder = ByteCharacters.bytesInOrder
        var plain = MergeLearner(
            try PieceRows(counts(pieces), bytesInOrder: bytesInOrder),
            mergeLimit: settings.mergeLimit, minimumCount: settings.minimumCount,
            maximumTokenLength: settings.maximumTokenLength, keepsShorter: settings.keepsShorter)
        while plain.merges.count < settings.mergeLimit, plain.learn() {}
        for team in teams ?? self.teams {
            for handOverCount in handOverCounts {
                var batched = BatchLearner(
                    try PieceRows(counts(pieces), bytesInOrder: bytesInOrder, team: team),
                    team: team, handOverCount: handOverCount, mergeLimit: settings.mergeLimit,
                    minimumCount: settings.minimumCount,
                    maximumTokenLength: settings.maximumTokenLength,
                    keepsShorter: settings.keepsShorter)
                while batched.learn(upTo: settings.mergeLimit) {}
                #expect(batched.merges == plain.merges, "\(team.threadCount) \(pieces)")
                #expect(batched.mergeCounts == plain.mergeCounts)
                #expect(batched.byteCounts == plain.byteCounts)
            }
        }
    }

    @Test("two pieces of two letters, of all lengths up to five")
    func smallPieces() throws {
        let pieces = (2...5).flatMap { length in
            (0..<1 << length).map { bits in (0..<length).map { UInt8(97 + bits >> $0 & 1) } }
        }
        for (index, first) in pieces.enumerated() {
            for (other, second) in pieces[index...].enumerated() where (index + other) % 13 == 0 {
                try compare(
                    [first: 2, second + [98, 99]: UInt64(1 + other % 3)], Settings(),
                    handOverCounts: [0], teams: [teams[1 + other % 3]])
            }
        }
    }

    @Test("random pieces full of ties and overlaps, with every setting", arguments: 0..<UInt64(2))
    func randomPieces(_ seed: UInt64) throws {
        var generator = SeededGenerator(11 + seed)
        let alphabets = ["a", "ab", "abc", "etaoinshrd "].map { Array($0.utf8) }
        for minimumCount in [UInt64(1), 2, 5] {
            for maximumTokenLength in [nil, 1, 2, 3, 5, 9] {
                for keepsShorter in [false, true] {
                    let letters = alphabets.randomElement(using: &generator)!
                    var pieces: [[UInt8]: UInt64] = [:]
                    for _ in 0..<Int.random(in: 0...60, using: &generator) {
                        let length = Int.random(in: 1...12, using: &generator)
                        let piece = (0..<length).map { _ in
                            letters.randomElement(using: &generator)!
                        }
                        pieces[piece, default: 0] += UInt64.random(in: 1...6, using: &generator)
                    }
                    try compare(
                        pieces,
                        Settings(
                            minimumCount: minimumCount, maximumTokenLength: maximumTokenLength,
                            keepsShorter: keepsShorter,
                            mergeLimit: [7, 60, 300].randomElement(using: &generator)!))
                }
            }
        }
    }

    @Test("long pieces, and so many merges that lists are compacted", arguments: 0..<6)
    func longPieces(_ round: Int) throws {
        var generator = SeededGenerator(23 + UInt64(round))
        let letters = Array("abcdefgh".utf8.prefix(2 + round))
        var pieces: [[UInt8]: UInt64] = [:]
        for _ in 0..<60 {
            let length = [1, 2, 15, 16, 60, 400][Int.random(in: 0..<6, using: &generator)]
            let piece = (0..<length).map { _ in letters.randomElement(using: &generator)! }
            pieces[piece, default: 0] += UInt64.random(in: 1...9, using: &generator)
        }
        pieces[Array(repeating: 97, count: 500)] = 3
        try compare(pieces, Settings(minimumCount: UInt64(1 + round % 3), mergeLimit: 2000))
    }

    @Test("words, whose batches are long")
    func words() throws {
        var generator = SeededGenerator(31)
        // Syllables, so that frequent pairs of all sizes come up.
        let syllables = (0..<200).map { _ in
            (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                UInt8.random(in: 97...122, using: &generator)
            }
        }
        var pieces: [[UInt8]: UInt64] = [:]
        for rank in 1...6000 {
            var piece: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                // The first are the most frequent.
                let most = Int.random(in: 1...200, using: &generator)
                piece += syllables[Int.random(in: 0..<most, using: &generator)]
            }
            pieces[piece, default: 0] += UInt64(1 + 20_000 / rank)
        }
        try compare(
            pieces, Settings(minimumCount: 2, mergeLimit: 3000), handOverCounts: [0, 512, .max])
    }

    @Test("a batch has only merges that do not change each other's pairs")
    func batches() {
        var batch = MergeBatch(tokenLimit: 300)
        func record(_ left: UInt32, _ right: UInt32) -> PairTable.Record {
            PairTable.Record(key: PairTable.key(left, right), count: 9, start: 0, size: 4)
        }
        func accepts(_ left: UInt32, _ right: UInt32, placeLimit: Int = 100) -> Bool {
            batch.accepts(PairTable.key(left, right), size: 4, placeLimit: placeLimit)
        }
        batch.begin()
        #expect(accepts(1, 2, placeLimit: 3))
        batch.append(record(1, 2), id: 256)
        #expect(accepts(1, 3) && accepts(3, 2) && accepts(3, 4) && accepts(3, 3))
        #expect(!accepts(2, 3) && !accepts(3, 1) && !accepts(1, 1) && !accepts(2, 2))
        #expect(!accepts(3, 4, placeLimit: 7) && accepts(3, 4, placeLimit: 8))
        batch.append(record(3, 3), id: 257)
        #expect(!accepts(5, 6))
        batch.begin()
        #expect(accepts(2, 1))
    }

    @Test("a trainer's vocabulary is the same on any number of threads")
    func trainer() throws {
        var generator = SeededGenerator(47)
        let folder = TemporaryPath()
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 700
        let text = Samples.text(
            "the of and to in is it you that he was for on are with as".split(separator: " ")
                .map { Array(" \($0)".utf8) }, count: 4000, using: &generator)
        func counts() -> PieceCounts {
            let counter = PieceCounter(configuration.pattern)
            counter.count(text.span)
            return counter.takeCounts()
        }
        let trainer = try VocabularyTrainer(configuration)
        let plain = try trainer.train(counts())
        let file = try PieceCountsFile.write(
            counts(), pattern: configuration.pattern, to: folder.path("counts"))
        for threadCount in [2, 3, 5, 100] {
            for vocabulary in [
                try trainer.train(counts(), threadCount: threadCount),
                try trainer.train(file, threadCount: threadCount),
            ] {
                #expect(vocabulary.fingerprint == plain.fingerprint)
                #expect(vocabulary.merges.pairs == plain.merges.pairs)
                #expect(vocabulary.counts == plain.counts)
            }
        }
    }
}
