import Bytes
import Testing

@testable import Tokenization
@testable import VocabularyFiles

@Suite struct SentencePieceFileTests {
    private static let merged = ["▁t", "he", "▁the", "éé", "漢字", "▁漢字", "ab", "ba", "aba"]

    @Test("random texts have the ids of merging by scores")
    func random() throws {
        let runs = (2...7).map { String(repeating: "▁", count: $0) }
        var generator = SeededGenerator(41)
        for withRuns in [false, true] {
            var model = SentencePieceModel(Self.merged)
            // All runs of spaces have one score, the lowest.
            if withRuns { model.pieces += runs.map { ($0, -1e9, 1) } }
            let vocabulary = try model.read()
            #expect(vocabulary.pattern == .sentencePiece)
            #expect(vocabulary.textPrefix == [TokenID(1)])
            #expect(try vocabulary.readAgain().fingerprint == vocabulary.fingerprint)
            let parts = ["the", "é", "漢字", " ", "    ", "▁", "ab", "a", "q", "\n", "語"]
            for _ in 0..<1500 {
                let text = (0..<Int.random(in: 0...12, using: &generator))
                    .map { _ in parts.randomElement(using: &generator) ?? "" }.joined()
                let ids = vocabulary.ids(text, .none)
                #expect(ids == model.naive(text), "\(text)")
                let back = try vocabulary.decodeText(ids.map { TokenID($0) })
                #expect(String(decoding: back, as: UTF8.self) == text.replacing("▁", with: " "))
            }
        }
    }

    @Test("pieces of the user are found in every text where nothing is put before it")
    func userPieces() throws {
        var model = SentencePieceModel(Self.merged)
        model.addsPrefix = false
        model.pieces.append(("<ab>", 0, 4))
        let id = UInt32(model.pieces.count - 1)
        let vocabulary = try model.read()
        #expect(vocabulary.ids("ab<ab>ab", .none) == model.naive("ab") + [id] + model.naive("ab"))
        model.addsPrefix = true
        #expect(model.refusal.contains("pieces of its user"))
    }

    @Test("models of other kinds and settings are refused as what they are")
    func others() {
        func refusal(_ change: (inout SentencePieceModel) -> Void) -> String {
            var model = SentencePieceModel(Self.merged)
            change(&model)
            return model.refusal
        }
        #expect(refusal { _ in } == "")
        #expect(refusal { $0.modelType = 1 }.contains("SentencePiece model is Unigram"))
        #expect(refusal { $0.modelType = 4 }.contains("of characters"))
        #expect(refusal { $0.table = [1] }.contains("normalizer identity"))
        #expect(refusal { $0.removesSpaces = true }.contains("leaves out spaces"))
        #expect(refusal { $0.pieces[262].kind = 5 }.contains("not to be used"))
        #expect(refusal { $0.pieces[260].score = 0 }.contains("have the same score"))
        #expect(refusal { $0.pieces[7].kind = 1 }.contains("neither a token for each byte"))
        #expect(refusal { $0.pieces[7].name = "x" }.contains("is no byte"))
        #expect(refusal { $0.pieces[270].kind = 9 }.contains("kind 9"))
        #expect(refusal { $0.pieces[270].name = "ab" }.contains("same bytes"))
        #expect(refusal { $0.pieces[2].name = "<s>" }.contains("listed twice"))
        let long = (2...300).map { (String(repeating: "▁", count: $0), -1e9 as Float, 1 as UInt8) }
        #expect(refusal { $0.pieces += long }.contains("runs of more than 256"))
    }

    /// What a run of spaces becomes when merges come one after another.
    private static func merged(_ count: Int, _ pairs: [MergePair]) -> [Int] {
        // The token of a length is the length.
        var runs = [Int](repeating: 1, count: count)
        while let place = pairs.lazy.compactMap({ pair in
            runs.indices.dropLast().first {
                runs[$0] == Int(pair.left) && runs[$0 + 1] == Int(pair.right)
            }
        }).first {
            runs.replaceSubrange(place...place + 1, with: [runs[place] + runs[place + 1]])
        }
        return runs
    }

    /// What a run of spaces becomes with the leftmost pair first.
    private static func leftmost(_ count: Int, _ lengths: Set<Int>) -> [Int] {
        var runs = [Int](repeating: 1, count: count)
        while let place = runs.indices.dropLast().first(where: {
            lengths.contains(runs[$0] + runs[$0 + 1])
        }) {
            runs.replaceSubrange(place...place + 1, with: [runs[place] + runs[place + 1]])
        }
        return runs
    }

    @Test("runs of spaces of one score merge as the leftmost first, whatever their lengths")
    func spaceRuns() {
        for bits in 1..<(1 << 7) {
            let lengths = Set((2...8).filter { bits >> ($0 - 2) & 1 == 1 })
            let tokens = Dictionary(uniqueKeysWithValues: lengths.map { ($0, UInt32($0)) })
            let pairs = SpaceRuns(tokens: tokens, space: 1).merges
            for count in 1...22 {
                #expect(Self.merged(count, pairs) == Self.leftmost(count, lengths), "\(lengths)")
            }
        }
    }

    @Test("the kind of file is told by its bytes")
    func kinds() {
        let model = SentencePieceModel(Self.merged).bytes
        #expect(ByteView.with(model.span) { SentencePieceFile.isFile($0) })
        let text = Array("{\"version\": 1}".utf8)
        #expect(!ByteView.with(text.span) { SentencePieceFile.isFile($0) })
    }

    @Test("damaged files are refused or give a vocabulary that works")
    func damaged() {
        var generator = SeededGenerator(42)
        let copies = Damage.copies(
            of: SentencePieceModel(Self.merged).bytes, count: 600, marks: "\u{A}\u{1}\u{18}<",
            using: &generator)
        #expect(
            Damage.check(copies) { try VocabularyImport().read($0, .sentencepiece).vocabulary }
                == [])
        let heads = Damage.copies(
            of: SentencePieceModel(Self.merged).gguf, count: 600, marks: "\u{6}\u{1}\u{8}<",
            using: &generator)
        #expect(
            Damage.check(heads) { try VocabularyImport().read($0, .gguf).vocabulary } == [])
    }
}
