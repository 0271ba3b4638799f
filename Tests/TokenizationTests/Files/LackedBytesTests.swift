import Testing

@testable import Tokenization
@testable import VocabularyFiles

@Suite struct LackedBytesTests {
    private static let merges = [("t", "h"), ("th", "e"), ("Ġ", "the")]

    @Test("a vocabulary that lacks bytes gives other texts the ids of the full one")
    func others() throws {
        let full = try JSONVocabulary.bytes(merges: Self.merges).read()
        let lacking = try JSONVocabulary.bytes(without: [0x71, 0xFF], merges: Self.merges).read()
        #expect(full.lackedBytes == [] && lacking.lackedBytes == [0x71, 0xFF])
        #expect(try lacking.readAgain().fingerprint == lacking.fingerprint)
        let encoder = BytePairEncoder(lacking)
        let texts = [
            "the the  theth", "", "漢字 the", String(repeating: "the ", count: 9000),
            String(repeating: "th", count: 40_000),
        ]
        for text in texts {
            let ids = encoder.encode(text)
            try encoder.check()
            #expect(
                ids.map { lacking.bytes(of: $0) }
                    == BytePairEncoder(full).encode(text).map {
                        full.bytes(of: $0)
                    })
            #expect(try lacking.decode(ids) == Array(text.utf8))
        }
    }

    @Test("a text with a byte that has no token is refused, with the byte and its place")
    func refused() throws {
        var file = JSONVocabulary.bytes(without: [0x71], merges: Self.merges)
        file.add(file.vocabulary.count, "<q>")
        let vocabulary = try file.read()
        let encoder = BytePairEncoder(vocabulary)
        for (text, offset) in [("q", 0), ("the q", 4), ("the <q> q", 8), ("thqe q", 2)] {
            let ids = encoder.encode(text, specials: .all)
            #expect(throws: TokenizationError.lackedByte(0x71, offset: offset)) {
                try encoder.check()
            }
            // What stands before it is there.
            #expect(try vocabulary.decode(ids) == Array(text.utf8.prefix(offset)))
        }
        // A special token may have the byte, and the next text is another one.
        #expect(encoder.encode("<q>", specials: .all).count == 1)
        try encoder.check()
        var stream = EncodingStream(vocabulary)
        var ids: [TokenID] = []
        for part in ["the ", "th", "e q"] { stream.append(Array(part.utf8).span, into: &ids) }
        #expect(throws: TokenizationError.lackedByte(0x71, offset: 8)) {
            try stream.finish(into: &ids)
        }
        #expect("\(TokenizationError.lackedByte(0x04, offset: 8))".contains("0x04 at offset 8"))
    }

    @Test("a text in parts is refused at its place in the whole, however it is parted")
    func parted() throws {
        let vocabulary = try JSONVocabulary.bytes(without: [0x71], merges: Self.merges).read()
        let text = Array("the the the the q and more the the".utf8)
        let good = Array(text[..<16])
        for count in 1...text.count {
            var stream = EncodingStream(vocabulary)
            var ids: [TokenID] = []
            for start in stride(from: 0, to: text.count, by: count) {
                stream.append(Array(text[start..<min(start + count, text.count)]).span, into: &ids)
            }
            #expect(throws: TokenizationError.lackedByte(0x71, offset: 16)) {
                try stream.finish(into: &ids)
            }
            // The next text is another one.
            stream.append(good.span, into: &ids)
            try stream.finish(into: &ids)
        }
    }

    @Test("pairs and conversations are refused at the place in their texts")
    func templates() throws {
        let pairs = try PairTemplate(
            extending: JSONVocabulary.bytes(without: [0x71], merges: Self.merges).read())
        let chat = try ChatTemplate(
            pairs.vocabulary.adding(specialTokens: ChatTemplate.specialTokens))
        let encoder = BytePairEncoder(chat.vocabulary)
        func refused(_ offset: Int, _ work: () throws -> Void) {
            #expect(throws: TokenizationError.lackedByte(0x71, offset: offset), performing: work)
        }
        refused(4) { _ = try pairs.prompt("the q", with: encoder) }
        refused(0) { _ = try pairs.encode(source: "q", target: "the", with: encoder) }
        refused(2) { _ = try pairs.encode(source: "the", target: "thq", with: encoder) }
        // What was refused is forgotten.
        #expect(try pairs.encode(source: "the", target: "the", with: encoder).count == 5)
        let messages: [ChatMessage] = [
            .init(role: .user, content: "the"), .init(role: .assistant, content: "the q."),
        ]
        let offset = try #require(
            Array(ChatTemplate.text(of: messages).utf8).firstIndex(of: 0x71))
        var ids: [TokenID] = []
        refused(offset) { try chat.encode(messages, with: encoder, into: &ids) }
        let template = ConversationTemplate(chat)
        refused(offset) { _ = try template.render(messages).ids(with: encoder) }
        #expect(
            throws: ConversationError.notEncodable(.lackedByte(0x71, offset: offset))
        ) { try template.learn(messages, with: encoder) }
        #expect(try template.learn([messages[0]], with: encoder).ids.count > 3)
    }

    @Test("the unknown token stands for each such byte, or for each run in a piece")
    func unknown() throws {
        for fuses in [false, true] {
            var file = JSONVocabulary.bytes(without: [0x71, 0x7A], merges: Self.merges)
            let unknown = file.vocabulary.count
            file.append("[UNK]")
            file.add(unknown, "[UNK]")
            file.model = #""unk_token": "[UNK]", "fuse_unk": \#(fuses),"#
            let vocabulary = try file.read()
            #expect(vocabulary.lackedBytes == [] && vocabulary.changesTexts)
            #expect(try vocabulary.readAgain().fingerprint == vocabulary.fingerprint)
            let u = UInt32(unknown)
            func id(_ text: String) -> UInt32 { vocabulary.id(Array(text.utf8))?.rawValue ?? 0 }
            #expect(vocabulary.ids("q") == [u])
            #expect(
                vocabulary.ids("theqz the") == [id("the")] + (fuses ? [u] : [u, u]) + [id(" the")])
            #expect(vocabulary.ids("q q") == [u, id(" "), u])
            let long = String(repeating: "qz", count: 30_000)
            #expect(vocabulary.ids(long).count == (fuses ? 1 : 60_000))
            let mixed = String(repeating: "theq", count: 30_000)
            #expect(vocabulary.ids(mixed).count == 60_000)
        }
        var file = JSONVocabulary.bytes(without: [0x71])
        file.model = #""unk_token": "[UNK]","#
        #expect(file.refusal.contains("none of its tokens"))
    }

    @Test("special tokens can be added to a vocabulary that lacks bytes")
    func adding() throws {
        let file = JSONVocabulary.bytes(without: [0x71], merges: Self.merges)
        let vocabulary = try file.read()
        let more = try vocabulary.adding(specialTokens: ["<|a|>", "<|b|>"])
        #expect(more.lackedBytes == [0x71])
        #expect(more.ids("the th") == vocabulary.ids("the th"))
        #expect(more.isExtension(of: vocabulary))
    }
}
