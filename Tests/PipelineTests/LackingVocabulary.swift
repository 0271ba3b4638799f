import Tokenization

/// A vocabulary of printable ASCII without "q", beside the space, line breaks and special tokens.
enum LackingVocabulary {
    static func read() throws -> Vocabulary {
        let letters = (0x21...0x7E).map { UInt8($0) }.filter { $0 != UInt8(ascii: "q") }
        let names =
            letters.map { byte in
                let isQuoted = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                return (isQuoted ? "\\" : "") + String(UnicodeScalar(byte))
            } + ["Ġ", "Ċ"]
        let entries = names.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        let file = """
            {"version": "1.0", "added_tokens": [], "normalizer": null,
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
             "post_processor": null, "decoder": {"type": "ByteLevel"},
             "model": {"type": "BPE", "vocab": {\(entries)}, "merges": []}}
            """
        return try Vocabulary(tokenizerJSON: Array(file.utf8).span)
            .adding(specialTokens: ["<|endoftext|>", "<|pad|>", "<|im_start|>", "<|im_end|>"])
    }
}
