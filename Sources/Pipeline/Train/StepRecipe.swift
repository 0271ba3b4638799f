import Models
public import TokenShards
public import Tokenization
public import Training

/// How steps of a run are made of a data set: enough to make any of them again.
public struct StepRecipe {
    /// The recipe of the training.
    public let training: TrainingConfiguration
    /// Predictions of a row.
    public let contextLength: Int
    /// The part of each document that is learned; nil for all of it.
    public let part: ScoredPart?
    /// Vocabulary of the run; nil where it is not known.
    public let vocabulary: Vocabulary?
    /// Fingerprint of the data that the run learned from; nil where none has.
    let dataFingerprint: String?

    /// The recipe of the run in a directory, as its newest checkpoint says it.
    ///
    /// - Throws: `TrainingError.noCheckpoint`.
    public init(runDirectory directory: String) throws {
        let store = CheckpointStore(runDirectory: directory)
        guard let latest = store.latest, let state = try store.latestState() else {
            throw TrainingError.noCheckpoint(directory: directory)
        }
        let vocabulary = try Vocabulary(directory: latest)
        let shape = try ModelConfiguration(directory: latest).shape
        // A run that learned answers alone leaves their template in its checkpoints.
        let isChat = try ChatTemplateFile.read(directory: latest) != nil
        training = state.configuration
        contextLength = shape.positionCount
        dataFingerprint = state.dataFingerprint
        part =
            type(of: shape).readsPairs
            ? .targets(try PairTemplate(vocabulary))
            : isChat
                ? .answers(
                    try ConversationTemplate(directory: latest, vocabulary, endTokens: [])) : nil
        self.vocabulary = vocabulary
    }

    /// The recipe of a pipeline's training.
    ///
    /// - Parameters:
    ///   - configuration: the pipeline.
    ///   - vocabulary: its vocabulary, which pairs cannot be read without.
    public init(_ configuration: PipelineConfiguration, vocabulary: Vocabulary?) throws {
        let shape = configuration.model.shape
        try configuration.training.validate(for: shape)
        training = configuration.training
        contextLength = shape.positionCount
        dataFingerprint = nil
        self.vocabulary = vocabulary
        guard type(of: shape).readsPairs else {
            part = nil
            return
        }
        guard let vocabulary else {
            throw PipelineError.badValue(
                key: "model.architecture",
                reason: """
                    \(shape.architectureName) learns pairs, whose targets are found with the \
                    vocabulary: name it
                    """)
        }
        part = .targets(try PairTemplate(vocabulary))
    }

    /// Whether the run learned from `data`, as far as that is known.
    public func isOf(_ data: Mixture) -> Bool {
        dataFingerprint == nil || dataFingerprint == data.fingerprint
    }

    /// The rows of a step, counted from 1, of training on `data`. O(tokens of the step).
    ///
    /// - Throws: ``PipelineError/badValue(key:reason:)`` for a step that no run has.
    public func rows(ofStep step: Int, of data: Mixture) throws -> [BatchRow] {
        let source = try BatchSource(data, training, contextLength: contextLength, part: part)
        let rowCount = source.loader.batchSize
        let (place, overflows) = (step - 1).multipliedReportingOverflow(by: rowCount)
        guard !overflows, place >= 0, place <= Int.max - rowCount else {
            throw PipelineError.badValue(
                key: "step",
                reason: "it is \(step), and no run of \(rowCount) windows a step is so long")
        }
        let first = training.overfitOneBatch ? 0 : place
        let batch = source.batch(at: first)
        let provenance = BatchProvenance(data, source.loader)
        return (0..<rowCount).map { provenance.row($0, of: batch, at: first) }
    }
}
