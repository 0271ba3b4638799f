@testable import Tokenization

/// A small `tokenizer.json` for tests, put together from its settings.
struct JSONVocabulary {
    var vocabulary: [(name: String, id: Int)] = []
    var merges: [(String, String)] = []
    var added: [String] = []
    var normalizer = "null"
    var preTokenizer = #"{"type": "ByteLevel", "add_prefix_space": false}"#
    var decoder = #"{"type": "ByteLevel"}"#
    var model = ""

    /// Byte characters, and what `merges` make.
    static func bytes(
        without lacked: Set<UInt8> = [], merges: [(String, String)] = []
    ) -> JSONVocabulary {
        var file = JSONVocabulary()
        for byte in ByteCharacters.bytesInOrder where !lacked.contains(byte) {
            file.append(ByteCharacters.string(for: [byte]))
        }
        for (left, right) in merges { file.append(left + right) }
        file.merges = merges
        return file
    }

    /// SentencePiece's spelling: special tokens, perhaps the bytes, the characters of `characters`,
    /// and what `merges` make.
    static func characters(
        _ characters: String, fallsBack: Bool = true, merges: [(String, String)]
    ) -> JSONVocabulary {
        var file = JSONVocabulary()
        for name in ["<unk>", "<s>"] {
            file.append(name)
            file.add(file.vocabulary.count - 1, name)
        }
        if fallsBack {
            for byte in 0..<256 {
                let digits = String(byte, radix: 16, uppercase: true)
                file.append("<0x" + (byte < 16 ? "0" : "") + digits + ">")
            }
        }
        for character in characters { file.append(String(character)) }
        for (left, right) in merges
        where !file.vocabulary.contains(where: { $0.name == left + right }) {
            file.append(left + right)
        }
        file.merges = merges
        file.normalizer = """
            {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
            """
        file.preTokenizer = "null"
        file.decoder = """
            {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
            """
        file.model = """
            "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": \(fallsBack),
            """
        return file
    }

    mutating func append(_ name: String) { vocabulary.append((name, vocabulary.count)) }

    mutating func add(
        _ id: Int, _ content: String, special: Bool = true, normalized: Bool = false,
        word: Bool = false, left: Bool = false, right: Bool = false
    ) {
        added.append(
            """
            {"id": \(id), "content": "\(content)", "single_word": \(word), "lstrip": \(left),
             "rstrip": \(right), "normalized": \(normalized), "special": \(special)}
            """)
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    var text: String {
        let names = vocabulary.map { "\(Self.quoted($0.name)): \($0.id)" }
        let pairs = merges.map { "[\(Self.quoted($0.0)), \(Self.quoted($0.1))]" }
        return """
            {"version": "1.0", "truncation": null, "padding": null,
            "added_tokens": [\(added.joined(separator: ","))], "normalizer": \(normalizer),
            "pre_tokenizer": \(preTokenizer), "post_processor": null, "decoder": \(decoder),
            "model": {"type": "BPE", \(model) "vocab": {\(names.joined(separator: ", "))},
            "merges": [\(pairs.joined(separator: ","))]}}
            """
    }

    func read() throws -> Vocabulary {
        try Vocabulary(tokenizerJSON: Array(text.utf8).span)
    }

    /// What the file says in error; "" if it is read.
    var refusal: String {
        do {
            _ = try read()
            return ""
        } catch {
            return "\(error)"
        }
    }
}

extension Vocabulary {
    /// The ids of a text.
    func ids(_ text: String, _ specials: SpecialTokenPolicy = .all) -> [UInt32] {
        BytePairEncoder(self).encode(text, specials: specials).map(\.rawValue)
    }

    /// The same vocabulary, written and read.
    func readAgain() throws -> Vocabulary { try Vocabulary(tokenizerJSON: tokenizerJSON().span) }
}
