import Bytes
import Testing

@testable import Tokenization

/// Vocabularies that are spelled in characters, against merging as it is defined.
@Suite struct SentencePieceTests {
    private static let merges = [
        ("▁", "t"), ("h", "e"), ("▁t", "he"), ("é", "é"), ("▁", "▁"), ("▁▁", "▁▁"), ("漢", "字"),
        ("▁", "漢字"), ("a", "b"), ("ab", "ab"), ("b", "a"), ("😀", "a"),
    ]
    private static let characters = "▁theé漢字ab😀"

    /// Characters, the earliest merge first and the leftmost of equals, bytes for what is unknown.
    private static func naive(_ text: String, _ file: JSONVocabulary, prefix: Bool) -> [UInt32] {
        let ids = Dictionary(uniqueKeysWithValues: file.vocabulary.map { ($0.name, UInt32($0.id)) })
        guard !text.isEmpty else { return [] }
        let form = String(text.unicodeScalars.map { $0 == " " ? "▁" : Character($0) })
        var symbols = (prefix ? "▁" : "").unicodeScalars.map { String($0) }
        symbols += form.unicodeScalars.flatMap { scalar -> [String] in
            if ids[String(scalar)] != nil { return [String(scalar)] }
            return String(scalar).utf8.map {
                "<0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) + ">"
            }
        }
        while true {
            var best: (rank: Int, place: Int)?
            for place in symbols.indices.dropLast() {
                let rank = file.merges.firstIndex { $0 == (symbols[place], symbols[place + 1]) }
                if let rank, rank < best?.rank ?? .max { best = (rank, place) }
            }
            guard let (_, place) = best else { break }
            symbols.replaceSubrange(place...place + 1, with: [symbols[place] + symbols[place + 1]])
        }
        return symbols.map { ids[$0] ?? .max }
    }

