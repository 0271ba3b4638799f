public import Training

/// Figures of a run at its end, or as far as it has come.
public struct RunFigures: Sendable, Equatable {
    /// Trainable numbers, or how many n-grams there are; nil where nothing says it.
    public var parameterCount: Int?
    /// Optimizer steps done.
    public var steps = 0
    /// Optimizer steps that it is to have; nil where nothing says it.
    public var plannedSteps: Int?
    /// Tokens learned from.
    public var tokenCount = 0
    /// Seconds of training, evaluation and checkpoints not counted.
    public var trainingSeconds = 0.0
    /// The last scores of the validation split; nil without one.
    public var validation: EvaluationResult?
    /// The same for each of several data sets.
    public var sources: [SourceResult] = []
    /// The lowest validation loss, and the step that had it; nil without one.
    public var lowest: Lowest?
    /// Whether it is at its end.
    public var isComplete = false

    /// Tokens learned from in a second.
    public var tokensPerSecond: Double? {
        trainingSeconds > 0 ? Double(tokenCount) / trainingSeconds : nil
    }

    /// An evaluation with the lowest loss of a run.
    public struct Lowest: Sendable, Equatable {
        /// The step after which it was made.
        public var step: Int
        /// Its loss, in nats a token.
        public var loss: Double
    }

    init() {}

    /// The figures that curves, the newest checkpoint and the scores of a comparison say.
    init(curves: RecordedCurves, state: TrainingState?, scores: ModelScores?) {
        if let last = curves.training.last {
            (steps, tokenCount, trainingSeconds) = (last.step, last.tokenCount, last.seconds)
        }
        if let state {
            if state.step > steps { (steps, tokenCount) = (state.step, state.tokenCount) }
            (validation, sources) = (state.validation, state.sources ?? [])
            lowest = state.best.map { Lowest(step: $0.step, loss: $0.loss) }
            plannedSteps = state.configuration.steps
            isComplete = state.step == plannedSteps
        }
        // The log may have an evaluation that no checkpoint has.
        if let low = curves.validation.min(by: { $0.loss < $1.loss }),
            low.loss < lowest?.loss ?? .infinity
        {
            lowest = Lowest(step: low.step, loss: low.loss)
        }
        if let scores {
            parameterCount = scores.parameterCount
            validation = validation ?? scores.validation
            if state == nil {
                (tokenCount, trainingSeconds) = (scores.tokenCount, scores.trainingSeconds)
                isComplete = true
            }
        }
    }

    /// Takes what a summary says, unless the run has gone on since.
    mutating func take(_ summary: TrainingSummary) {
        parameterCount = summary.parameterCount
        guard summary.steps >= steps else { return }
        (steps, tokenCount) = (summary.steps, summary.tokenCount)
        trainingSeconds = summary.trainingSeconds
        isComplete = summary.isComplete
        if let result = summary.validation { validation = result }
        if let results = summary.sources { sources = results }
    }
}
