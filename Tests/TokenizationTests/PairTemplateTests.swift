import Testing
import Tokenization

@Suite struct PairTemplateTests {
    @Test("a pair is its source, the end, padding, its target and the end")
    func pair() throws {
        let vocabulary = try Samples.vocabulary(of: [Array("abc".utf8)], size: 257, specials: [])
        let template = try PairTemplate(extending: vocabulary)
        #expect(template.vocabulary.count == vocabulary.count + 2)
        let encoder = BytePairEncoder(template.vocabulary)
        let ids = try template.encode(source: "ab", target: "<|pad|>", with: encoder)
        #expect(try template.prompt("ab", with: encoder) == Array(ids[..<4]))
        #expect(ids[2] == template.end && ids[3] == template.pad && ids.last == template.end)
        // Text that looks like the token of padding is text.
        #expect(ids.filter { $0 == template.pad }.count == 1)
        #expect(ids.map(template.vocabulary.textByteCount).reduce(0, +) == 2 + 7)
        #expect(try PairTemplate(template.vocabulary).pad == template.pad)
        #expect(throws: TokenizationError.self) { try PairTemplate(vocabulary) }
    }
}
