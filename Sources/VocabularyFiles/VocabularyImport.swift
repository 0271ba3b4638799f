import Bytes
import Files
public import Tokenization

/// Reads the vocabularies of other programs.
///
/// ```swift
/// let imported = try VocabularyImport().read("cl100k_base.tiktoken")
/// imported.vocabulary.count  // 100277
/// ```
///
/// The result gives the ids that the file's own program gives, for every text, or the file is
/// refused with the reason.
public struct VocabularyImport: Sendable {
    /// The form of the files; `nil` to tell from what they hold.
    public var format: VocabularyFormat?

    /// Preset of the pattern and the special tokens for a file of ranks; `nil` to tell a published
    /// file from its bytes.
    public var preset: VocabularyPreset?

    /// Pattern that cuts texts, where the files do not say.
    public var pattern: SplitPattern?

    /// Special tokens by name, where the files do not say. A number is needed where the token is
    /// not in the files.
    public var specialTokens: [(content: String, id: TokenID?)] = []

    /// Whether a Unicode normal form, such as NFC, in a `tokenizer.json` is left out. Texts that
    /// are in this form already keep their ids; others get those of the text as it is.
    public var ignoresNormalizer = false

    /// An import with nothing set.
    public init() {}

    /// A vocabulary and how it was read.
    public struct Result: Sendable {
        /// Vocabulary of the files.
        public let vocabulary: Vocabulary
        /// The form of the files.
        public let format: VocabularyFormat
        /// Remarks for a person, a sentence each.
        public let remarks: [String]
    }

    /// Reads the file, or the files in the directory, at `path`. O(size), and about O(n log n) for
    /// the merges of ranks.
    public func read(_ path: String) throws(TokenizationError) -> Result {
        let (path, found) = try locate(path)
        let file = try MappedFile.opened(path)
        return try file.withBytes { (bytes) throws(TokenizationError) in
            let span = Span<UInt8>(_bytes: bytes)
            return try ByteView.with(span) { (text) throws(TokenizationError) in
                let format = format ?? found ?? Self.format(of: text)
                return try read(text, path: path, format: format)
            }
        }
    }

    /// Reads a file whose bytes are here.
    func read(
        _ text: ByteView, path: String, format: VocabularyFormat
    ) throws(TokenizationError) -> Result {
        guard text.count <= Int(UInt32.max) || format == .gguf else {
            throw .unsupported(path: path, reason: "it is larger than 4 GiB")
        }
        try checkOptions(format)
        if format == .tiktoken, Self.isRWKV(text) {
            throw .unsupported(
                path: path,
                reason: "it is a list of tokens with their numbers and lengths, which is RWKV's; "
                    + "that takes the longest token, and only BPE is known")
        }
        var remarks: [String] = []
        let vocabulary: Vocabulary
        switch format {
        case .tiktoken:
            vocabulary = try readRanks(text, path: path, remarks: &remarks)
        case .huggingface:
            let file = try TokenizerFile(text, path: path, ignoresNormalizer: ignoresNormalizer)
            if ignoresNormalizer, let form = file.normalForms.first {
                remarks.append(
                    "the normalizer is left out: texts that are not in \(form) get other ids")
            }
            for key in file.ignoredSettings {
                remarks.append("its \(key) is left out: it is about lists of ids, not about texts")
            }
            vocabulary = try file.vocabulary()
        case .gpt2:
            vocabulary = try readGPT2(text, path: path, remarks: &remarks)
        case .tekken: vocabulary = try TekkenFile.read(text, path: path)
        case .gguf:
            let (read, more) = try GGUFFile.read(text, path: path)
            vocabulary = read
            remarks += more
        case .sentencepiece:
            let (read, more) = try SentencePieceFile.read(text, path: path)
            vocabulary = read
            remarks += more
        }
        let lacked = vocabulary.lackedBytes.count
        if lacked > 0 {
            remarks.append(
                "\(lacked) of the 256 bytes have no token: a text that holds one is refused")
        }
        let everywhere = vocabulary.specialTokens.filter { $0.recognition == .everywhere }
        if !everywhere.isEmpty {
            remarks.append(
                "\(everywhere.count) added tokens are looked for in every text, such as "
                    + "\"\(everywhere[0].content)\"")
        }
        return Result(vocabulary: vocabulary, format: format, remarks: remarks)
    }

    private func checkOptions(_ format: VocabularyFormat) throws(TokenizationError) {
        if format != .tiktoken, format != .gpt2, pattern != nil || !specialTokens.isEmpty {
            throw .invalidConfiguration(
                reason:
                    "files of the format \(format.rawValue) say how texts are cut and which tokens "
                    + "are special; leave out the pattern and the special tokens")
        }
        if format != .tiktoken, preset != nil {
            throw .invalidConfiguration(reason: "only files of ranks (tiktoken) take a preset")
        }
        if format != .huggingface, ignoresNormalizer {
            throw .invalidConfiguration(
                reason: "files of the format \(format.rawValue) have no normalizer to ignore")
        }
        if let pattern, pattern.regularExpressions.isEmpty {
            throw .invalidConfiguration(
                reason: "the pattern \"\(pattern.rawValue)\" only shows how text can be cut")
        }
    }

