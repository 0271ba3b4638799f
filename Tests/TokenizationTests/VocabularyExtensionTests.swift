import Foundation
import Testing

@testable import Tokenization
@testable import VocabularyLearning

@Suite struct VocabularyExtensionTests {
    private static let texts = [
        Samples.verse, "the mill grinds slowly, the mill grinds the grain, and the miller sleeps",
    ].map { Array($0.utf8) }

    /// Counts of the pieces of `texts` in a file.
    private func counts(_ pattern: SplitPattern) throws -> PieceCountsFile {
        let counter = PieceCounter(pattern)
        for text in Self.texts { counter.count(text.span) }
        let path = FileManager.default.temporaryDirectory
            .appending(path: "extension-\(UUID().uuidString).counts").path
        return try PieceCountsFile.write(counter.takeCounts(), pattern: pattern, to: path)
    }

    /// The pair that learning takes next, by its definition: the most frequent of neighbours.
    private func mostFrequent(_ vocabulary: Vocabulary) -> Int {
        var counts: [MergePair: Int] = [:]
        for text in Self.texts {
            for piece in vocabulary.pattern.pieces(text) {
                let ids = BytePairEncoder(vocabulary).encode(String(decoding: piece, as: UTF8.self))
                var place = 0
                while place + 1 < ids.count {
                    let pair = MergePair(
                        left: ids[place].rawValue, right: ids[place + 1].rawValue)
                    counts[pair, default: 0] += 1
                    // Of three equal ones in a row, two pairs cannot both be merged.
                    let isRun =
                        pair.left == pair.right && place + 2 < ids.count
                        && ids[place + 2].rawValue == pair.left
                    place += isRun ? 2 : 1
                }
            }
        }
        return counts.values.max() ?? 0
    }

    @Test("going on is what learning at once gives, and every id stays")
    func goingOn() throws {
        for (small, large) in [(258, 262), (270, 300), (300, 300), (257, 340)] {
            let base = try Samples.vocabulary(of: Self.texts, size: small)
            let whole = try Samples.vocabulary(of: Self.texts, size: large)
            let file = try counts(base.pattern)
            let extended = try VocabularyExtension(of: base).learning(size: large, from: file)
            #expect(extended.fingerprint == whole.fingerprint)
            #expect(extended.isExtension(of: base))
        }
    }

    @Test("another corpus's vocabulary goes on with the most frequent pairs of this one")
    func otherCorpus() throws {
        let base = try Samples.vocabulary(
            of: [Array("mind the mist and the mint, miss".utf8)], size: 266)
        let file = try counts(base.pattern)
        var last = base
        for size in (base.count + 1)...(base.count + 12) {
            let wanted = mostFrequent(last)
            let next = try VocabularyExtension(of: base).learning(size: size, from: file)
            #expect(next.isExtension(of: last) && next.count == size)
            let pair = try #require(next.merges.pairs.last)
            var found = 0
            for text in Self.texts {
                for piece in last.pattern.pieces(text) {
                    let ids = BytePairEncoder(last).encode(String(decoding: piece, as: UTF8.self))
                    found += zip(ids, ids.dropFirst()).count {
                        $0.rawValue == pair.left && $1.rawValue == pair.right
                    }
                }
            }
            #expect(found == wanted)
            last = next
        }
        let limited = try VocabularyExtension(of: base).learning(
            size: base.count + 40, from: file, minimumCount: 3, maximumTokenLength: 4)
        for id in base.count..<limited.count {
            #expect(limited.bytes(of: TokenID(id)).count <= 4)
        }
    }

    @Test("listed tokens are made, with those on the way, and texts without them keep their ids")
    func seeds() throws {
        let base = try Samples.vocabulary(of: Self.texts, size: 280)
        let extended = try VocabularyExtension(of: base).adding(
            tokens: [" electroencephalography", " electro", "漢字", "the", " electroencephalography"])
        for token in [" electroencephalography", " electro", "漢字", "the"] {
            #expect(extended.ids(token).count == 1)
        }
        #expect(extended.isExtension(of: base))
        #expect(try extended.readAgain().fingerprint == extended.fingerprint)
        let text = "In the beginning God created the heaven"
        #expect(extended.ids(text) == base.ids(text))
        #expect(throws: TokenizationError.self) {
            try VocabularyExtension(of: base).adding(tokens: ["two words"])
        }
        #expect(throws: TokenizationError.self) {
            try VocabularyExtension(of: base).adding(tokens: [""])
        }
    }

    @Test("vocabularies that cannot be gone on with are refused")
    func refused() throws {
        let words = try JSONVocabulary.bytes().read()
        #expect(try VocabularyExtension(of: words).adding(tokens: ["ab"]).count == 257)
        let lacking = try JSONVocabulary.bytes(without: [0x71]).read()
        #expect(throws: TokenizationError.self) { try VocabularyExtension(of: lacking) }
        let late = try JSONVocabulary.bytes(merges: [("a", "b"), ("b", "c"), ("ab", "c")]).read()
        _ = try VocabularyExtension(of: late)
        var file = JSONVocabulary.bytes(merges: [("a", "b"), ("ab", "c")])
        file.merges.reverse()
        #expect(throws: TokenizationError.self) { try VocabularyExtension(of: try file.read()) }
    }
}
