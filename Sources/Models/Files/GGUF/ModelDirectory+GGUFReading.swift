import Bytes
import Files

/// What a GGUF file says of the texts that its model reads and writes, besides the vocabulary.
public struct GGUFTexts: Sendable {
    /// Jinja template by which messages become a prompt.
    public let chatTemplate: String?
    /// The token that stands before each text; nil for none.
    public let beginning: TokenID?

    /// What the keys `tokenizer.…` of `file` say to a model with so many tokens.
    init(_ file: GGUFModelFile, vocabularySize: Int) throws(ModelError) {
        chatTemplate = file.text("tokenizer.chat_template")
        let isSentencePiece = file.text("tokenizer.ggml.model") == "llama"
        var adds =
            isSentencePiece || Self.beginners.contains(file.text("tokenizer.ggml.pre") ?? "")
        if case .flag(let flag)? = file.values["tokenizer.ggml.add_bos_token"] { adds = flag }
        let token = try file.integer("tokenizer.ggml.bos_token_id") ?? (isSentencePiece ? 1 : nil)
        beginning = token.flatMap { adds && $0 < vocabularySize ? TokenID($0) : nil }
    }

    /// The pre-tokenizers before whose texts llama.cpp puts a token unless it is told not to, as it
    /// does for SentencePiece's BPE.
    ///
    /// Source: `llama_vocab::impl::load` in llama.cpp's `src/llama-vocab.cpp`.
    private static let beginners: Set<String> = ["llama3", "llama-v3", "llama-bpe", "tekken"]
}

extension ModelDirectory {
    /// Whether a GGUF file, and no directory, is at `path`, by its first bytes.
    public static func isGGUF(at path: String) -> Bool {
        guard let file = try? MappedFile(path: path) else { return false }
        return file.withBytes { bytes in
            let span = Span<UInt8>(_bytes: bytes)
            return span.count >= 4 && (0..<4).allSatisfy { span[$0] == Array("GGUF".utf8)[$0] }
        }
    }

    /// Looks at the model in the GGUF file at `path`, and checks that it is whole and that Quern
    /// computes what it describes. O(tensors).
    ///
    /// Its numbers may be F32, F16, BF16, F64 or in blocks of ggml's types Q8_0, Q4_0, Q4_1, Q5_0,
    /// Q5_1, Q4_K, Q5_K and Q6_K, and are read as what the blocks stand for. The path of the
    /// "directory" is then that of the file.
    ///
    /// - Parameters:
    ///   - path: a GGUF file of version 2 or 3.
    ///   - contextLength: fewer positions than the model has, to use it with; nil for all.
    public init(gguf path: String, contextLength: Int? = nil) throws(ModelError) {
        let file = try GGUFModelFile(path: path)
        var shape = try GPTConfiguration(file)
        try shape.validate()
        let sources = try GGUFSource.sources(in: file, of: shape)
        try shape.shorten(to: contextLength, of: path)
        var ends: [TokenID] = []
        for name in ["eos", "eot", "eom"] {
            guard let id = try file.integer("tokenizer.ggml.\(name)_token_id"),
                id < shape.vocabularySize, !ends.contains(TokenID(id))
            else { continue }
            ends.append(TokenID(id))
        }
        self.init(
            path: path, configuration: shape, ends: ends,
            texts: try GGUFTexts(file, vocabularySize: shape.vocabularySize),
            sources: sources.map { .gguf($0) })
    }
}
