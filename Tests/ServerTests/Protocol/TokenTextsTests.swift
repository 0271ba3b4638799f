import Pipeline
import Testing
import Tokenization
import Work

@testable import Server

@Suite struct TokenTextsTests {
    private let vocabulary: Vocabulary

    init() throws { vocabulary = try EngineModel.vocabulary() }

    private func token(_ id: TokenID, isEnd: Bool = false) -> ScoredToken {
        ScoredToken(id, logProbability: -1, alternatives: [], isEnd: isEnd)
    }

    private func id(_ byte: UInt8) -> TokenID {
        let bytes = [byte]
        return vocabulary.id(of: bytes.span) ?? 0
    }

    /// Tokens among which bytes of characters and single bytes that are none are frequent.
    private func ids(_ generator: inout RandomGenerator) -> [TokenID] {
        let parts =
            ["the ", "é", "…", "😀", "mill", "\u{0}"].map { Array($0.utf8) } + [[0x80], [0xE2]]
        let bytes = (0..<12).flatMap { _ in parts[Int(generator.next() % UInt64(parts.count))] }
        return bytes.prefix(20).map(id)
    }

    @Test func `the texts of tokens are the text, wherever a stop string cuts it`() throws {
        var generator = RandomGenerator(seed: 7)
        for _ in 0..<300 {
            let ids = ids(&generator)
            var stream = TextStream(vocabulary)
            var texts = TokenTexts(vocabulary)
            var shown: [ShownToken] = []
            var text = ""
            // Text is held back as stop strings have it, and handed out later.
            var held: [String] = []
            for id in ids {
                texts.append(token(id))
                held.append(try stream.text(of: id))
                guard generator.next() % 3 != 0 else { continue }
                let part = held.joined()
                held = []
                text += part
                shown += texts.release(part)
                // What is handed out is never more than the text.
                #expect(text.hasPrefix(shown.map(\.text).joined()))
            }
            let rest = held.joined() + stream.finishText()
            let scalars = Array(rest.unicodeScalars)
            let end = Int(generator.next() % UInt64(scalars.count + 1))
            var cut = String.UnicodeScalarView()
            cut.append(contentsOf: scalars[..<end])
            text += String(cut)
            shown += texts.finish(String(cut))
            let whole = shown.map(\.text).joined()
            #expect(Array(whole.utf8) == Array(text.utf8))
        }
    }

    @Test func `a character's tokens have their own bytes, and the last one its text`() throws {
        var texts = TokenTexts(vocabulary)
        let bytes = Array("é!".utf8)
        for byte in bytes { texts.append(token(id(byte))) }
        let shown = texts.finish("é!")
        #expect(shown.map(\.text) == ["", "é", "!"])
        #expect(shown.map(\.bytes) == bytes.map { [$0] })
    }

    @Test func `the token that ends a text is told and has no text`() throws {
        var texts = TokenTexts(vocabulary)
        texts.append(token(id(UInt8(ascii: "a"))))
        texts.append(token(0, isEnd: true))
        let shown = texts.finish("a")
        #expect(shown.map(\.text) == ["a", ""])
        #expect(shown.map(\.isEnd) == [false, true])
    }

    @Test func `bytes that are no text are named as OpenAI names them`() {
        func name(_ bytes: [UInt8]) -> String {
            ShownToken.Alternative(bytes: bytes, logProbability: 0).name
        }
        #expect(name(Array("é".utf8)) == "é")
        #expect(name([0xE2, 0x80]) == #"bytes:\xe2\x80"#)
        #expect(name([0x0A]) == "\n")
    }
}
