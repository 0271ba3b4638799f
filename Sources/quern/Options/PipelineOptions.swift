import ArgumentParser
import Files
import Models
import Pipeline
import Tokenization

/// Option of the pipeline's description, for commands that find there what they are not given.
struct ConfigOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The pipeline's description. (default: \(standardPath), if it is there)",
            valueName: "file"), completion: .file())
    var config: String?

    /// The description that is found by itself.
    static let standardPath = "pipeline.json"

    /// Path of the description; nil where none is given and none is there.
    var path: String? {
        config ?? (FileSystem.isMissing(Self.standardPath) ? nil : Self.standardPath)
    }

    /// Throws if `option` is not given and no description can say it instead.
    ///
    /// The message begins as the parser's of a missing argument does, which a mistyped option may
    /// have been meant to be.
    func check(_ isGiven: Bool, _ option: String) throws {
        guard !isGiven, path == nil else { return }
        throw ValidationError(
            "Missing expected argument: give \(option), or run this where \(Self.standardPath) is, "
                + "or name it with --config")
    }

    /// The description, for what it says of the directories of a pipeline.
    func configuration() throws -> PipelineConfiguration {
        if let path, try ComparisonConfiguration(path: path, settings: []) != nil {
            throw ValidationError("\(path) compares several models: name what is to be read")
        }
        return try PipelineConfiguration(path: path, settings: [])
    }

    /// `value`, which is taken from the description, once a person has been told so.
    func told<Value>(_ value: Value, _ text: String, _ form: ProgressPrinter.Form) -> Value {
        ProgressPrinter.notice("(\(text), as \(path ?? "the defaults") says)", form: form)
        return value
    }

    /// The vocabulary that is given, or else the pipeline's.
    func vocabulary(_ given: String?, _ form: ProgressPrinter.Form) throws -> String {
        if let given { return given }
        let directory = try configuration().vocabularyDirectory
        return told(directory, "the vocabulary is \(directory)", form)
    }

    /// The model that is given, or else the one of the pipeline's run.
    ///
    /// - Parameter isTuned: whether the model is meant that conversations have tuned.
    func model(
        _ given: String?, isTuned: Bool = false, _ form: ProgressPrinter.Form
    ) throws -> String {
        if let given { return given }
        let configuration = try configuration()
        let run = isTuned ? configuration.tuningDirectory : configuration.runDirectory
        return told(run, "the model is that of \(run)", form)
    }

    /// The way in which text is drawn from a model where nothing else is asked for: the
    /// pipeline's, if the model is the pipeline's.
    ///
    /// - Parameter model: the model that is given; nil for the pipeline's.
    func generation(ofModel model: String?) throws -> GenerationConfiguration {
        try model == nil ? configuration().generation : GenerationConfiguration()
    }

    /// The data sets that are given, or else those that the run of `model` learned from, or else
    /// the pipeline's.
    ///
    /// - Parameter model: the model that is given; nil for the pipeline's.
    func shards(
        _ given: [String], ofModel model: String?, _ form: ProgressPrinter.Form
    ) throws -> [String] {
        guard given.isEmpty, let model, let learned = RunData.directories(ofModel: model) else {
            return try shards(given, form)
        }
        ProgressPrinter.notice(
            "(the shards are \(learned.joined(separator: ", ")), which \(model) learned from)",
            form: form)
        return learned
    }

    /// The vocabulary of a data set's ids where none is named; nil where none is found.
    func vocabulary(
        ofShards directory: String, _ form: ProgressPrinter.Form
    ) throws -> Vocabulary? {
        guard let (vocabulary, name) = try configuration().vocabulary(ofShardsIn: directory) else {
            return nil
        }
        ProgressPrinter.notice(
            "(the vocabulary is \(name), with which \(directory) was encoded)", form: form)
        return vocabulary
    }

    /// The data sets that are given, or else the pipeline's.
    func shards(_ given: [String], _ form: ProgressPrinter.Form) throws -> [String] {
        guard given.isEmpty else { return try given.flatMap { try ShardPlace.directories(of: $0) } }
        let directories = try configuration().shardDirectories
        return told(directories, "the shards are \(directories.joined(separator: ", "))", form)
    }
}

/// Options of the pipeline, and of what is set beside its file.
struct PipelineOptions: ParsableArguments {
    @OptionGroup var file: ConfigOption

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Set a key of the configuration, for example --set training.batch_size=8. May be \
            repeated.
            """, valueName: "section.key=value"))
    var set: [String] = []

    func validate() throws {
        guard let wrong = set.first(where: { !$0.contains("=") }) else { return }
        throw ValidationError("--set \(wrong): a setting reads section.key=value")
    }

    /// The configuration that the description and the settings give; the built-in values where
    /// there is no description.
    func configuration() throws -> PipelineConfiguration {
        try PipelineConfiguration(path: file.path, settings: set)
    }
}

/// Option of the model to use.
struct ModelOption: ParsableArguments {
    @Option(
        name: .long,
        help: """
            A run (kjv or runs/kjv), a checkpoint, or a Hugging Face model directory with its \
            vocabulary. (default: the pipeline's run)
            """, completion: .directory)
    var model: String?

    @OptionGroup var file: ConfigOption

    func validate() throws {
        try file.check(model != nil, "--model")
        if model != nil, file.config != nil {
            throw ValidationError("--config says which model it is: give it or --model")
        }
    }

    /// The model that is meant, once a person has been told of one that was not given.
    func find(_ form: ProgressPrinter.Form) throws -> String { try file.model(model, form) }

    /// The way in which text is drawn where no option says another one.
    func generation() throws -> GenerationConfiguration { try file.generation(ofModel: model) }
}
