import Bytes
import Testing

@testable import Tokenization

@Suite struct LongPieceMergerTests {
    @Test("a piece in windows is what it is as a whole, with windows of any size")
    func windows() throws {
        var generator = SeededGenerator(31)
        let parts = ["a", "b", "ab", "ba", "aa", "aab"].map { Array($0.utf8) }
        for round in 0..<12 {
            let texts = (0..<10).map { _ in Samples.text(parts, count: 40, using: &generator) }
            let vocabulary = try Samples.vocabulary(of: texts, size: 260 + 12 * round)
            let naive = NaiveEncoder(vocabulary)
            var merger = LongPieceMerger(vocabulary)
            for _ in 0..<6 {
                let kinds = Array(parts.shuffled(using: &generator).prefix(1 + round % 3))
                let text = Samples.text(kinds, count: 150, using: &generator)
                let expected = naive.encodePiece(text).map(\.rawValue)
                for size in [20, 33, 64, 100, 1000] {
                    ByteView.with(text.span) {
                        merger.merge($0, from: 0, to: $0.count, window: size)
                    }
                    #expect(merger.result == expected)
                }
            }
        }
    }

    @Test("a merge far to the right that changes all to the left is seen")
    func chain() throws {
        // Merges of "ba" come before those of "ab", so that the last byte decides the whole row.
        let bytes = ByteCharacters.bytesInOrder
        var arena = bytes
        var offsets = Array(0...256)
        for token in ["ba", "ab", "baba", "abab"] {
            arena.append(contentsOf: Array(token.utf8))
            offsets.append(arena.count)
        }
        let tokens = try TokenTable(arena: arena, offsets: offsets, specialIDs: [])
        func id(_ text: String) -> UInt32 {
            let bytes = Array(text.utf8)
            return ByteView.with(bytes.span) { tokens.id(of: $0, from: 0, to: $0.count) } ?? .max
        }
        let merges = try MergeTable(
            [
                MergePair(left: id("b"), right: id("a")), MergePair(left: id("a"), right: id("b")),
                MergePair(left: id("ba"), right: id("ba")),
                MergePair(left: id("ab"), right: id("ab")),
            ], tokens: tokens)
        let vocabulary = Vocabulary(
            pattern: .gpt4, mergeSemantics: .listedMerges, specialTokens: [], tokens: tokens,
            merges: merges)
        let naive = NaiveEncoder(vocabulary)
        var merger = LongPieceMerger(vocabulary)
        for count in [99, 100, 101] {
            for first in ["a", "b"] {
                let text = Array((first + String(repeating: "ab", count: count)).utf8)
                ByteView.with(text.span) { merger.merge($0, from: 0, to: $0.count, window: 40) }
                #expect(merger.result == naive.encodePiece(text).map(\.rawValue))
            }
        }
    }
}
