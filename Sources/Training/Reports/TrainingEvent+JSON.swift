import TokenShards

/// An event as a JSON object, whose keys are the same wherever events are written.
extension TrainingEvent: Encodable {
    /// Kind of the event, for logs in which it stands beside the members of the object.
    public var name: String {
        switch self {
        case .began: "training"
        case .step: "step"
        case .skipped: "skipped"
        case .evaluating, .sampling, .scoringTasks: "progress"
        case .evaluated: "evaluated"
        case .scoredTasks: "tasks"
        case .sampled: "samples"
        case .checkpoint: "checkpoint"
        case .stoppedEarly: "stopped_early"
        case .profiled: "profile"
        }
    }

    /// Name of the activity that the event tells the progress of; nil for any other event.
    public var activity: String? {
        switch self {
        case .step: "training"
        case .evaluating: "evaluating"
        case .sampling: "sampling"
        case .scoringTasks: "scoring tasks"
        default: nil
        }
    }

    private enum Key: String, CodingKey {
        case step, sources, samples, skipped, windows, path, activity, completed, total
        case stoppedEarlyFor = "stopped_early_for"
    }

    /// Writes the members of the object. A figure that is not finite becomes null.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        switch self {
        case .began(let plan):
            try plan.encode(to: encoder)
        case .step(let report):
            try report.encode(to: encoder)
        case .skipped(let report, let finding, let origins):
            try report.encode(to: encoder)
            try members.encode("\(finding)", forKey: .skipped)
            try members.encode(origins, forKey: .windows)
        case .evaluating(let completed, let total), .sampling(let completed, let total),
            .scoringTasks(let completed, let total):
            try members.encode(activity, forKey: .activity)
            try members.encode(completed, forKey: .completed)
            try members.encode(total, forKey: .total)
        case .evaluated(let step, let result, let sources):
            try members.encode(step, forKey: .step)
            try ResultFigures(result).encode(to: encoder)
            if !sources.isEmpty {
                let figures = sources.map { ($0.name, ResultFigures($0.result)) }
                try members.encode(Dictionary(figures) { $1 }, forKey: .sources)
            }
        case .scoredTasks(let step, let scores):
            try members.encode(step, forKey: .step)
            var figures = encoder.container(keyedBy: FigureName.self)
            for (name, value) in scores.flatMap(\.namedFigures) {
                try figures.encode(value.ifFinite, forKey: FigureName(stringValue: name))
            }
        case .sampled(let step, let texts):
            try members.encode(step, forKey: .step)
            try members.encode(texts, forKey: .samples)
        case .checkpoint(let step, let path):
            try members.encode(step, forKey: .step)
            try members.encode(path, forKey: .path)
        case .stoppedEarly(let step, let bestStep):
            try members.encode(step, forKey: .step)
            try members.encode(bestStep, forKey: .stoppedEarlyFor)
        case .profiled(let profile):
            try profile.encode(to: encoder)
        }
    }
}

/// Name of a figure of a task.
private struct FigureName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// Figures of an evaluation in the lines.
private struct ResultFigures: Encodable {
    let result: EvaluationResult

    init(_ result: EvaluationResult) { self.result = result }

    private enum Key: String, CodingKey {
        case loss = "validation_loss"
        case perplexity
        case bitsPerByte = "bits_per_byte"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(result.loss.ifFinite, forKey: .loss)
        try members.encode(result.perplexity.ifFinite, forKey: .perplexity)
        try members.encode(result.bitsPerByte.ifFinite, forKey: .bitsPerByte)
    }
}

extension StepReport: Encodable {
    private enum Key: String, CodingKey {
        case step, loss, seconds
        case learningRate = "learning_rate"
        case gradientNorm = "gradient_norm"
        case tokenCount = "tokens"
        case tokensPerSecond = "tokens_per_second"
        case matrixPeakShare = "matrix_peak_share"
    }

    /// Writes the figures. One that is not finite becomes null.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(step, forKey: .step)
        try members.encode(loss.ifFinite, forKey: .loss)
        try members.encode(learningRate.ifFinite, forKey: .learningRate)
        try members.encode(gradientNorm.ifFinite, forKey: .gradientNorm)
        try members.encode(tokenCount, forKey: .tokenCount)
        try members.encode(seconds.ifFinite, forKey: .seconds)
        try members.encode(tokensPerSecond.ifFinite, forKey: .tokensPerSecond)
        try members.encode(matrixPeakShare.ifFinite, forKey: .matrixPeakShare)
    }
}

extension TrainingPlan: Encodable {
    private enum Key: String, CodingKey {
        case memory, notes, changes, precision, ranks
        case parameterCount = "parameters"
        case stepCount = "steps"
        case completedSteps = "completed_steps"
        case tokensPerStep = "tokens_per_step"
        case memoryByteCount = "memory_bytes"
        case matrixPeak = "matrix_peak"
    }

    /// Writes what a program that follows the run needs.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(parameterCount, forKey: .parameterCount)
        try members.encode(stepCount, forKey: .stepCount)
        try members.encode(completedSteps, forKey: .completedSteps)
        try members.encode(tokensPerStep, forKey: .tokensPerStep)
        try members.encode(memory.total, forKey: .memoryByteCount)
        try members.encode(memory, forKey: .memory)
        if !notes.isEmpty { try members.encode(notes, forKey: .notes) }
        try members.encode(changes, forKey: .changes)
        try members.encode(precision, forKey: .precision)
        try members.encode(matrixPeak, forKey: .matrixPeak)
        try members.encodeIfPresent(ranks, forKey: .ranks)
    }
}

extension RankPlan: Encodable {
    private enum Key: String, CodingKey {
        case count, transport, latency, efficiency
        case bytesPerStep = "bytes_per_step"
        case stepsPerExchange = "steps_per_exchange"
        case hiddenSeconds = "hidden_seconds"
        case bytesPerSecond = "bytes_per_second"
    }

    /// Writes the figures; seconds where it is a time.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(count, forKey: .count)
        try members.encode(transport, forKey: .transport)
        try members.encode(bytesPerStep, forKey: .bytesPerStep)
        try members.encode(stepsPerExchange, forKey: .stepsPerExchange)
        try members.encode(hiddenSeconds.ifFinite, forKey: .hiddenSeconds)
        try members.encode(bytesPerSecond.ifFinite, forKey: .bytesPerSecond)
        try members.encode(latency.ifFinite, forKey: .latency)
        try members.encode(efficiency.ifFinite, forKey: .efficiency)
    }
}

extension ProfileReport: Encodable {
    private enum Key: String, CodingKey {
        case steps, parts
        case secondsPerStep = "seconds_per_step"
    }

    /// Writes the seconds of a step and of each of its parts.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(stepCount, forKey: .steps)
        try members.encode(secondsPerStep, forKey: .secondsPerStep)
        try members.encode(rows, forKey: .parts)
    }
}

extension ProfileReport.Row: Encodable {
    private enum Key: String, CodingKey { case part, seconds }

    /// Writes the name of the part and its seconds.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(title, forKey: .part)
        try members.encode(seconds, forKey: .seconds)
    }
}

extension Double {
    /// The number; nil for what JSON has no word for.
    fileprivate var ifFinite: Double? { isFinite ? self : nil }
}
