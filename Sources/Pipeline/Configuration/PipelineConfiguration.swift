public import Corpora
public import Models
public import Refinement
public import TokenShards
import Tokenization
public import Training
public import VocabularyLearning

/// Everything that `quern run` needs to know: the sum of the stages' own configurations.
///
/// Paths are taken from the directory in which the program runs. What a run makes lies in
/// `refined/NAME`, `vocab/NAME`, `shards/NAME` and `runs/NAME`; of several sources, each has a
/// directory of its own in `refined/NAME` and `shards/NAME`.
public struct PipelineConfiguration: Codable, Sendable, Equatable {
    /// Names the directories of what the pipeline makes.
    public var name = "default"
    /// Corpus of the text, unless there are ``sources``.
    public var corpus: CorpusConfiguration {
        get { corpusSection.reading }
        set { corpusSection.reading = newValue }
    }
    /// Refinement: which texts are left out, and in which order the rest stands; `nil` to take it
    /// as it is.
    public var refinement: RefinementConfiguration? {
        get { corpusSection.refinement }
        set { corpusSection.refinement = newValue }
    }
    /// The corpora to learn from in proportion to their weights, where there are several. The
    /// vocabulary is learned from all, whatever they weigh.
    public var sources: [CorpusSource] {
        get { corpusSection.sources }
        set { corpusSection.sources = newValue }
    }
    private var corpusSection = CorpusSection()
    /// Settings of learning the vocabulary.
    public var vocabulary = VocabularyConfiguration()
    /// Settings of packing the ids.
    public var shards = ShardConfiguration()
    /// The shape of the model.
    public var model = ModelConfiguration()
    /// Settings of training it.
    public var training = TrainingConfiguration()
    /// Settings of drawing text from it.
    public var generation = GenerationConfiguration()
    /// Prompts of the samples at the end of a run.
    public var samples: [String] = []
    /// Settings of instruction tuning; without inputs there is none.
    public var instructionTuning = InstructionTuningConfiguration()

    /// The defaults.
    public init() {}

    /// Throws unless the values that were read make sense by themselves.
    func validateReading() throws {
        try checkFolderName(name, key: "name")
        try checkNumbers()
        try corpusSection.validate()
        try training.validate()
        try instructionTuning.validate()
        if readsPairs { try training.validate(for: model.shape) }
        guard !readsPairs || training.packing == .bestFit else {
            throw PipelineError.badValue(
                key: "training.packing",
                reason: "a window of pairs holds whole ones, as \"best-fit\" does; leave it out")
        }
    }

    /// Checks every section, so that a value that makes no sense for the last stage is found before
    /// the first begins.
    func validateForRun(threadCount: Int) throws {
        try corpusSection.validate()
        for source in pipelineSources { try source.validate(threadCount: threadCount) }
        try vocabulary.validate()
        guard !vocabulary.parity || sources.count > 1 else {
            throw PipelineError.badValue(
                key: "vocabulary.parity",
                reason: "it is between the sources of corpus.sources, of which there are "
                    + "\(sources.count); give two or more, or leave it out")
        }
        try EncodeStage.validate(shards)
        try shards.allowSpecial.validate(known: vocabulary.specialTokens)
        try SpecialTokenPolicy.only(shards.documentTokens).validate(
            known: vocabulary.specialTokens)
        var shape = model.shape
        // Two tokens that it will have, whichever they are.
        shape.fit(vocabularySize: vocabulary.vocabularySize, padToken: 1, endToken: 0)
        try shape.validate()
        try readsPairs ? validatePairs() : validateTexts()
        try training.validate()
        // A model that is begun from has a shape of its own.
        try training.validate(for: training.initFrom == nil ? shape : nil)
        try generation.validate()
        try instructionTuning.validate()
    }

    /// Throws if something is asked for that only pairs have.
    private func validateTexts() throws {
        let known = ModelFamilies.pairArchitectures.joined(separator: ", ")
        for source in pipelineSources {
            let fields = [
                ("source_field", source.corpus.sourceField),
                ("target_field", source.corpus.targetField),
            ]
            for case (let key, _?) in fields {
                throw PipelineError.badValue(
                    key: "corpus.\(key)",
                    reason: "it is for pairs, from which a model of the architecture \(known) "
                        + "learns, and \(model.shape.architectureName) learns from texts; leave it "
                        + "out")
            }
        }
    }

    /// Throws if something is asked for that pairs do not have.
    private func validatePairs() throws {
        for source in pipelineSources {
            let corpus = source.corpus
            let asked = [
                (
                    source.refinement != nil, "refine",
                    "pairs are taken as they are; leave it out, and leave out in the files what "
                        + "is not to be learned"
                ),
                (
                    corpus.onError == .quarantine, "on_error",
                    "records that are no pairs are counted and named, but not kept; choose \"skip\""
                ),
                (
                    corpus.format != .auto, "format",
                    "files of pairs are tables if their names end in .csv or .tsv, Parquet if in "
                        + ".parquet, JSON if in .json, and else JSON lines; leave it out"
                ),
                (
                    corpus.textField != CorpusConfiguration().textField, "text_field",
                    "pairs have two; name them in source_field and target_field"
                ),
                (
                    corpus.textSeparator != nil || corpus.documents != .file,
                    corpus.textSeparator != nil ? "text_separator" : "documents",
                    "each record of a file is a pair; leave it out"
                ),
            ]
            for (isAsked, key, reason) in asked where isAsked {
                throw PipelineError.badValue(key: "corpus.\(key)", reason: reason)
            }
        }
        guard instructionTuning.inputs.isEmpty else {
            throw PipelineError.badValue(
                key: "instruction_tuning",
                reason: """
                    a model of pairs learns answers as it learns all pairs; put lines of \
                    {"instruction", "input", "output"} into corpus.inputs, and leave it out
                    """)
        }
    }

    /// Whether the model learns from pairs of a source and its target.
    var readsPairs: Bool { type(of: model.shape).readsPairs }

    /// Directory of the vocabulary.
    public var vocabularyDirectory: String { "vocab/\(name)" }
    /// Directory of the refined corpus, or of the directories of refined sources.
    public var refinedDirectory: String { "refined/\(name)" }
    /// Directory of the shards, or of the directories of the sources' shards.
    public var shardDirectory: String { "shards/\(name)" }
    /// Directory of checkpoints, metrics and samples.
    public var runDirectory: String { "runs/\(name)" }

    /// Directory of checkpoints and metrics of instruction tuning.
    public var tuningDirectory: String { runDirectory + "/chat" }

    /// Directory of checkpoints and metrics of tuning the model that `name` stands for: beside that
    /// model, where it is a run's, and otherwise the pipeline's own.
    public func tuningDirectory(ofModel name: String) -> String {
        ModelPlace.runDirectory(of: name).map { $0 + "/chat" } ?? tuningDirectory
    }

    /// The keys in `pipeline.json`.
    enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case corpusSection = "corpus"
        case vocabulary, shards, model, training, generation, samples
        case instructionTuning = "instruction_tuning"
    }
}
