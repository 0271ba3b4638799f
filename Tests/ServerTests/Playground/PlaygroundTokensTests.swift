import Foundation
import Testing
import Tokenization

@testable import Server

@Suite struct PlaygroundTokensTests {
    private let fixture: PlaygroundFixture
    private var playground: Playground { fixture.playground }

    init() throws { fixture = try PlaygroundFixture() }

    private static let texts = [
        "", "the mill", "  the\n\n  stones ", "é👩‍🌾 und das Mühlrad", "a\u{0}b\u{202E}c<script>",
        String(repeating: "turn", count: 60), "<|endoftext|>",
    ]

    @Test(arguments: texts) func `tokens are the encoder's, and their bytes are the text`(
        text: String
    ) throws {
        let answer = try object(
            playground.tokens(body(["text": text, "models": ["mill", "rnn"]])))
        let models = try #require(answer["models"] as? [[String: Any]])
        #expect(models.map { $0["model"] as? String } == ["mill", "rnn"])
        #expect(answer["bytes"] as? Int == text.utf8.count)
        for (model, shown) in zip(models, playground.models) {
            let found = try tokens(model["tokens"])
            let expected = BytePairEncoder(shown.vocabulary).encode(text)
            #expect(found.ids == expected.map(\.index))
            #expect(found.bytes.flatMap(\.self) == Array(text.utf8))
        }
    }

    /// Reads a tree: its token, and the bytes of its leaves.
    private func leaves(_ tree: Any, _ vocabulary: Vocabulary) throws -> (id: Int, bytes: [UInt8]) {
        if let id = tree as? Int { return (id, vocabulary.bytes(of: TokenID(id))) }
        let list = try #require(tree as? [Any])
        try #require(list.count == 3)
        let id = try #require(list[0] as? Int)
        let (left, right) = (try leaves(list[1], vocabulary), try leaves(list[2], vocabulary))
        // What was merged is the bytes of both.
        #expect(vocabulary.bytes(of: TokenID(id)) == left.bytes + right.bytes)
        return (id, left.bytes + right.bytes)
    }

    @Test(arguments: texts) func `words cover the tokens, and trees end in their bytes`(
        text: String
    ) throws {
        let answer = try object(playground.tokens(body(["text": text, "models": ["mill"]])))
        let model = try #require((answer["models"] as? [[String: Any]])?.first)
        let ids = try tokens(model["tokens"]).ids
        let words = try #require(model["words"] as? [[String: Any]])
        var next = 0
        for word in words {
            #expect(word["first"] as? Int == next)
            guard let trees = word["trees"] as? [Any] else {
                // Only that of 240 letters is too long to look at, and it is one word.
                #expect(text.hasPrefix("turnturn") && words.count == 1)
                next = ids.count
                continue
            }
            for tree in trees {
                #expect(try leaves(tree, fixture.vocabulary).id == ids[next])
                next += 1
            }
        }
        #expect(next == ids.count)
    }

    @Test func `a part of a character is no text`() throws {
        let answer = try object(playground.tokens(body(["text": "é", "models": ["mill"]])))
        let model = try #require((answer["models"] as? [[String: Any]])?.first)
        let list = try #require(model["tokens"] as? [[String: Any]])
        #expect(list.count == 2)
        #expect(list.allSatisfy { $0["text"] is NSNull })
    }

    @Test func `what cannot be is refused by the name of the member`() throws {
        let long = String(repeating: "a", count: 16_385)
        let wrong: [([String: Any], String?)] = [
            (["models": ["mill"]], "text"), (["text": 1, "models": ["mill"]], "text"),
            (["text": long, "models": ["mill"]], "text"), (["text": "a"], "models"),
            (["text": "a", "models": []], "models"), (["text": "a", "models": [1]], "models"),
            (["text": "a", "models": "mill"], "models"),
            (["text": "a", "models": ["../mill"]], "models"),
            (["text": "a", "models": Array(repeating: "mill", count: 9)], "models"),
            (["text": "a", "models": ["mill"], "texts": 1], "texts"),
        ]
        for (request, parameter) in wrong {
            let data = try body(request)
            let error = try #require(
                refusal { () throws(PlaygroundError) in
                    try playground.tokens(data)
                })
            #expect(error.parameter == parameter && !error.message.isEmpty)
        }
        // Nor is a name repeated that is as long as the body.
        for request in [[long: 1], ["text": "a", "models": [long]]] as [[String: Any]] {
            let data = try body(request)
            let error = refusal { () throws(PlaygroundError) in try playground.tokens(data) }
            #expect((1...400).contains(error?.message.utf8.count ?? 0))
        }
        for text in ["", "[]", "{", "{\"text\": \"a\", \"text\": \"b\"}", "\u{FF}"] {
            let error = refusal { () throws(PlaygroundError) in
                try playground.tokens(Data(text.utf8))
            }
            #expect(error != nil, "\(text)")
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(
            refusal { () throws(PlaygroundError) in try playground.tokens(Data(deep.utf8)) } != nil)
    }
}