    @Test("random texts have the ids of merging as it is defined")
    func random() throws {
        let file = JSONVocabulary.characters(Self.characters, merges: Self.merges)
        let vocabulary = try file.read()
        #expect(vocabulary.pattern == .sentencePiece && vocabulary.lackedBytes == [])
        #expect(try vocabulary.readAgain().fingerprint == vocabulary.fingerprint)
        let parts = [
            "the", "é", "漢字", "漢", " ", "  ", "▁", "ab", "a", "😀", "q", "\n", "語", "ü", "\0",
            "1", ".", "2)\n",
        ]
        var generator = SeededGenerator(33)
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...14, using: &generator))
                .map { _ in parts.randomElement(using: &generator) ?? "" }.joined()
            let ids = vocabulary.ids(text)
            #expect(ids == Self.naive(text, file, prefix: true), "\(text)")
            let back = try vocabulary.decodeText(ids.map { TokenID($0) })
            #expect(String(decoding: back, as: UTF8.self) == text.replacing("▁", with: " "))
        }
    }

    @Test("ends that are written together are those of pieces one by one")
    func seams() throws {
        let vocabulary = try JSONVocabulary.characters(Self.characters, merges: Self.merges).read()
        let seams = try #require(vocabulary.seams)
        let scanner = SeamScanner(seams)
        let parts = ["the", "é", "漢字", " ", "ab", "😀", "\n", "1", ".", "q"].map { Array($0.utf8) }
        let ends = OwnedBuffer<UInt32>(repeating: 0, count: 64)
        var generator = SeededGenerator(34)
        for _ in 0..<500 {
            let text = Samples.text(
                parts, count: Int.random(in: 1...40, using: &generator), using: &generator)
            ByteView.with(text.span) { view in
                let start = Int.random(in: 0..<text.count, using: &generator)
                let count = Int.random(in: 1...min(64, text.count - start), using: &generator)
                let written = scanner.writeEnds(
                    in: view, from: start, count: count, into: ends.view)
                var (expected, position): ([UInt32], Int) = ([], start)
                while position < start + count {
                    position = scanner.pieceEnd(in: view, from: position)
                    expected.append(UInt32(position - start))
                }
                #expect((0..<written).map { ends.view[$0] } == expected)
            }
        }
        extendLifetime(ends)
        extendLifetime(seams)
    }

    @Test("where a merge joins words, the text is one piece")
    func whole() throws {
        let merges = Self.merges + [("e", "▁"), ("e▁", "a")]
        let file = JSONVocabulary.characters(Self.characters, merges: merges)
        let vocabulary = try file.read()
        #expect(vocabulary.pattern == .whole)
        for text in ["he ab", "the the he a", "e  a e a"] {
            #expect(vocabulary.ids(text) == Self.naive(text, file, prefix: true))
        }
        // A piece of any length is merged in windows.
        let long = String(repeating: "e a漢字語", count: 10_000)
        let ids = vocabulary.ids(long)
        #expect(try vocabulary.decodeText(ids.map { TokenID($0) }) == Array(long.utf8))
        let part = Self.naive("e a漢字語e a漢字語e a漢字語", file, prefix: true)
        #expect(ids.prefix(part.count - 8) == part.prefix(part.count - 8))
    }

    @Test("a space goes before the text, before every part or nowhere, as the file says")
    func prefixes() throws {
        func ids(_ scheme: String, split: Bool, _ text: String) throws -> [UInt32] {
            var file = JSONVocabulary.characters(Self.characters, merges: Self.merges)
            file.normalizer = "null"
            file.preTokenizer = """
                {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "\(scheme)",
                "split": \(split)}
                """
            let vocabulary = try file.read()
            #expect(try vocabulary.readAgain().fingerprint == vocabulary.fingerprint)
            return vocabulary.ids(text)
        }
        let file = JSONVocabulary.characters(Self.characters, merges: Self.merges)
        func naive(_ text: String) -> [UInt32] { Self.naive(text, file, prefix: false) }
        #expect(try ids("first", split: false, "the<s>the") == naive("▁the") + [1] + naive("the"))
        #expect(try ids("always", split: false, "the<s>the") == naive("▁the") + [1] + naive("▁the"))
        #expect(try ids("never", split: false, "the") == naive("the"))
        #expect(try ids("always", split: false, "  the") == naive("▁▁the"))
        // Cut before every space, no two spaces meet.
        #expect(try ids("always", split: true, "  the") == naive("▁") + naive("▁the"))
        // The normalizer puts one before a space, too, and before every part.
        let vocabulary = try file.read()
        #expect(vocabulary.ids(" the<s>the") == naive("▁▁the") + [1] + naive("▁the"))
    }

    @Test("without bytes, the unknown token stands for a character or for a run of them")
    func unknown() throws {
        for fuses in [false, true] {
            var file = JSONVocabulary.characters(
                Self.characters, fallsBack: false, merges: Self.merges)
            file.model = #""unk_token": "<unk>", "fuse_unk": \#(fuses),"#
            let vocabulary = try file.read()
            #expect(try vocabulary.readAgain().fingerprint == vocabulary.fingerprint)
            let the = vocabulary.ids("the")
            #expect(vocabulary.ids("the語qü") == the + (fuses ? [0] : [0, 0, 0]))
            #expect(vocabulary.ids("the語the").filter { $0 == 0 }.count == 1)
        }
        var file = JSONVocabulary.characters(Self.characters, fallsBack: false, merges: Self.merges)
        file.model = ""
        #expect(file.refusal.contains("would be lost"))
    }

    @Test("decoding leaves out the space of the beginning, as the decoder says")
    func decoding() throws {
        var file = JSONVocabulary.characters(Self.characters, fallsBack: false, merges: Self.merges)
        file.model = #""unk_token": "<unk>","#
        func decoded(_ text: String) throws -> String {
            let vocabulary = try file.read()
            let ids = vocabulary.ids(text).map { TokenID($0) }
            return String(decoding: try vocabulary.decodeText(ids), as: UTF8.self)
        }
        #expect(try decoded("   ab") == "   ab")
        file.decoder = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}"#
        #expect(try decoded("   ab") == "ab")
        file.decoder = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}"#
        #expect(try decoded("   ab") == "    ab")
        for other in [#"{"type": "Fuse"}"#, #"{"type": "WordPiece"}"#, "null"] {
            file.decoder = other
            #expect(file.refusal.contains("its decoder is"))
        }
    }

    @Test("files of other kinds are refused as what they are")
    func others() {
        var file = JSONVocabulary.characters(Self.characters, merges: Self.merges)
        let text = file.text
        func refusal(_ old: String, _ new: String) -> String {
            do {
                _ = try Vocabulary(tokenizerJSON: Array(text.replacing(old, with: new).utf8).span)
                return "nothing was refused"
            } catch {
                return "\(error)"
            }
        }
        #expect(refusal(#""BPE""#, #""Unigram""#).contains("Unigram, SentencePiece's kind"))
        #expect(refusal(#""BPE""#, #""WordPiece""#).contains("the kind of BERT's"))
        #expect(
            refusal(#""byte_fallback""#, #""end_of_word_suffix": "</w>", "x""#).contains("CLIP"))
        #expect(refusal(#""<0x41>""#, #""<0xZZ>""#).contains("no token for the byte 65"))
        file.preTokenizer = #"{"type": "Whitespace"}"#
        #expect(file.refusal.contains("Whitespace"))
        file.normalizer = #"{"type": "Precompiled", "precompiled_charsmap": ""}"#
        #expect(file.refusal.contains("Precompiled, SentencePiece's own table"))
    }

    @Test("damaged files are refused or give a vocabulary that works")
    func damaged() {
        let file = JSONVocabulary.characters(Self.characters, merges: Self.merges)
        var generator = SeededGenerator(8)
        let copies = Damage.copies(
            of: Array(file.text.utf8), count: 400, marks: "\"{}[],:▁<0x", using: &generator)
        #expect(Damage.check(copies) { try Vocabulary(tokenizerJSON: $0.span) } == [])
    }
}
