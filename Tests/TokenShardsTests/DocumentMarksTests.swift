import Foundation
import Testing
import Tokenization

@testable import TokenShards

/// Tokens that are named for the bounds of documents, in place of the end-of-text token.
@Suite struct DocumentMarksTests {
    private let fixture: ShardFixture
    private let vocabulary: Vocabulary

    init() throws {
        fixture = try ShardFixture()
        vocabulary = try fixture.vocabulary.adding(specialTokens: ["<s>", "</s>"])
    }

    private func write(
        _ begin: String?, _ end: String?, to name: String = "set", policy: EndOfTextPolicy = .before
    ) throws -> ShardSet {
        var configuration = ShardConfiguration()
        (configuration.beginToken, configuration.endToken) = (begin, end)
        (configuration.endOfText, configuration.tokensPerShard) = (policy, 200)
        var writer = try ShardWriter(
            directory: fixture.path(name), vocabulary: vocabulary, configuration: configuration)
        for (number, document) in fixture.documents.enumerated() {
            try writer.append(
                fixture.ids(of: document).span, to: number % 5 == 4 ? .validation : .train)
        }
        _ = try writer.finish()
        return try ShardSet(directory: fixture.path(name), vocabulary: vocabulary)
    }

    private static let cases: [(begin: String?, end: String?)] = [
        ("<s>", "</s>"), ("<s>", nil), (nil, "</s>"), ("<s>", "<s>"),
        ("<|endoftext|>", "<|endoftext|>"),
    ]

    @Test("each document stands between them, its text is found, and the whole is verified")
    func documents() async throws {
        for (begin, end) in Self.cases {
            let set = try write(begin, end)
            let (first, last) = (
                begin.flatMap(vocabulary.specialToken), end.flatMap(vocabulary.specialToken)
            )
            for split in Split.allCases {
                var texts: [[UInt8]] = []
                for shard in set.shards(of: split) {
                    for number in 0..<shard.documentCount {
                        let text = shard.text(ofDocument: number)
                        #expect(
                            shard.tokens(shard.tokenRange(ofDocument: number))
                                == [first].compactMap(\.self) + text + [last].compactMap(\.self))
                        texts.append(try vocabulary.decode(text))
                    }
                }
                #expect(texts == fixture.documents(of: split))
            }
            try await set.verify(decodingWith: vocabulary, threadCount: 2)
            #expect(set.manifest.beginTokenID == first && set.manifest.endTokenID == last)
            #expect(set.manifest.endOfText == .none && set.manifest.endOfTextID == nil)
            #expect(set.manifest.tokenBeforeTexts == first ?? last)
            #expect(set.manifest.tokenBehindTexts == last ?? first)
        }
    }

    @Test("the policy has no part in it, and without names it is as it was")
    func policy() throws {
        func bytes(_ name: String) throws -> [String: Data] {
            var files: [String: Data] = [:]
            let directory = fixture.path(name)
            for file in try FileManager.default.contentsOfDirectory(atPath: directory) {
                files[file] = FileManager.default.contents(atPath: directory + "/" + file)
            }
            return files
        }
        _ = try write("<s>", "</s>", to: "a", policy: .after)
        _ = try write("<s>", "</s>", to: "b", policy: .none)
        #expect(try bytes("a") == bytes("b"))
        let plain = try write(nil, nil, to: "c").manifest
        #expect(plain.tokenBeforeTexts == vocabulary.endOfText)
        #expect(plain.tokenBehindTexts == vocabulary.endOfText)
        let manifest = try #require(try bytes("c")["manifest.json"])
        #expect(!String(decoding: manifest, as: UTF8.self).contains("token_id"))
        #expect(try write(nil, nil, to: "d", policy: .none).manifest.tokenBeforeTexts == nil)
    }

    @Test("every token but the first of a document is predicted once, from the document alone")
    func predictions() throws {
        let set = try write("<s>", "</s>")
        for shard in set.shards(of: .train) {
            for number in 0..<shard.documentCount {
                let range = shard.tokenRange(ofDocument: number)
                #expect(shard.predictions(ofDocument: number) == range.dropLast())
            }
        }
        // One token alone divides documents, as the end-of-text token does.
        for (begin, end, policy) in [
            ("<s>", nil, EndOfTextPolicy.before), (nil, "</s>", .after),
        ] as [(String?, String?, EndOfTextPolicy)] {
            let named = try write(begin, end, to: "named")
            let plain = try write(nil, nil, to: "plain", policy: policy)
            for (one, other) in zip(named.shards(of: .train), plain.shards(of: .train)) {
                for number in 0..<one.documentCount {
                    #expect(
                        one.predictions(ofDocument: number)
                            == other.predictions(ofDocument: number))
                }
            }
        }
    }

    @Test("a document without its tokens, or with one inside, is found")
    func damage() async throws {
        let set = try write("<s>", "</s>")
        let entry = try #require(set.manifest.shards.first)
        let path = fixture.path("set") + "/" + entry.name
        let whole = try #require(FileManager.default.contents(atPath: path))
        let document = set.shards(of: entry.split)[0].tokenRange(ofDocument: 0)
        let first = try #require(vocabulary.specialToken("<s>"))
        for (place, id, words) in [
            (0, TokenID(5), "lacks"), (document.upperBound - 1, 5, "lacks"), (1, first, "inside"),
        ] {
            var bytes = whole
            bytes[1_024 + 2 * place] = UInt8(truncatingIfNeeded: id.rawValue)
            bytes[1_025 + 2 * place] = UInt8(id.rawValue >> 8)
            try bytes.write(to: URL(fileURLWithPath: path))
            let damaged = try ShardSet(directory: fixture.path("set"), vocabulary: vocabulary)
            let shard = damaged.shards(of: entry.split)[0]
            let error = #expect(throws: ShardError.self) {
                try shard.verify(
                    documents: 0..<1, decodingWith: vocabulary, isEndOfTextAllowed: false)
            }
            #expect("\(error, default: "")".contains(words))
        }
        // Another header is not what the manifest says.
        var bytes = whole
        bytes[4 * 14] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(throws: ShardError.self) {
            try ShardSet(directory: fixture.path("set"), vocabulary: vocabulary)
        }
    }
}
