import Files
public import Models
public import Tokenization
import Training
import VocabularyFiles

/// Makes a directory that every command takes as a model out of one that another program wrote.
public struct ModelImport: Sendable {
    /// A file or directory with the tokenizer; nil for the model's own directory.
    public var vocabularyPath: String?
    /// Positions to keep; nil for all.
    public var contextLength: Int?
    /// Whether a Unicode normal form in a `tokenizer.json` is left out.
    public var ignoresNormalizer = false

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

    /// Reads the Hugging Face directory `source` and writes `output`, which appears whole or not at
    /// all: the parameters as F32, the tokenizer with what it puts before a text, its chat
    /// template if there is one, and last a manifest with the hash of each file.
    ///
    /// Every part is checked before the first is written. Memory is that of the vocabulary and a
    /// few rows of the model. O(parameters).
    ///
    /// - Parameters:
    ///   - source: the directory to read.
    ///   - output: the directory to make.
    ///   - report: takes how far it has come.
    public func run(
        _ source: String, output: String, report: (PipelineEvent) -> Void
    ) throws -> Result {
        let claim = try NewDirectory.claim(
            output,
            inputs: [CheckpointStore.resolved(source)] + [vocabularyPath].compactMap(\.self))
        let source = try CheckpointStore.soundModelDirectory(at: source)
        var model = try ModelDirectory(path: source, contextLength: contextLength)
        var importer = VocabularyImport()
        importer.ignoresNormalizer = ignoresNormalizer
        let imported = try importer.read(vocabularyPath ?? source)
        let vocabulary = try beginningTexts(imported, source)
        let template = try ChatTemplateFile.read(directory: source)
        try model.configuration.checkEmbeddings(of: vocabulary)
        if model.endToken == nil { model.endToken = vocabulary.endOfText }
        let files = try NewDirectory.make(claim) { directory in
            try vocabulary.write(toDirectory: directory)
            if let template {
                try FileReplacement.write(template, to: directory + "/" + ChatTemplateFile.fileName)
            }
            let files = try model.write(toDirectory: directory) {
                report(.writing("importing", $0, of: model))
            }
            _ = try NewDirectory.copy([ModelExport.generationName], from: source, to: directory)
            try DirectoryManifest.write(inDirectory: directory)
            return files
        }
        return Result(
            model: model, vocabulary: vocabulary, remarks: imported.remarks, files: files)
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
