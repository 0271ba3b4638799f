import Testing

@testable import Tokenization

/// Added tokens that mind what is around them, and those that are tokens of merges, too.
@Suite struct AddedTokenTests {
    private func cuts(
        _ text: String, word: Bool = false, left: Bool = false, right: Bool = false,
        others: [String] = []
    ) throws -> [String] {
        var file = JSONVocabulary.bytes()
        file.add(256, "<m>", word: word, left: left, right: right)
        for other in others { file.add(256 + file.added.count, other) }
        let vocabulary = try file.read()
        #expect(try vocabulary.readAgain().fingerprint == vocabulary.fingerprint)
        var parts: [[UInt8]] = []
        var isText = false
        for id in BytePairEncoder(vocabulary).encode(text, specials: .all) {
            let piece = vocabulary.bytes(of: id)
            if id.rawValue < 256, isText {
                parts[parts.count - 1] += piece
            } else {
                parts.append(piece)
            }
            isText = id.rawValue < 256
        }
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("white space around a token belongs to it where it says so")
    func strips() throws {
        let text = "a \u{3000}<m>\t\n b"
        #expect(try cuts(text, left: true) == ["a", "<m>", "\t\n b"])
        #expect(try cuts("a  <m> \n b<m>", right: true) == ["a  ", "<m>", "b", "<m>"])
        #expect(try cuts("  <m>  <m>  ", left: true, right: true) == ["<m>", "<m>"])
        // What one has taken is not there for the next.
        #expect(try cuts("x <m> <m> y", left: true) == ["x", "<m>", "<m>", " y"])
    }

    @Test("a single word has no character of a word beside it")
    func words() throws {
        #expect(
            try cuts("a<m> <m>b <m> (<m>)", word: true) == ["a<m> <m>b ", "<m>", " (", "<m>", ")"])
        for character in ["é", "_", "٣", "Ⅷ", "\u{301}", "Ⓐ", "\u{200D}"] {
            #expect(try cuts("\(character)<m>", word: true) == ["\(character)<m>"])
        }
        for character in ["½", "²", "-", "😀", "\u{200B}"] {
            #expect(try cuts("\(character)<m>", word: true) == [character, "<m>"])
        }
    }

    @Test("a token that merges make, too, is found everywhere and stays part of other tokens")
    func ordinary() throws {
        var file = JSONVocabulary.bytes(
            merges: [("a", "n"), ("an", "d"), ("s", "and"), ("o", "r")])
        let and = file.vocabulary.first { $0.name == "and" }?.id ?? 0
        let one = file.vocabulary.first { $0.name == "1" }?.id ?? 0
        file.add(and, "and", special: false, word: true)
        file.add(one, "1", special: false)
        let vocabulary = try file.read()
        #expect(try vocabulary.readAgain().fingerprint == vocabulary.fingerprint)
        let sand = vocabulary.id(Array("sand".utf8))?.rawValue
        #expect(vocabulary.ids("sand") == [sand])
        #expect(vocabulary.ids("and1", .none).last == UInt32(one))
        #expect(vocabulary.ids("and", .none) == [UInt32(and)])
        #expect(vocabulary.lackedBytes == [] && !vocabulary.isSpecial(TokenID(and)))
        // One that only the caller allows must not come out of ordinary text.
        file.added = []
        file.add(and, "and")
        #expect(file.refusal.contains("which is a special token"))
    }

    @Test("a space is put before every part of a text that does not begin with one")
    func prefixSpace() throws {
        var file = JSONVocabulary.bytes(merges: [("Ġ", "a")])
        file.preTokenizer = #"{"type": "ByteLevel", "add_prefix_space": true}"#
        file.add(257, "<m>")
        let vocabulary = try file.read()
        #expect(try vocabulary.readAgain().fingerprint == vocabulary.fingerprint)
        let word = vocabulary.id(Array(" a".utf8))?.rawValue
        #expect(vocabulary.ids("a") == [word] && vocabulary.ids(" a") == [word])
        #expect(vocabulary.ids("a<m>a<m>") == [word, 257, word, 257] && vocabulary.ids("") == [])
    }
}
