import Bytes
import Foundation
import Models
import TokenShards
import Tokenization
import Training
import VocabularyLearning

extension PipelineConfiguration {
    /// The configuration in the file at `path`, with `settings` such as "training.batch_size=8"
    /// put over it.
    ///
    /// - Parameters:
    ///   - path: the file; nil for the defaults.
    ///   - settings: what is put over it.
    ///   - threadCount: threads of a run of all stages, for which every section is checked; nil
    ///     where some of them are used, or only looked at.
    /// - Throws: ``PipelineError`` for a file that is not JSON, an unknown key, or a value that
    ///   does not fit; the stages' own errors for values that make no sense.
    public init(path: String?, settings: [String] = [], forRunWith threadCount: Int? = nil) throws {
        var file = try ConfigurationFile(path: path, keys: .pipeline)
        try file.placing {
            guard file.said["models"] == nil else {
                throw PipelineError.badValue(
                    key: "models",
                    reason: "it makes the file a comparison, which is only run as a whole: name a "
                        + "file without it")
            }
        }
        try file.check()
        for setting in settings { try file.apply(setting) }
        self = try file.placing {
            let configuration = try PipelineConfiguration(said: file.said)
            try configuration.validateReading()
            if let threadCount { try configuration.validateForRun(threadCount: threadCount) }
            return configuration
        }
    }

    /// The configuration of what a file and settings say, which have known keys and values that fit
    /// them: the defaults, and over them what is said.
    init(said: JSONValue) throws {
        var object = try Self.defaults(for: said)
        object.merge(said)
        Self.completeSources(of: &object)
        do {
            self = try JSONDecoder().decode(PipelineConfiguration.self, from: object.data)
        } catch let error as DecodingError {
            let (key, reason) = error.place
            throw PipelineError.badValue(key: key, reason: reason)
        }
    }

    /// Gives every source what the section says beside the list and the source does not say itself.
    private static func completeSources(of object: inout JSONValue) {
        guard var corpus = object["corpus"], let sources = corpus["sources"]?.array else { return }
        var defaults = corpus
        for key in ["inputs", "inputs_from", "sources"] { defaults[key] = nil }
        corpus["sources"] = .array(
            sources.map { source in
                var whole = defaults
                whole.merge(source)
                return whole
            })
        object["corpus"] = corpus
    }

    /// The defaults, those of the model being its architecture's, those of the vocabulary its
    /// model's, learning rates those of architecture and optimizer, and pairs being packed whole.
    ///
    /// No default depends on a number of steps: a run that goes on to more of them would else have
    /// another recipe.
    private static func defaults(for said: JSONValue) throws -> JSONValue {
        var configuration = PipelineConfiguration()
        let tuning = said["instruction_tuning"]
        if let optimizer = optimizer(in: tuning) {
            configuration.instructionTuning = InstructionTuningConfiguration(optimizer: optimizer)
        }
        // Steps are said in place of epochs.
        if tuning?["steps"] != nil { configuration.instructionTuning.epochs = nil }
        if let name = said["model"]?["architecture"]?.string,
            let shape = ModelFamilies.shape(defaultsOf: name)
        {
            configuration.model = ModelConfiguration(shape)
        }
        let shape = configuration.model.shape
        configuration.training = TrainingConfiguration(
            optimizer: optimizer(in: said["training"]) ?? configuration.training.optimizer,
            rates: shape.learningRates)
        if type(of: shape).readsPairs { configuration.training.packing = .bestFit }
        if let name = said["vocabulary"]?["model"]?.string,
            let model = VocabularyModel(rawValue: name)
        {
            configuration.vocabulary = VocabularyConfiguration(model: model)
        }
        return try WrittenJSON(Array(JSONEncoder().encode(configuration))).value
    }

    /// The optimizer that a section names, if it is a known one.
    private static func optimizer(in section: JSONValue?) -> OptimizerKind? {
        section?["optimizer"]?.string.flatMap(OptimizerKind.init(rawValue:))
    }
}

extension JSONValue {
    /// The text of the value, of which a decoder reads each number as it is spelled. O(size).
    var data: Data {
        var text = JSONText(isCompact: true)
        text.value(nil, self)
        return Data(text.bytes)
    }
}
