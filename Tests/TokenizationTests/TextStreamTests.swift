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

    @Test("the space that a vocabulary puts before a text is left out of it, not of its rest")
    func leadingSpaces() throws {
        let metaspace = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}"#
        for decoder in [nil, metaspace] {
            var file = JSONVocabulary.characters(
                "▁theabü", fallsBack: decoder == nil,
                merges: [("▁", "t"), ("▁", "▁"), ("h", "e"), ("▁t", "he")])
            file.decoder = decoder ?? file.decoder
            let vocabulary = try file.read()
            for text in ["the", " the", "  a", "", "ü the", "a  the "] {
                let ids = BytePairEncoder(vocabulary).encode(text)
                let whole = try vocabulary.decodeText(ids)
                for count in 1...3 {
                    var stream = TextStream(vocabulary)
                    var rest = TextStream(vocabulary, isContinued: true)
                    // A stream that has ended begins another text.
                    for _ in 0..<2 {
                        var (output, continued): ([UInt8], [UInt8]) = ([], [])
                        for start in stride(from: 0, to: ids.count, by: count) {
                            let part = Array(ids[start..<min(start + count, ids.count)])
                            try stream.append(part.span, to: &output)
                            try rest.append(part.span, to: &continued)
                        }
                        #expect(output + stream.finish() == whole)
                        #expect(try continued + rest.finish() == vocabulary.decode(ids))
                    }
                }
            }
            #expect(vocabulary.beginsText(behind: [1]) && vocabulary.beginsText(behind: []))
            #expect(!vocabulary.beginsText(behind: [1, 70]))
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
