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
