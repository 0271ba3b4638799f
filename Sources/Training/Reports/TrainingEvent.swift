public import Models
public import TokenShards

/// Events while a model is trained.
public enum TrainingEvent: Sendable, Equatable {
    /// The run begins, or goes on.
    case began(TrainingPlan)
    /// A step is done.
    case step(StepReport)
    /// A step was not taken, for the reason given; its documents are those of the windows.
    case skipped(StepReport, OutlierDetector.Finding, [WindowOrigin])
    /// The validation split is being scored.
    case evaluating(completedWindows: Int, windowCount: Int)
    /// The validation split was scored; where there are several data sets, all of theirs together,
    /// and each that has one by itself.
    case evaluated(step: Int, EvaluationResult, sources: [SourceResult])
    /// Questions are being asked; so many tokens of their texts are read.
    case scoringTasks(completed: Int, total: Int)
    /// Tasks were scored.
    case scoredTasks(step: Int, [TaskScore])
    /// Texts are being drawn from the model as it is now; they may end before all tokens.
    case sampling(completedTokens: Int, tokenCount: Int)
    /// Texts were drawn from the model as it is now.
    case sampled(step: Int, texts: [String])
    /// A checkpoint was written.
    case checkpoint(step: Int, path: String)
    /// The run ends before its steps are done: evaluation after evaluation was no better than that
    /// after the step `bestStep`.
    case stoppedEarly(step: Int, bestStep: Int)
    /// Times of the parts of steps; the last event of a run that is profiled.
    case profiled(ProfileReport)
}

/// One optimizer step.
public struct StepReport: Sendable, Equatable {
    /// The step's number, counted from 1.
    public var step: Int
    /// The mean loss of its predictions, in nats.
    public var loss: Double
    /// The learning rate it used.
    public var learningRate: Double
    /// The gradient's global norm before clipping.
    public var gradientNorm: Double
    /// Tokens learned from since the run's very first step.
    public var tokenCount: Int
    /// Time that it took.
    public var seconds: Double
    /// Tokens a second.
    public var tokensPerSecond: Double
    /// The arithmetic of the model's matrix products a second, as a share of the matrix peak.
    public var matrixPeakShare: Double
}

/// Plan of a run, before its first step.
public struct TrainingPlan: Sendable, Equatable {
    /// Trainable numbers.
    public var parameterCount: Int
    /// Steps in all.
    public var stepCount: Int
    /// Steps done by an earlier run that this one continues.
    public var completedSteps: Int
    /// Notes on the checkpoint that it continues from, and on those that it does not, a sentence
    /// each.
    public var notes: [String]
    /// Changes of the recipe since the steps so far were done.
    public var changes: [RecipeChange]
    /// Places for tokens in a step.
    public var tokensPerStep: Int
    /// Windows of one pass over every source.
    public var windowCount: Int
    /// The share of the places that is not learned from: padding, and what is read again as
    /// context.
    public var unscoredShare: Double
    /// Parts of the memory that is needed.
    public var memory: MemoryPlan
    /// In what matrix products multiply here.
    public var precision: Precision
    /// In what the configuration asks them to.
    public var wantedPrecision: Precision
    /// Measured peak of the processor's matrix units in float32, in floating-point operations a
    /// second over all threads.
    public var matrixPeak: Double
    /// Steps from one evaluation to the next.
    public var evaluateEvery: Int
    /// Places for tokens that an evaluation reads; 0 where nothing is evaluated.
    public var evaluationPlaces: Int
    /// The processes that train together; nil for one alone. The memory is that of the one that
    /// reports.
    public var ranks: RankPlan?

    /// Evaluations that are due behind step `step`, the last one's among them.
    public func evaluations(after step: Int) -> Int {
        guard evaluationPlaces > 0, step < stepCount else { return 0 }
        return (stepCount + evaluateEvery - 1) / evaluateEvery - step / evaluateEvery
    }
}

/// Profile of a run: where the time of its steps went.
public struct ProfileReport: Sendable, Equatable {
    /// The time of a part.
    public struct Row: Sendable, Equatable {
        /// The part; nil for what no part covers.
        public var part: StepPart?
        /// Seconds of a step that passed for it, on average.
        public var seconds: Double
    }

    /// Steps that were measured.
    public var stepCount: Int
    /// Seconds of a step, on average.
    public var secondsPerStep: Double
    /// Every part, in the order in which a step comes to them, and the rest.
    public var rows: [Row]

    init(_ profile: StepProfile, steps: Int, seconds: Double) {
        let count = Double(max(steps, 1))
        stepCount = steps
        secondsPerStep = seconds / count
        // A family has none of another's parts.
        rows = StepPart.allCases.map { Row(part: $0, seconds: profile.seconds($0) / count) }
            .filter { $0.seconds > 0 || $0.part == .dataWait || $0.part == .idle }
        let covered = rows.reduce(0) { $0 + $1.seconds }
        rows.append(Row(part: nil, seconds: max(0, secondsPerStep - covered)))
    }
}

extension ProfileReport.Row {
    /// Name of the part.
    public var title: String {
        switch part {
        case .embedding: "embedding"
        case .attentionForward: "attention, forward"
        case .feedForwardForward: "feed-forward, forward"
        case .recurrentForward: "recurrent layers, forward"
        case .head: "head and loss"
        case .feedForwardBackward: "feed-forward, backward"
        case .attentionBackward: "attention, backward"
        case .recurrentBackward: "recurrent layers, backward"
        case .embeddingBackward: "embedding, backward"
        case .idle: "threads without work"
        case .packing: "weights laid out"
        case .gradientSum: "gradient sum"
        case .optimizer: "optimizer"
        case .exchange: "messages between ranks"
        case .dataWait: "wait for data"
        case nil: "the rest"
        }
    }
}
