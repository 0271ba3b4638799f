import Testing

@testable import Tokenization

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
            let counts = counter.takeCounts()
            var found: [[UInt8]: UInt64] = [:]
            for piece in 0..<counts.count {
                found[Array(counts.bytes[counts.range(of: piece)])] = counts.counts[piece]
            }
            #expect(found == expected)
            #expect(counter.counts.count == 0)
        }
    }
}
