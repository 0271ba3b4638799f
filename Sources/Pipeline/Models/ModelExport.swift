import Files
import Foundation
public import Models
import Tokenization
import Training
import VocabularyFiles

/// Writes a model for other programs.
public enum ModelExport {
    /// Settings of a GGUF file besides the model itself.
    public struct GGUFSettings: Sendable {
        /// Number type of the matrices.
        public var type = GGUFNumberType.float32
        /// Name of the model in the file; nil for the file's name without its ending.
        public var name: String?
        /// Whether llama.cpp puts the token that begins a text before it; nil for what the model's
        /// tokenizer does.
        public var addsBeginning: Bool?
        /// llama.cpp's name of the pre-tokenizer, where another than the exact one is wanted.
        public var preTokenizer: String?
        /// Whether a file that is there is replaced although it holds another model.
        public var overwrites = false

        /// Single precision, and everything else as the model has it.
        public init() {}
    }

    /// Writes the model in `directory`, with its tokenizer and chat template, as one GGUF file for
    /// llama.cpp. It appears whole or not at all. O(parameters), in the memory of the vocabulary
    /// and a few rows.
    ///
    /// - Parameters:
    ///   - directory: a checkpoint, or any model directory of Hugging Face's with a vocabulary.
    ///   - path: the file.
    ///   - settings: the settings of the file.
    ///   - report: takes how far it has come.
    /// - Returns: the model, and what a person should know about the file.
    public static func gguf(
        _ directory: String, to path: String, settings: GGUFSettings,
        report: (PipelineEvent) -> Void
    ) throws -> (model: ModelDirectory, remarks: [String]) {
        try FilePlace.check(output: path, inputs: [CheckpointStore.resolved(directory)])
        let fileName = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        let name = settings.name ?? fileName
        let claim = try OutputClaim(
            path, .replaced, making: .file(ggufFile(named: name), overwrites: settings.overwrites))
        defer { withExtendedLifetime(claim) {} }
        let directory = try CheckpointStore.soundModelDirectory(at: directory)
        let model = try ModelDirectory(path: directory)
        let vocabulary = try Vocabulary(directory: directory)
        try model.configuration.checkEmbeddings(of: vocabulary)
        var tokenizer = Vocabulary.GGUFSettings(rowCount: model.configuration.vocabularySize)
        tokenizer.endToken = model.endToken
        tokenizer.endTokens = model.endTokens
        tokenizer.preTokenizer = settings.preTokenizer
        tokenizer.chatTemplate = try ChatTemplateFile.read(directory: directory)
        tokenizer.addsBeginning = settings.addsBeginning
        try model.writeGGUF(
            to: path, type: settings.type, name: name,
            tokenizer: vocabulary.ggufMembers(tokenizer)
        ) { report(.writing("exporting", $0, of: model)) }
        var remarks: [String] = []
        if tokenizer.endToken == nil, vocabulary.endOfText == nil {
            remarks.append(
                "the vocabulary has no token that ends a text, and llama.cpp then stops at token "
                    + "11; let it ignore the end (--ignore-eos)")
        }
        let unheeded = vocabulary.tokensUnheededByGGUF(tokenizer)
        if !unheeded.isEmpty {
            let names = unheeded.map { id in
                let name =
                    (try? vocabulary.decode([id])).map { String(decoding: $0, as: UTF8.self) }
                return name.map { "\(id) \"\($0)\"" } ?? "\(id)"
            }
            remarks.append(
                "a GGUF file has keys for three tokens that end a text, and llama.cpp goes on "
                    + "behind these of the model's: \(names.joined(separator: ", "))")
        }
        return (model, remarks)
    }

    /// A GGUF file of a model of the name `name`: one of another name may have come from far away.
    private static func ggufFile(named name: String) -> FileKind {
        var key: [UInt8] = []
        func append(_ number: Int, byteCount: Int) {
            for index in 0..<byteCount {
                key.append(UInt8(truncatingIfNeeded: number >> (8 * index)))
            }
        }
        for (text, type) in [("general.name", 8), (name, nil)] as [(String, Int?)] {
            append(text.utf8.count, byteCount: 8)
            key += text.utf8
            if let type { append(type, byteCount: 4) }
        }
        let wanted = key
        return FileKind("a GGUF file of the model \"\(name)\"") { front, _ in
            front.starts(with: "GGUF".utf8) && front.firstRange(of: wanted) != nil
        }
    }

    /// Writes the model in `directory`, with its tokenizer as it is, as another Hugging Face
    /// directory, sealed by a manifest with the hash of each file. It appears whole or not at all.
    /// O(parameters), in the memory of a few rows.
    ///
    /// - Parameters:
    ///   - directory: a checkpoint, or any model directory of Hugging Face's.
    ///   - output: the new directory.
    ///   - type: how all numbers are stored.
    ///   - shardByteCount: the most bytes of tensors in a file; nil for one file.
    ///   - overwrites: whether a model that is there is replaced.
    ///   - report: takes how far it has come.
    /// - Returns: the model, and the names of the files.
    public static func huggingFace(
        _ directory: String, to output: String, type: NumberType, shardByteCount: Int?,
        overwrites: Bool = false, report: (PipelineEvent) -> Void
    ) throws -> (model: ModelDirectory, files: [String]) {
        let claim = try NewDirectory.claim(
            output, inputs: [CheckpointStore.resolved(directory)], overwrites: overwrites)
        let directory = try CheckpointStore.soundModelDirectory(at: directory)
        let model = try ModelDirectory(path: directory)
        let files = try NewDirectory.make(claim) { partial in
            let files = try model.write(
                toDirectory: partial, type: type, shardByteCount: shardByteCount
            ) { report(.writing("exporting", $0, of: model)) }
            let copied = try NewDirectory.copy(tokenizerNames, from: directory, to: partial)
            try GenerationFile.copy(from: directory, to: partial, endTokens: model.allEndTokens)
            // Other readers do not look at it.
            try DirectoryManifest.write(inDirectory: partial)
            return files + copied.filter { !files.contains($0) }
        }
        return (model, files)
    }

    /// The files that make a tokenizer, for any program.
    private static let tokenizerNames = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        ChatTemplateFile.fileName, "tokens.tsv", "vocab.json", "merges.txt", "added_tokens.json",
        "tokenizer.model", "tekken.json",
    ]
}
