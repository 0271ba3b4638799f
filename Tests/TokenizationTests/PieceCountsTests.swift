import Bytes
import Testing

@testable import Tokenization
@testable import VocabularyLearning

@Suite struct PieceCountsTests {
    @Test("pieces are counted as a dictionary counts them")
    func againstDictionary() {
        var generator = SeededGenerator(8)
        for pattern in SplitPattern.allCases {
            let counter = PieceCounter(pattern)
            var expected: [[UInt8]: UInt64] = [:]
            for _ in 0..<100 {
                let text = Samples.text(count: 60, using: &generator)
                counter.count(text.span)
                for piece in pattern.pieces(text) { expected[piece, default: 0] += 1 }
            }
            #expect(counter.takeCounts().dictionary == expected)
            #expect(counter.takeCounts().dictionary.isEmpty)
        }
    }

    @Test("strings that are excluded are not counted, and what lies between are texts of their own")
    func excluding() {
        var generator = SeededGenerator(18)
        let marks = ["<|a|>", "<|ab|>", "<|a", "é|"]
        let words = marks + ["the", " mill", "<", "|>", "<|", "  ", "\n", "12345", "é", ""]
        for pattern in [SplitPattern.gpt2, .gpt4, .word] {
            let counter = PieceCounter(pattern, excluding: marks)
            let parted = PieceCounter(pattern)
            for _ in 0..<400 {
                let text = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                    words.randomElement(using: &generator) ?? ""
                }.joined()
                counter.count(Array(text.utf8).span)
                // By hand: the leftmost, and of those that begin there the longest.
                var (rest, part) = (Substring(text), "")
                func end() {
                    parted.count(Array(part.utf8).span)
                    part = ""
                }
                while let first = rest.unicodeScalars.first {
                    let found = marks.filter { rest.utf8.starts(with: $0.utf8) }
                    guard let mark = found.max(by: { $0.utf8.count < $1.utf8.count }) else {
                        part.unicodeScalars.append(first)
                        rest = Substring(rest.unicodeScalars.dropFirst())
                        continue
                    }
                    end()
                    rest = Substring(rest.unicodeScalars.dropFirst(mark.unicodeScalars.count))
                }
                end()
            }
            #expect(counter.takeCounts().dictionary == parted.takeCounts().dictionary)
        }
        let all = PieceCounter(.gpt4, excluding: [])
        all.count(Array("<|a|>".utf8).span)
        #expect(all.takeCounts().dictionary.count == 3)
    }

    @Test("tables that grow keep every piece, short and long")
    func growth() throws {
        var generator = SeededGenerator(9)
        var counts = PieceCounts()
        var expected: [[UInt8]: UInt64] = [:]
        for _ in 0..<15_000 {
            let piece = Samples.piece(using: &generator)
            try counts.add(piece.span, occurrences: 3)
            expected[piece, default: 0] += 3
        }
        #expect(counts.dictionary == expected)
        #expect(counts.count == expected.count)
        #expect(counts.byteCount == expected.keys.reduce(0) { $0 + $1.count })

        var others = PieceCounts()
        for _ in 0..<10_000 {
            let piece = Samples.piece(using: &generator)
            try others.add(piece.span)
            expected[piece, default: 0] += 1
        }
        try counts.merge(others)
        #expect(counts.dictionary == expected)
    }

    @Test("a count that overflows is refused and stays as it was")
    func overflow() throws {
        var counts = PieceCounts()
        for piece in ["ab", "a piece of many bytes"].map({ Array($0.utf8) }) {
            try counts.add(piece.span, occurrences: .max)
            #expect(throws: TokenizationError.countOverflow) { try counts.add(piece.span) }
        }
        #expect(Set(counts.dictionary.values) == [.max])
    }
}

extension PieceCounts {
    var dictionary: [[UInt8]: UInt64] {
        var dictionary: [[UInt8]: UInt64] = [:]
        forEachPiece { piece, count in dictionary[piece.array(from: 0, to: piece.count)] = count }
        return dictionary
    }
}

extension Samples {
    /// A piece of any bytes, mostly short and often met before; zeros are where padding could
    /// mislead.
    static func piece(using generator: inout SeededGenerator) -> [UInt8] {
        let length = [1, 2, 3, 7, 8, 9, 14, 15, 16, 17, 40].randomElement(using: &generator)!
        return (0..<length).map { index in
            index < 2
                ? .random(in: 0...255, using: &generator) : .random(in: 0...1, using: &generator)
        }
    }
}
