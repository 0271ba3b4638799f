import Foundation
import Testing

@testable import Tokenization
@testable import VocabularyLearning

@Suite struct PieceRunsTests {
    private let folder = TemporaryPath()

    /// Texts of many different words.
    private static func texts(_ seed: UInt64) -> [[UInt8]] {
        var generator = SeededGenerator(seed)
        return (0..<30).map { _ in
            var text: [UInt8] = []
            for _ in 0..<400 {
                let letters = Array("aeioubcdfg".utf8)
                for _ in 0..<Int.random(in: 1...20, using: &generator) {
                    text.append(letters.randomElement(using: &generator)!)
                }
                text.append(UInt8(ascii: " "))
            }
            return text
        }
    }

    @Test("under any limit the counts, and what is learned from them, are the same")
    func limits() throws {
        let texts = Self.texts(1)
        let whole = PieceCounter(.gpt4)
        for text in texts { whole.count(text.span) }
        // Learning does not change what is written first.
        let expected = try PieceCountsFile.write(
            whole.takeCounts(), pattern: .gpt4, to: folder.path("whole"))
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 400
        let trainer = try VocabularyTrainer(configuration)
        let vocabulary = try trainer.train(expected)

        // A table of the least size, and none at all, which makes a run of every batch.
        for limit in [300_000, 1] {
            let runs = PieceRuns(.gpt4, beside: folder.path("runs"), counterByteCount: limit)
            let counters = [PieceCounter(.gpt4), PieceCounter(.gpt4)]
            for (index, text) in texts.enumerated() {
                try counters[index % 2].count(text.span, spillingTo: runs)
            }
            #expect(!runs.isEmpty)
            for counter in counters { try runs.add(counter.takeCounts()) }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path("")).allSatisfy {
                    !$0.contains("runs")
                })
            if limit == 1 {
                _ = try runs.writeMerged(to: folder.path("merged"))
                #expect(
                    try Data(contentsOf: URL(fileURLWithPath: folder.path("merged")))
                        == Data(contentsOf: URL(fileURLWithPath: folder.path("whole"))))
            } else {
                let learned = try trainer.train(runs.takeMerged())
                #expect(learned.tokenizerJSON() == vocabulary.tokenizerJSON())
                #expect(learned.tokensTSV() == vocabulary.tokensTSV())
            }
        }
    }

    @Test("a counter keeps to its memory")
    func memory() throws {
        let runs = PieceRuns(.gpt4, beside: folder.path("runs"), counterByteCount: 600_000)
        let counter = PieceCounter(.gpt4)
        for text in Self.texts(2) {
            try counter.count(text.span, spillingTo: runs)
            #expect(counter.byteCount <= 600_000)
        }
    }

    @Test("work that is ended while it spills fails as it was told")
    func ended() throws {
        struct Ended: Error {}
        let runs = PieceRuns(.gpt4, beside: folder.path("runs"), counterByteCount: 1) {
            throw Ended()
        }
        let counter = PieceCounter(.gpt4)
        #expect(throws: Ended.self) {
            for text in Self.texts(3) { try counter.count(text.span, spillingTo: runs) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("")).isEmpty)
    }
}
