import Testing

@testable import Tokenization
@testable import VocabularyLearning

/// Text that comes in parts against the same text in one go.
@Suite struct EncodingStreamTests {
    /// Sizes of parts, from a byte at a time to more than the splitter looks at at once.
    private static let partSizes = [1, 2, 3, 7, 64, 1_000, 10_000]

    /// Calls `body` with parts of `text` of up to `size` bytes.
    private func forEachPart(
        of text: [UInt8], size: Int, _ generator: inout SeededGenerator, _ body: ([UInt8]) -> Void
    ) {
        var start = 0
        while start < text.count {
            let end = min(text.count, start + Int.random(in: 1...size, using: &generator))
            body(Array(text[start..<end]))
            start = end
        }
    }

    private func texts(_ generator: inout SeededGenerator) -> [[UInt8]] {
        let long = (0..<12).map { _ in
            Samples.text(count: Int.random(in: 1...4_000, using: &generator), using: &generator)
        }
        let runs = Samples.hostile.map { part in
            Array(repeating: part, count: 3_000).flatMap { $0 } + Array("x ".utf8)
        }
        let short = (0..<200).map { _ in
            Samples.text(count: Int.random(in: 0...12, using: &generator), using: &generator)
        }
        return long + runs + short + [Array(Samples.verse.utf8)]
    }

    @Test(arguments: SplitPattern.allCases)
    func `pieces of parts are the pieces of the text`(pattern: SplitPattern) {
        var generator = SeededGenerator(11)
        for text in texts(&generator) {
            let size = Self.partSizes.randomElement(using: &generator) ?? 1
            var stream = PieceStream(pattern)
            var pieces: [[UInt8]] = []
            forEachPart(of: text, size: size, &generator) { pieces += stream.append($0.span) }
            pieces += stream.finish()
            #expect(pieces == pattern.pieces(text), "\(pattern), parts of \(size)")
        }
    }

    @Test(arguments: SplitPattern.regular)
    func `ids of parts are the ids of the text`(pattern: SplitPattern) throws {
        let specials = ["<|endoftext|>", "<|end", "|>", "  ", "漢a", "!", "<|endoftext|><|x|>"]
        let vocabulary = try VocabularyTrainer.vocabulary(
            pattern: pattern,
            specials: specials.enumerated().map {
                SpecialToken(content: $1, id: TokenID($0), isSearchedLast: $0 % 3 == 2)
            }, merges: [])
        let encoder = BytePairEncoder(vocabulary)
        let parts = Samples.hostile + specials.map { Array($0.utf8) } + [Array("<|endof".utf8)]
        var generator = SeededGenerator(12)
        for policy in [SpecialTokenPolicy.none, .all] {
            for count in [3, 8, 8, 8, 20, 20, 300, 3_000] + Array(repeating: 12, count: 100) {
                let text = Samples.text(parts, count: count, using: &generator)
                var whole: [TokenID] = []
                encoder.encode(text.span, specials: policy, into: &whole)
                let size = Self.partSizes.randomElement(using: &generator) ?? 1
                var stream = EncodingStream(vocabulary, specials: policy)
                var ids: [TokenID] = []
                forEachPart(of: text, size: size, &generator) {
                    stream.append($0.span, into: &ids)
                }
                try stream.finish(into: &ids)
                #expect(ids == whole, "\(pattern), parts of \(size)")
            }
        }
    }

    @Test func `what is kept does not grow with the text`() throws {
        let vocabulary = try Samples.vocabulary(of: [Array(Samples.verse.utf8)], size: 300)
        var stream = EncodingStream(vocabulary, specials: .all)
        var ids: [TokenID] = []
        let part = Array((Samples.verse + "漢字かな。").utf8)
        for _ in 0..<2_000 {
            stream.append(part.span, into: &ids)
            #expect(stream.pendingCount < 2 * part.count)
        }
    }
}
