import Foundation
import Testing

@testable import Tokenization
@testable import VocabularyFiles

/// The table of families in the documentation against what reading does.
@Suite struct FamiliesTests {
    private struct Row {
        let family: String
        let file: String
        let isRead: Bool
        let triedOn: String
        let reason: String
    }

    private static func rows() throws -> [Row] {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let article = root.appending(
            path: "Sources/VocabularyFiles/Documentation.docc/Families.md")
        let text = try String(contentsOf: article, encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(2).map { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            return Row(
                family: cells[1], file: cells[3], isRead: cells[4] == "yes", triedOn: cells[7],
                reason: cells[8])
        }
    }

    /// A small file of a family.
    private static func sample(_ row: Row) throws -> (bytes: [UInt8], format: VocabularyFormat?) {
        var json = JSONVocabulary.bytes(merges: [("t", "h")])
        let pieces = JSONVocabulary.characters("▁the", merges: [("t", "h")])
        func model(_ old: String, _ new: String) -> ([UInt8], VocabularyFormat?) {
            (Array(json.text.replacing(old, with: new).utf8), nil)
        }
        func pair() -> ([UInt8], VocabularyFormat?) { (Array(json.text.utf8), nil) }
        switch (row.family, row.file) {
        case ("byte-level BPE", _): return pair()
        case ("tiktoken", _):
            let ranks = Dictionary(
                uniqueKeysWithValues: (0...255).map { ([UInt8($0)], UInt32($0)) })
            return (NaiveRanks(ranks: ranks).file + Array("= 256\n".utf8), .tiktoken)
        case ("Tekken", _):
            let ranks = Dictionary(
                uniqueKeysWithValues: (0...255).map { ([UInt8($0)], UInt32($0)) })
            let vocabulary = try VocabularyImport.ranks(NaiveRanks(ranks: ranks).file)
            return (TekkenFile.write(vocabulary), nil)
        case ("GGUF, byte-level", _):
            return (GGUFSample.file(try json.read()), nil)
        case ("bytes without a token", _):
            json = .bytes(without: [0x71])
        case ("an unknown token", _):
            json = .bytes(without: [0x71])
            json.model = #""unk_token": "!","#
        case ("NFC, NFD, NFKC, NFKD", _):
            json.normalizer = """
                {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "NFKD"}]}
                """
        case ("a space before a text", _):
            json.preTokenizer = #"{"type": "ByteLevel", "add_prefix_space": true}"#
        case ("added tokens that mind what is around", _):
            json.add(257, "<m>", word: true, left: true, right: true)
        case ("DeepSeek Coder, DeepSeek LLM, Kimi K2", _):
            for pattern in [SplitPattern.deepseekLLM, .kimi, .deepseekCoder] {
                let learned = try Samples.vocabulary(
                    of: [Array(Samples.verse.utf8)], size: 270, pattern: pattern)
                #expect(try learned.readAgain().pattern == pattern)
                return (learned.tokenizerJSON(), nil)
            }
        case ("SentencePiece's BPE", "`tokenizer.json`"): return (Array(pieces.text.utf8), nil)
        case ("SentencePiece's BPE", "`tokenizer.model`"):
            return (SentencePieceModel(["th"]).bytes, nil)
        case ("pieces of the user behind a space", _):
            var file = SentencePieceModel(["th"])
            file.pieces.append(("<x>", 0, 4))
            return (file.bytes, nil)
        case ("SentencePiece's normalizer", _):
            var file = SentencePieceModel(["th"])
            file.table = [1]
            return (file.bytes, nil)
        case ("SentencePiece's Unigram", "`tokenizer.json`"):
            return model(#""BPE""#, #""Unigram""#)
        case ("SentencePiece's Unigram", _):
            var file = SentencePieceModel(["th"])
            file.modelType = 1
            return (file.bytes, nil)
        case ("SentencePiece's BPE", "`.gguf`"):
            return (SentencePieceModel(["th"]).gguf, nil)
        case ("WordPiece", _): return model(#""BPE""#, #""WordPiece""#)
        case ("words", _): return model(#""BPE""#, #""WordLevel""#)
        case ("CLIP", _): json.model = #""end_of_word_suffix": "</w>","#
        case ("RWKV", _): return (Array("1 '\\x00' 1\n2 '\\x01' 1\n".utf8), nil)
        case ("other normalizers", _): json.normalizer = #"{"type": "Lowercase"}"#
        case ("Falcon", _):
            json.preTokenizer = """
                {"type": "Sequence", "pretokenizers": [
                {"type": "Punctuation", "behavior": "Contiguous"},
                {"type": "ByteLevel", "use_regex": true},
                {"type": "Digits", "individual_digits": false},
                {"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"}, "behavior": "Isolated"}]}
                """
            let vocabulary = try json.read()
            #expect(vocabulary.pattern == .falcon)
            #expect(try vocabulary.readAgain().fingerprint == vocabulary.fingerprint)
        case ("other pre-tokenizers", _):
            json.preTokenizer = """
                {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"}, "behavior": "Isolated"},
                {"type": "ByteLevel", "use_regex": true}]}
                """
        default: Issue.record("no sample of \(row.family) in \(row.file)")
        }
        return pair()
    }

    @Test("every row of the table says what reading does")
    func table() throws {
        let rows = try Self.rows()
        #expect(rows.count > 20)
        for row in rows {
            let words = row.triedOn.split(separator: " ").first ?? ""
            #expect((row.isRead ? ["published", "hand-made"] : [""]).contains(words))
        }
        for row in rows where row.family != "GPT-2's two files" {
            let (bytes, format) = try Self.sample(row)
            do {
                var reading = VocabularyImport()
                if format == .tiktoken { reading.pattern = .gpt4 }
                let folder = FileManager.default.temporaryDirectory
                    .appending(path: "families-\(UUID().uuidString)")
                try Data(bytes).write(to: folder)
                defer { try? FileManager.default.removeItem(at: folder) }
                _ = try reading.read(folder.path)
                #expect(row.isRead, "\(row.family) in \(row.file) is read")
            } catch let error as TokenizationError {
                #expect(!row.isRead, "\(row.family) in \(row.file): \(error)")
                #expect(
                    !row.reason.isEmpty && "\(error)".contains(row.reason),
                    "\(row.family) in \(row.file): \(error)")
            }
        }
    }
}
