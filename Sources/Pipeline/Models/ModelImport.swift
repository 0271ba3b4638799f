import Files
public import Models
public import Tokenization
import Training
import VocabularyFiles

/// Makes a directory that every command takes as a model out of one, or out of a GGUF file, that
/// another program wrote.
public struct ModelImport: Sendable {
    /// A file or directory with the tokenizer; nil for the model's own directory.
    public var vocabularyPath: String?
    /// Positions to keep; nil for all.
    public var contextLength: Int?
    /// Whether a Unicode normal form in a `tokenizer.json` is left out.
    public var ignoresNormalizer = false
    /// Whether a model that is there is replaced.
    public var overwrites = false

    /// An import of everything as it is.
    public init() {}

    /// Results of an import.
    public struct Result: Sendable {
        /// The model that was read.
        public let model: ModelDirectory
        /// Its tokenizer.
        public let vocabulary: Vocabulary
        /// Remarks for a person, a sentence each.
        public let remarks: [String]
        /// The names of the files that were written.
        public let files: [String]
    }

    /// A model with what belongs to it, all checked.
    private struct Parts {
        var model: ModelDirectory
        let imported: VocabularyImport.Result
        let vocabulary: Vocabulary
        let template: String?
    }

    /// Reads the Hugging Face directory, or the GGUF file, `source` and writes `output`, which
    /// appears whole or not at all: the parameters as F32, the tokenizer with what it puts before
    /// a text, its chat template if there is one, the tokens that end a text, and last a manifest
    /// with the hash of each file.
    ///
    /// Every part is checked before the first is written. Memory is that of the vocabulary and a
    /// few rows of the model. O(parameters).
    ///
    /// - Parameters:
    ///   - source: the directory or file to read.
    ///   - output: the directory to make.
    ///   - report: takes how far it has come.
    public func run(
        _ source: String, output: String, report: (PipelineEvent) -> Void
    ) throws -> Result {
        let isGGUF = ModelDirectory.isGGUF(at: source)
        let inputs = [isGGUF ? source : CheckpointStore.resolved(source)]
        let claim = try NewDirectory.claim(
            output, inputs: inputs + [vocabularyPath].compactMap(\.self), overwrites: overwrites)
        let source = isGGUF ? source : try CheckpointStore.soundModelDirectory(at: source)
        var parts = try isGGUF ? partsOfFile(source) : partsOfDirectory(source)
        let (model, vocabulary) = (parts.model, parts.vocabulary)
        try model.configuration.checkEmbeddings(of: vocabulary)
        if model.endToken == nil { parts.model.endToken = vocabulary.endOfText }
        let files = try NewDirectory.make(claim) { [parts] directory in
            try vocabulary.write(toDirectory: directory)
            if let template = parts.template {
                try FileReplacement.write(template, to: directory + "/" + ChatTemplateFile.fileName)
            }
            let files = try parts.model.write(toDirectory: directory) {
                report(.writing("importing", $0, of: model))
            }
            if !isGGUF {
                try GenerationFile.copy(
                    from: source, to: directory, endTokens: parts.model.allEndTokens)
            }
            try DirectoryManifest.write(inDirectory: directory)
            return files
        }
        return Result(
            model: parts.model, vocabulary: vocabulary, remarks: parts.imported.remarks,
            files: files)
    }

    private func partsOfDirectory(_ source: String) throws -> Parts {
        let model = try ModelDirectory(path: source, contextLength: contextLength)
        let imported = try importVocabulary(source)
        return Parts(
            model: model, imported: imported, vocabulary: try beginningTexts(imported, source),
            template: try ChatTemplateFile.read(directory: source))
    }

    /// The parts that one GGUF file holds.
    private func partsOfFile(_ source: String) throws -> Parts {
        let model = try ModelDirectory(gguf: source, contextLength: contextLength)
        let imported = try importVocabulary(source)
        var vocabulary = imported.vocabulary
        if vocabularyPath == nil, let token = model.texts?.beginning,
            vocabulary.specialTokens.contains(where: { $0.id == token })
        {
            vocabulary = vocabulary.beginningTexts(with: token)
        }
        return Parts(
            model: model, imported: imported, vocabulary: vocabulary,
            template: model.texts?.chatTemplate)
    }

    private func importVocabulary(_ source: String) throws -> VocabularyImport.Result {
        var importer = VocabularyImport()
        importer.ignoresNormalizer = ignoresNormalizer
        return try importer.read(vocabularyPath ?? source)
    }

    /// The vocabulary with what the source's tokenizer puts before each text.
    ///
    /// A `tokenizer.json` says it itself, and transformers then heeds nothing else.
    private func beginningTexts(
        _ imported: VocabularyImport.Result, _ source: String
    ) throws -> Vocabulary {
        let directory = vocabularyPath ?? source
        guard imported.format == .gpt2,
            let content = try TokenizerConfigurationFile.read(directory: directory)?.addedBeginning
        else { return imported.vocabulary }
        guard let token = imported.vocabulary.specialToken(content) else {
            throw PipelineError.badModelFile(
                path: directory,
                reason: "its tokenizer begins texts with \"\(content)\", which is no special token")
        }
        return imported.vocabulary.beginningTexts(with: token)
    }
}

extension PipelineEvent {
    /// So many of a model's parameters have been written.
    static func writing(_ activity: String, _ count: Int, of model: ModelDirectory) -> PipelineEvent
    {
        .progress(
            StageProgress(
                activity: activity, completed: count, total: model.layout.parameterCount,
                unit: .parameters))
    }
}
