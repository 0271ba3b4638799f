public import Work

/// State of a run: `training_state.json` in a checkpoint.
///
/// It holds no times, so that the same run writes the same bytes.
public struct TrainingState: Codable, Equatable, Sendable {
    /// The version of this layout.
    public static let currentFormatVersion = 2
    /// The file's name.
    public static let fileName = "training_state.json"

    /// The version of the layout that the file has.
    public var formatVersion = TrainingState.currentFormatVersion
    /// Optimizer steps done.
    public var step: Int
    /// The place in the data: windows taken so far, over all epochs.
    public var position: Int
    /// Tokens learned from so far.
    public var tokenCount: Int
    /// The fingerprint of the vocabulary, in hexadecimal.
    public var vocabularyFingerprint: String
    /// The fingerprint of the shards' manifest, in hexadecimal.
    package var dataFingerprint: String
    /// The fingerprint of the model that the run began from, in hexadecimal; nil for none.
    var startFingerprint: String?
    /// The ranks of which the checkpoint has inner states, of a run with local steps; nil of any
    /// other.
    var innerStates: Int?
    /// Configuration of the run.
    public var configuration: TrainingConfiguration
    /// The lowest validation loss so far, in nats a token, and the step that had it.
    public var best: Best?
    /// The last evaluation.
    public var validation: EvaluationResult?
    /// The same for each of several data sets, in their order; nil of one alone.
    public var sources: [SourceResult]?
    /// Evaluations since the best one.
    var evaluationsSinceBest = 0
    /// Statistics of the last steps, among which outliers are looked for.
    var outliers = OutlierDetector()
    /// Steps in a row, up to the last, that were skipped because they were not finite.
    var notFiniteSteps = 0
    /// Whether the run stopped in the evaluation that belongs to the last step.
    var awaitsEvaluation = WrittenIfTrue()

    /// Whether the run stopped in the scoring of tasks that belongs to the last step.
    var awaitsTasks = WrittenIfTrue()

    /// The best evaluation of a run.
    public struct Best: Codable, Equatable, Sendable {
        /// The step after which it was made.
        public var step: Int
        /// Its loss, in nats a token.
        public var loss: Double
    }

    enum CodingKeys: String, CodingKey {
        case step, position, configuration, best, validation, sources, outliers
        case formatVersion = "format_version"
        case tokenCount = "tokens"
        case vocabularyFingerprint = "vocabulary_fingerprint"
        case dataFingerprint = "data_fingerprint"
        case startFingerprint = "start_fingerprint"
        case innerStates = "inner_states"
        case evaluationsSinceBest = "evaluations_since_best"
        case notFiniteSteps = "not_finite_steps"
        case awaitsEvaluation = "awaits_evaluation"
        case awaitsTasks = "awaits_tasks"
    }
}

extension TrainingState: NumericSection {
    /// Every number of a state beside those of its recipe.
    public static let numericKeys: [NumericKey<TrainingState>] = {
        let steps = ValueRange.whole(0...1 << 40)
        let tokens = ValueRange.whole(0...1 << 60)
        return [
            NumericKey(CodingKeys.step, \.step, steps, unit: "optimizer steps"),
            NumericKey(
                CodingKeys.position, \.position, .whole(0...TrainingConfiguration.mostWindows),
                unit: "windows"),
            NumericKey(CodingKeys.tokenCount, \.tokenCount, tokens, unit: "tokens"),
            NumericKey(
                CodingKeys.innerStates, \.innerStates, .whole(1...1 << 16), unit: "ranks"),
            NumericKey(
                CodingKeys.evaluationsSinceBest, \.evaluationsSinceBest, steps,
                unit: "evaluations"),
            NumericKey(
                CodingKeys.notFiniteSteps, \.notFiniteSteps, steps, unit: "optimizer steps"),
            NumericKey(CodingKeys.best, \.best?.step, steps, unit: "optimizer steps"),
            NumericKey(CodingKeys.best, \.best?.loss, .real(0...1e30), unit: "nats"),
            NumericKey(CodingKeys.validation, \.validation?.tokenCount, tokens, unit: "tokens"),
            NumericKey(CodingKeys.validation, \.validation?.byteCount, tokens, unit: "bytes"),
            NumericKey(CodingKeys.validation, \.validation?.totalLoss, .real(0...1e30)),
        ]
    }()

    /// Throws unless every number is one that a run can have.
    ///
    /// - Parameter path: the file that the state was read from.
    func check(path: String) throws(TrainingError) {
        if let fault = numericFault {
            throw .badCheckpoint(path: path, reason: "its \(fault.key) \(fault.reason)")
        }
        if let fault = configuration.numericFault {
            throw .badCheckpoint(
                path: path, reason: "its configuration.\(fault.key) \(fault.reason)")
        }
        for source in sources ?? []
        where source.result.tokenCount < 0 || source.result.byteCount < 0 {
            throw .badCheckpoint(
                path: path, reason: "its sources count less than nothing for \(source.name)")
        }
        guard outliers.isSound else {
            throw .badCheckpoint(
                path: path, reason: "its outliers are more than the last steps, or no numbers")
        }
    }
}
