import Models
import Training
import VocabularyLearning
import Work

/// Description of a comparison: several models that learn from the same shards under one rule.
///
/// It is a `pipeline.json` with a list of models. What stands in the sections `model` and
/// `training` beside the list holds for each of them that does not say otherwise:
///
/// ```json
/// {
///   "name": "families",
///   "corpus": {"inputs": ["corpora/kjv.txt.zst"]},
///   "rule": "parameters",
///   "model": {"n_positions": 256},
///   "training": {"steps": 600, "batch_size": 8},
///   "models": [
///     {"name": "decoder", "model": {"architecture": "llama", "n_embd": 128}},
///     {"name": "lstm", "model": {"architecture": "lstm"}, "training": {"learning_rate": 3e-3}},
///     {"name": "5-gram", "model": {"architecture": "ngram", "order": 5}}
///   ]
/// }
/// ```
public struct ComparisonConfiguration: Sendable {
    /// What the models have in common.
    public enum Rule: String, Codable, Sendable, CaseIterable {
        /// As many parameters as the first network has, embeddings and head not counted: the width
        /// of the others is found.
        case parameters
        /// As many floating-point operations as the training of the first network takes: the steps
        /// of the others are found.
        case operations
        /// As much time to train: the steps of all are found from the speed of some.
        case minutes
    }

    /// A model of the comparison.
    struct Entry: Sendable {
        /// Its name in tables, and of its directory in that of the run.
        var name: String
        var kind: Kind

        enum Kind: Sendable {
            /// A network, with the whole configuration of its pipeline.
            case network(PipelineConfiguration)
            /// Counted n-grams of up to `order` tokens.
            case counted(order: Int)
        }

        /// The configuration of a network; nil of n-grams.
        var network: PipelineConfiguration? {
            if case .network(let configuration) = kind { configuration } else { nil }
        }
    }

    /// Settings that all share: the corpus, the vocabulary and the shards.
    var pipeline: PipelineConfiguration
    /// What the models have in common.
    var rule = Rule.parameters
    /// Minutes that each network trains, by the rule `minutes`.
    var minutes = 3.0
    /// Windows that are read for a curve of losses.
    var windowLimit = LossCurveMeter.defaultWindowLimit
    /// The models in the order of the tables; the first network is what the others are measured by.
    var models: [Entry] = []
    /// The key of the width that the rule `parameters` finds, by the name of the network.
    var widthKeys: [String: String] = [:]

    /// The architecture of n-grams, which are no network.
    static let countedArchitecture = "ngram"
    /// The architectures of networks that can be compared: those that read texts.
    static var networkArchitectures: [String] {
        ModelFamilies.architectures.filter { !ModelFamilies.pairArchitectures.contains($0) }
    }
    /// Tokens of the longest n-grams where nothing is said.
    static let defaultOrder = 5

    /// The directory of what the comparison makes.
    public var runDirectory: String { pipeline.runDirectory }

    /// The directory of a model's run.
    func directory(of entry: Entry) -> String { runDirectory + "/" + entry.name }

    /// The network that the others are measured by.
    var reference: Entry { models.first { $0.network != nil } ?? models[0] }

    /// Tokens of the windows that all read.
    var windowLength: Int {
        reference.network?.model.shape.positionCount ?? pipeline.model.shape.positionCount
    }

    /// Throws unless the models can be compared.
    func validate() throws {
        guard models.contains(where: { $0.network != nil }) else {
            throw PipelineError.badValue(key: "models", reason: "at least one network belongs here")
        }
        for key in Self.numericKeys {
            guard let reason = key.fault(in: self) else { continue }
            throw PipelineError.badValue(key: key.name, reason: "it \(reason)")
        }
        var names: Set<String> = []
        let length = reference.network?.model.shape.positionCount
        for (number, entry) in models.enumerated() {
            let key = "models[\(number)]"
            try checkFolderName(entry.name, key: key + ".name")
            guard names.insert(entry.name).inserted else {
                throw PipelineError.badValue(
                    key: key + ".name", reason: "another model is called \(entry.name)")
            }
            switch entry.kind {
            case .network(let configuration):
                guard configuration.model.shape.positionCount == length else {
                    throw PipelineError.badValue(
                        key: key + ".model.n_positions",
                        reason: "models that are compared read windows of one length")
                }
                guard !type(of: configuration.model.shape).readsPairs else {
                    throw PipelineError.badValue(
                        key: key + ".model.architecture",
                        reason: "it learns from pairs, and the models that are compared from texts")
                }
                guard configuration.training.initFrom == nil else {
                    throw PipelineError.badValue(
                        key: key + ".training.init_from",
                        reason: "models that are compared begin at random")
                }
                do {
                    try configuration.training.validate()
                    try configuration.training.validate(for: configuration.model.shape)
                } catch {
                    guard case .badConfiguration(let name, let rule) = error else { throw error }
                    throw PipelineError.badValue(
                        key: "\(key).training.\(name)", reason: "it \(rule)")
                }
            case .counted(let order):
                guard NGramCounter.orders.contains(order) else {
                    throw PipelineError.badValue(
                        key: key + ".model.order",
                        reason: "it is \(order); \(ValueRange.whole(NGramCounter.orders).wish)")
                }
            }
        }
        // Sizes are found before anything is made, whatever vocabulary there will be.
        let plan = ComparisonPlan(self, vocabularySize: pipeline.vocabulary.vocabularySize)
        for entry in models {
            if let network = entry.network { _ = try plan.sized(network, entry) }
        }
    }
}
