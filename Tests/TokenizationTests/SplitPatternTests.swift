import Testing
import Tokenization

@Suite struct SplitPatternTests {
    @Test("a sentence falls into the pieces that a person expects")
    func sentence() {
        let pieces = SplitPattern.gpt4.pieces(of: Array("Hold my math!".utf8).span)
        #expect(
            pieces.map { String(decoding: $0, as: UTF8.self) } == ["Hold", " my", " math", "!"])
    }
}
