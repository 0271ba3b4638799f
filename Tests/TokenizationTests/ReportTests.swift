import Bytes
import Testing

@testable import Tokenization

@Suite struct ReportTests {
    private func counts(_ text: [UInt8], _ vocabulary: Vocabulary) -> EncodingCounts {
        var ids: [TokenID] = []
        BytePairEncoder(vocabulary).encode(text.span, into: &ids)
        var counts = EncodingCounts()
        counts.add(text.span, ids: ids.span, of: vocabulary)
        return counts
    }

    @Test("words are runs of letters and marks, whole where no token ends inside")
    func words() throws {
        let vocabulary = try Samples.vocabulary(
            of: [Array("the the the mill mill".utf8)], size: 262)
        #expect(vocabulary.id(Array("the".utf8)) != nil)
        let counts = counts(Array("the mill, theme 12 né".utf8), vocabulary)
        #expect(counts.documentCount == 1)
        #expect(counts.byteCount == 22)
        #expect(counts.wordCount == 4)
        #expect(counts.wholeWordCount == (vocabulary.id(Array(" mill".utf8)) == nil ? 1 : 2))
        #expect(EncodingCounts().bytesPerToken == 0)
        #expect(EncodingCounts().wholeWordShare == 0)
    }

    @Test("counts of any text are those of a plain count, and add up")
    func plain() throws {
        var generator = SeededGenerator(21)
        let texts = (0..<60).map { _ in Samples.text(count: 60, using: &generator) }
        let vocabulary = try Samples.vocabulary(of: texts, size: 500)
        let tables = UnicodeClasses.shared.tables
        var sum = EncodingCounts()
        var words = 0
        var whole = 0
        for text in texts {
            var ids: [TokenID] = []
            BytePairEncoder(vocabulary).encode(text.span, into: &ids)
            var ends: Set<Int> = []
            var place = 0
            for id in ids {
                place += vocabulary.bytes(of: id).count
                ends.insert(place)
            }
            // The place of every byte that belongs to a word, word by word.
            ByteView.with(text.span) { view in
                var word: [Int] = []
                func finish() {
                    guard !word.isEmpty else { return }
                    words += 1
                    if word.dropFirst().allSatisfy({ !ends.contains($0) }) { whole += 1 }
                    word = []
                }
                var index = 0
                while index < view.count {
                    let (classes, length) = tables.character(view, index)
                    if classes.isAny([.letter, .mark]) {
                        word += index..<index + length
                    } else {
                        finish()
                    }
                    index += length
                }
                finish()
            }
            sum += counts(text, vocabulary)
        }
        #expect(sum.documentCount == 60)
        #expect(sum.byteCount == texts.reduce(0) { $0 + $1.count })
        #expect(sum.wordCount == words)
        #expect(sum.wholeWordCount == whole)
        #expect(whole > 0 && whole < words)
    }

    /// The bytes at the tree's leaves; records a tree that is not made of merges.
    private func leaves(_ tree: MergeTree, _ vocabulary: Vocabulary) -> [UInt8] {
        guard let rank = tree.rank else {
            #expect(tree.parts.isEmpty)
            return vocabulary.bytes(of: tree.token)
        }
        #expect(vocabulary.merges.results[rank] == tree.token.rawValue)
        #expect(
            tree.parts.map(\.token.rawValue)
                == [vocabulary.merges.pairs[rank].left, vocabulary.merges.pairs[rank].right])
        return tree.parts.flatMap { leaves($0, vocabulary) }
    }

    @Test("the trees of a text are those of its tokens, each made of merges down to bytes")
    func trees() throws {
        let vocabulary = try Samples.vocabulary(of: [Array(Samples.verse.utf8)], size: 340)
        for semantics in [MergeSemantics.listedMerges, .wholePieceFirst] {
            let other = Vocabulary(
                pattern: vocabulary.pattern, mergeSemantics: semantics,
                specialTokens: vocabulary.specialTokens, tokens: vocabulary.tokens,
                merges: vocabulary.merges)
            for text in [Samples.verse, "", "a", " the", "unheard of 漢字 'll"] {
                let trees = other.mergeTrees(of: Array(text.utf8).span)
                #expect(trees.map(\.token) == BytePairEncoder(other).encode(text))
                #expect(trees.flatMap { leaves($0, other) } == Array(text.utf8))
            }
        }
    }

    @Test("a token that no merges make is taken whole")
    func wholePiece() throws {
        let vocabulary = try Samples.vocabulary(of: [Array("abcd abcd".utf8)], size: 260)
        let last = try #require(vocabulary.merges.pairs.last)
        let whole = Vocabulary(
            pattern: vocabulary.pattern, mergeSemantics: .wholePieceFirst,
            specialTokens: vocabulary.specialTokens, tokens: vocabulary.tokens,
            merges: try MergeTable(vocabulary.merges.pairs.dropLast(), tokens: vocabulary.tokens))
        let id = try #require(vocabulary.merges.results.last)
        let text =
            vocabulary.bytes(of: TokenID(last.left)) + vocabulary.bytes(of: TokenID(last.right))
        let expected = [MergeTree(token: TokenID(id), rank: nil, parts: [])]
        #expect(whole.mergeTrees(of: text.span) == expected)
    }

    @Test("shared tokens are those with the same bytes, special ones left out")
    func shared() throws {
        let one = try Samples.vocabulary(of: [Array("abab".utf8)], size: 300)
        let two = try Samples.vocabulary(of: [Array("abab cd cd".utf8)], size: 300, specials: [])
        #expect(one.count == 258)
        #expect(one.sharedTokenCount(with: two) == 257)
        #expect(two.sharedTokenCount(with: one) == 257)
        #expect(one.sharedTokenCount(with: one) == 257)
    }
}