    private func readRanks(
        _ text: ByteView, path: String, remarks: inout [String]
    ) throws(TokenizationError) -> Vocabulary {
        let tokens = try TiktokenFile.read(text, path: path)
        var preset = preset
        // A pattern that is given means that the special tokens are as given too, so no preset is
        // sought.
        if preset == nil, pattern == nil {
            preset = VocabularyPreset(file: text)
            if let preset {
                remarks.append(
                    "these are the ranks of \(preset.rawValue), so its pattern and special "
                        + "tokens are taken")
            }
        }
        guard let pattern = pattern ?? preset?.pattern else {
            throw .ranksOnly(path: path)
        }
        var specials = preset?.specialTokens ?? []
        for (content, id) in specialTokens {
            guard let id else { throw .specialTokenWithoutID(content) }
            specials.append(SpecialToken(content: content, id: id))
        }
        try Self.check(specials)
        return try Vocabulary(ranked: tokens, pattern: pattern, specials: specials, path: path)
    }

    private static func check(_ specials: [SpecialToken]) throws(TokenizationError) {
        var contents: Set<String> = []
        for special in specials {
            guard !special.content.isEmpty else {
                throw .invalidConfiguration(reason: "a special token is empty")
            }
            guard contents.insert(special.content).inserted else {
                throw .invalidConfiguration(
                    reason: "the special token \"\(special.content)\" is given twice")
            }
        }
    }

    private func readGPT2(
        _ text: ByteView, path: String, remarks: inout [String]
    ) throws(TokenizationError) -> Vocabulary {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let mergesPath = directory + GPT2Files.mergesName
        if pattern == nil {
            remarks.append("the files do not say how texts are cut: as GPT-2 does")
        }
        let names = specialTokens.map(\.content)
        guard Set(names).count == names.count else {
            throw .invalidConfiguration(reason: "a special token is given twice")
        }
        let file = try MappedFile.opened(mergesPath)
        let vocabulary = try file.withBytes { (bytes) throws(TokenizationError) in
            let span = Span<UInt8>(_bytes: bytes)
            return try ByteView.with(span) { (merges) throws(TokenizationError) in
                try GPT2Files.read(
                    text, vocabularyPath: path, merges: merges, mergesPath: mergesPath,
                    pattern: pattern ?? .gpt2, specials: specialTokens)
            }
        }
        for (content, id) in specialTokens {
            guard let id, vocabulary.specialToken(content) != id else { continue }
            throw .invalidConfiguration(
                reason: "the special token \"\(content)\" does not have the number \(id) in \(path)"
            )
        }
        return vocabulary
    }
}

extension VocabularyImport {
    /// The file at `path`, or the one in the directory there that makes it a vocabulary, and its
    /// form where the name tells.
    private func locate(
        _ path: String
    ) throws(TokenizationError) -> (path: String, format: VocabularyFormat?) {
        guard let names = try? FileSystem.namesInDirectory(path) else {
            if path.hasSuffix("/" + GPT2Files.mergesName) || path == GPT2Files.mergesName {
                let directory = path.dropLast(GPT2Files.mergesName.count)
                return (String(directory) + GPT2Files.vocabularyName, .gpt2)
            }
            return (path, nil)
        }
        let directory = path.hasSuffix("/") ? path : path + "/"
        let candidates: [(VocabularyFormat, String)] = [
            (.huggingface, "tokenizer.json"), (.tekken, "tekken.json"),
            (.gpt2, GPT2Files.vocabularyName),
        ]
        for (format, name) in candidates where self.format ?? format == format {
            if names.contains(name) { return (directory + name, format) }
        }
        // Meta's holds ranks, others are SentencePiece's: their first bytes tell.
        let models = ["tokenizer.model"]
        for name in models where names.contains(name) { return (directory + name, nil) }
        // One whose name is its own.
        let others = names.filter { name in
            [".tiktoken", ".gguf"].contains { name.hasSuffix($0) }
        }
        if others.count == 1 { return (directory + others[0], nil) }
        throw .unsupported(
            path: path,
            reason: "the directory has none of "
                + (candidates.map(\.1) + models).joined(separator: ", ")
                + ", and not one .tiktoken or .gguf; name the file itself")
    }

    /// Whether a file begins as RWKV's lists do: `1 '\x00' 1`.
    private static func isRWKV(_ text: ByteView) -> Bool {
        let line = text.array(from: 0, to: min(text.firstIndex(of: 0x0A, from: 0), 80))
        let parts = line.split(separator: 0x20)
        guard parts.count >= 3, let quoted = parts.dropFirst().first else { return false }
        return [parts[0], parts[parts.count - 1]].allSatisfy { number in
            number.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        } && [UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "b")].contains(quoted.first)
    }

    /// The form of a file, by its first bytes.
    private static func format(of text: ByteView) -> VocabularyFormat {
        if text.hasPrefix(Array("GGUF".utf8), at: 0) { return .gguf }
        if SentencePieceFile.isFile(text) { return .sentencepiece }
        var reader = JSONReader(text, path: "")
        guard reader.peek() == UInt8(ascii: "{") else { return .tiktoken }
        guard (try? reader.open(UInt8(ascii: "{"))) != nil, let key = try? reader.readString()
        else {
            return .huggingface
        }
        switch key {
        case "config", "special_tokens", "vocab", "image", "multimodal", "audio", "type":
            return .tekken
        case "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
            "post_processor", "decoder", "model":
            return .huggingface
        default: return .gpt2
        }
    }
}
