import Files
public import Tokenization

extension Vocabulary {
    /// Writes the vocabulary in the form of another program, and returns the paths of what was
    /// written. O(size), and about O(n log n) for the check that the form can say what the
    /// vocabulary does.
    ///
    /// The file is only written if reading it again, with the same pattern and special tokens where
    /// it does not hold them, gives the same ids for every text.
    ///
    /// - Parameters:
    ///   - path: a directory, which is made if need be, for ``VocabularyFormat/huggingface`` and
    ///     ``VocabularyFormat/gpt2``; a file for the others.
    ///   - format: whose form.
    ///   - overwrites: whether another vocabulary that is there is replaced.
    /// - Throws: `TokenizationError.notRepresentable`, `TokenizationError.otherVocabulary`, and
    ///   `TokenizationError.file`, also for a file that holds something else.
    public func export(
        to path: String, format: VocabularyFormat, overwrites: Bool = false
    ) throws(TokenizationError) -> [String] {
        if let obstacle = obstacle(to: format) {
            throw .notRepresentable(format: format.rawValue, reason: obstacle)
        }
        let existing = ExistingVocabulary(path: path, overwrites: overwrites)
        switch format {
        case .huggingface: try existing.check(self)
        case .gpt2:
            let files = GPT2Files.write(self)
            try existing.check(holds: files.vocabulary, in: GPT2Files.vocabularyName)
            try existing.check(holds: files.merges, in: GPT2Files.mergesName)
        case .tiktoken: try existing.check(holds: TiktokenFile.write(self))
        case .tekken: try existing.check(holds: TekkenFile.write(self))
        case .gguf, .sentencepiece: break
        }
        do throws(FileError) {
            return try write(to: path, format: format)
        } catch {
            throw .file(error)
        }
    }

    /// Reason for which the form cannot say what this vocabulary does; `nil` if it can.
    private func obstacle(to format: VocabularyFormat) -> String? {
        if format != .huggingface, !rules.isPlain {
            return
                "it changes texts before it cuts them or has an unknown token, which the format "
                + "cannot say"
        }
        if format != .huggingface, let byte = lackedBytes.first {
            return "it has no token for the byte \(byte), and readers of the format want all 256"
        }
        if format != .huggingface, let special = specialTokens.first(where: { !$0.isPlain }) {
            return
                "the token \(special.id) \"\(special.content)\" is looked for in every text, or "
                + "only where no other is, which the format cannot say"
        }
        return switch format {
        case .huggingface: nil
        case .tiktoken: rankObstacle()
        case .gpt2: GPT2Files.obstacle(self)
        case .tekken: TekkenFile.obstacle(self)
        case .gguf, .sentencepiece: "it is for reading only"
        }
    }

    private func write(
        to path: String, format: VocabularyFormat
    ) throws(FileError) -> [String] {
        let directory = path.hasSuffix("/") ? path : path + "/"
        switch format {
        case .huggingface:
            try FileSystem.makeDirectory(path)
            try write(toDirectory: path)
            return [
                "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokens.tsv",
            ]
            .map { directory + $0 }
        case .gpt2:
            let files = GPT2Files.write(self)
            try FileSystem.makeDirectory(path)
            let paths = [GPT2Files.vocabularyName, GPT2Files.mergesName].map { directory + $0 }
            try unsafe FileReplacement.write(files.vocabulary.span.bytes, to: paths[0])
            try unsafe FileReplacement.write(files.merges.span.bytes, to: paths[1])
            return paths
        case .tiktoken:
            let bytes = TiktokenFile.write(self)
            try unsafe FileReplacement.write(bytes.span.bytes, to: path)
            return [path]
        case .tekken:
            let bytes = TekkenFile.write(self)
            try unsafe FileReplacement.write(bytes.span.bytes, to: path)
            return [path]
        case .gguf, .sentencepiece:
            return []
        }
    }
}

/// A form in which programs keep vocabularies.
public enum VocabularyFormat: String, CaseIterable, Sendable {
    /// Ranks in base64, `.tiktoken`; Meta's `tokenizer.model` is one too. No pattern, no special
    /// tokens.
    case tiktoken
    /// Hugging Face's `tokenizer.json`.
    case huggingface
    /// GPT-2's `vocab.json` and `merges.txt`. No pattern, no special tokens.
    case gpt2
    /// Mistral's `tekken.json`.
    case tekken
    /// llama.cpp's GGUF: the tokenizer in a model's file. It is read only.
    case gguf
    /// SentencePiece's `tokenizer.model`. It is read only.
    case sentencepiece
}
