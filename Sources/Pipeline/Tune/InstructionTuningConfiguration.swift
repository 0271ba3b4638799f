public import Corpora
import Models
import TokenShards
public import Training
import Work

/// Settings of instruction tuning, by which a trained model learns to answer: section
/// `instruction_tuning` of a pipeline.
///
/// Beside its own keys it has those of section `training`, which mean the same, except the strides
/// and `stateful`: windows hold whole conversations.
public struct InstructionTuningConfiguration: Codable, Sendable, Equatable {
    /// Files, folders and patterns of conversations, as `ConversationReader` takes them; none for
    /// no tuning.
    public var inputs: [String] = []
    /// Policy for a line that is no conversation.
    public var onError = CorpusErrorPolicy.fail
    /// The share of conversations that is held out, from 0 to 1.
    public var validationFraction = 0.05
    /// Times that each conversation is learned from, in place of a number of steps; nil for that
    /// number, as in a file that gives `steps` alone.
    public var epochs: Double? = 2
    /// Questions for the model at the end of a run.
    public var questions: [String] = []
    /// The recipe.
    public var training: TrainingConfiguration

    /// The defaults: those of training, with gentler steps at rates and momenta of their own.
    public init(optimizer: OptimizerKind = TrainingConfiguration().optimizer) {
        training = TrainingConfiguration(optimizer: optimizer, rates: Self.rates)
        training.steps = 200
        training.schedule = .linear
        training.warmupSteps = 10
        training.weightDecay = 0
        training.evaluateEvery = 50
        training.checkpointEvery = 100
        training.packing = .bestFit
    }

    /// The rates of a decoder that is tuned.
    private static let rates = LearningRates(adamW: 1.5e-3, adamWBesideMuon: 5e-3, muon: 0.01)

    /// The keys in `pipeline.json` that are not those of training.
    enum CodingKeys: String, CodingKey, CaseIterable {
        case inputs, epochs, questions
        case onError = "on_error"
        case validationFraction = "validation_fraction"
    }

    /// Reads the section's own keys and, from the same object, those of training.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        inputs = try values.decode([String].self, forKey: .inputs)
        onError = try values.decode(CorpusErrorPolicy.self, forKey: .onError)
        validationFraction = try values.decode(Double.self, forKey: .validationFraction)
        epochs = try values.decodeIfPresent(Double.self, forKey: .epochs)
        questions = try values.decode([String].self, forKey: .questions)
        training = try TrainingConfiguration(from: decoder)
    }

    /// Writes all keys into one object.
    public func encode(to encoder: any Encoder) throws {
        try training.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(inputs, forKey: .inputs)
        try values.encode(onError, forKey: .onError)
        try values.encode(validationFraction, forKey: .validationFraction)
        try values.encodeIfPresent(epochs, forKey: .epochs)
        try values.encode(questions, forKey: .questions)
    }

    /// Checks that every value makes sense.
    func validate() throws {
        func require(_ condition: Bool, _ key: CodingKeys, _ reason: String) throws {
            guard condition else {
                throw PipelineError.badValue(
                    key: "instruction_tuning.\(key.rawValue)", reason: reason)
            }
        }
        try checkNumbers(in: "instruction_tuning")
        try require(!inputs.contains(""), .inputs, "must not hold an empty name")
        guard training.masksDocuments else {
            throw PipelineError.badValue(
                key: "instruction_tuning.mask_documents",
                reason: "no conversation may see another; leave it out")
        }
        guard training.packing == .bestFit else {
            throw PipelineError.badValue(
                key: "instruction_tuning.packing",
                reason: "a window holds whole conversations, as \"best-fit\" does; leave it out")
        }
        do {
            try training.validate()
        } catch {
            guard case .badConfiguration(let key, let rule) = error else { throw error }
            throw PipelineError.badValue(key: "instruction_tuning.\(key)", reason: "it \(rule)")
        }
    }
}
