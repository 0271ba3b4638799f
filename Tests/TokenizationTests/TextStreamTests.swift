import Testing

@testable import Tokenization

@Suite struct TextStreamTests {
    @Test("what comes out is whole characters, and all of it is the text")
    func wholeCharacters() throws {
        let vocabulary = try Samples.vocabulary(of: [], size: 257)
        let encoder = BytePairEncoder(vocabulary)
        let text = "né 漢字 😀!"
        var stream = TextStream(vocabulary)
        var result = ""
        for id in encoder.encode(text) {
            let part = try stream.text(of: id)
            #expect(!part.contains("\u{FFFD}"))
            result += part
        }
        #expect(result + stream.finishText() == text)
    }

    @Test("arbitrary bytes pass through unchanged, in parts of any size")
    func arbitraryBytes() throws {
        let vocabulary = try Samples.vocabulary(of: [], size: 257)
        let encoder = BytePairEncoder(vocabulary)
        var generator = SeededGenerator(6)
        for _ in 0..<200 {
            let text = Samples.text(
                Samples.hostile + [[0xF0], [0x9F, 0x98], [0xED], [0xF4]], count: 12,
                using: &generator)
            var boundaries: Set<Int> = [0]
            var end = 0
            for character in PatternMatcher.characters(of: text) {
                end += character.bytes.count
                boundaries.insert(end)
            }
            var ids: [TokenID] = []
            encoder.encode(text.span, into: &ids)
            var stream = TextStream(vocabulary)
            var output: [UInt8] = []
            var index = 0
            while index < ids.count {
                let end = min(ids.count, index + Int.random(in: 1...4, using: &generator))
                try stream.append(Array(ids[index..<end]).span, to: &output)
                #expect(boundaries.contains(output.count))
                index = end
            }
            #expect(output + stream.finish() == text)
            #expect(stream.finish().isEmpty)
        }
    }

    @Test("a character that never ends is shown as U+FFFD at the end")
    func unfinished() throws {
        let vocabulary = try Samples.vocabulary(of: [], size: 257)
        var stream = TextStream(vocabulary)
        let first = try #require(vocabulary.id([0xE6]))
        #expect(try stream.text(of: first) == "")
        #expect(stream.finishText() == "\u{FFFD}")
    }
}
