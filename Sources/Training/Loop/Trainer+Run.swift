import Files
import Foundation
import TokenShards
import Transformer
public import Work

extension Trainer {
    /// Steps in a row that may be skipped because they are not finite, before the run is given up.
    static let notFiniteLimit = 10

    /// Trains until all steps are done, patience is over, or `stop` is requested, in which case the
    /// last thing done is a checkpoint to resume from.
    ///
    /// No checkpoint is written of a model that is not sound, so that the last one is always one to
    /// go on from.
    public mutating func run(
        stop: StopSignal, report: (TrainingEvent) -> Void
    ) async throws -> TrainingSummary {
        let lock = try takeDirectory()
        defer { withExtendedLifetime(lock) {} }
        let log = try RunLog(directory: surroundings.runDirectory, completedSteps: state.step)
        let schedule = LearningRateSchedule(configuration)
        var peak = MatrixPeak.measure(team: runner.team) * 1e9
        report(.began(plan(peak: peak)))
        let clock = ContinuousClock()
        let firstStep = state.step
        var (seconds, checkpointStep) = (log.earlierSeconds, state.step)
        var isCheckpointDue = false
        var batch = source.batch(at: state.position)

        while !isComplete, !stop.isRequested {
            let start = clock.now
            let position = state.position
            let scoredCount = batch.scoredCount
            let loss = await computeGradients(from: &batch)
            let norm = timed(.optimizer) { optimizer.norm(of: runner.gradients) }
            let finding = state.outliers.check(
                loss: loss, gradientNorm: norm, limit: configuration.skipOutliers)
            let factor = schedule.factor(step: state.step)
            if finding == nil {
                timed(.optimizer) {
                    optimizer.step(
                        model: model, gradients: runner.gradients, norm: norm, factor: factor)
                }
                state.tokenCount += scoredCount
            }
            state.step += 1

            let elapsed = (clock.now - start).seconds
            // Padding, and tokens that are read again, take time as well, and teach nothing.
            let speed = Double(scoredCount) / elapsed
            let work = Double(tokensPerStep) / elapsed
            seconds += elapsed
            let figures = StepReport(
                step: state.step, loss: loss, learningRate: configuration.learningRate * factor,
                gradientNorm: norm, tokenCount: state.tokenCount, seconds: elapsed,
                tokensPerSecond: speed,
                matrixPeakShare: work * model.configuration.trainingOperationsPerToken / peak)
            try log.append(
                finding.map { .skipped(figures, $0, source.loader.origins(at: position)) }
                    ?? .step(figures),
                report)
            try giveUpIfDiverged(finding)

            if isEvaluationDue {
                // The first measurement may have shared the processor with something else.
                peak = max(peak, MatrixPeak.measure(team: runner.team) * 1e9)
            }
            let isBest = try evaluateIfDue(log, report)
            try sampleIfDue(log, report)
            if isBest || isComplete || state.step % configuration.checkpointEvery == 0 {
                isCheckpointDue = true
            }
            if isCheckpointDue, isSound {
                try checkpoint(report)
                (checkpointStep, isCheckpointDue) = (state.step, false)
            }
        }
        if checkpointStep != state.step {
            guard isSound else {
                throw TrainingError.diverged(step: state.step, count: state.notFiniteSteps)
            }
            try checkpoint(report)
        }
        if let profile = runner.profile {
            report(
                .profiled(
                    ProfileReport(
                        profile, steps: state.step - firstStep,
                        seconds: seconds - log.earlierSeconds)))
        }
        return try summarise(seconds: seconds)
    }

    // MARK: A step

    /// The gradients of a step's `batch`, which then is that of the next step.
    ///
    /// - Returns: the mean loss.
    private mutating func computeGradients(from batch: inout Batch) async -> Double {
        let source = source
        let next =
            configuration.overfitOneBatch ? 0 : state.position + configuration.windowsPerStep
        // It is made on another thread while this one is learned from.
        async let upcoming = source.batch(at: next)
        let scoredCount = max(batch.scoredCount, 1)
        let loss = runner.computeGradients(
            inputs: batch.inputs.span, targets: batch.targets.span,
            documentStarts: batch.documentStarts, scale: 1 / Float(scoredCount), dropout: dropout)
        state.position = next
        let start = ContinuousClock.now
        batch = await upcoming
        runner.profile?.main.add(.now - start, to: .dataWait)
        return loss / Double(scoredCount)
    }

    /// Does a part of a step, and takes its time if that is asked for.
    private func timed<Result>(_ part: StepPart, _ work: () -> Result) -> Result {
        guard let profile = runner.profile else { return work() }
        return profile.main.measure(part, work)
    }

    /// The dropout of the step at hand; nil for none. Sequences are numbered over the run, so that
    /// a resumed run drops what one without a stop would have dropped.
    private var dropout: Dropout? {
        guard configuration.dropout > 0 else { return nil }
        return Dropout(
            rate: configuration.dropout, seed: configuration.seed,
            firstSequence: state.step * configuration.windowsPerStep)
    }

    var tokensPerStep: Int {
        configuration.windowsPerStep * model.configuration.positionCount
    }

    private mutating func giveUpIfDiverged(_ finding: OutlierDetector.Finding?) throws {
        state.notFiniteSteps = finding == .notFinite ? state.notFiniteSteps + 1 : 0
        guard state.notFiniteSteps < Self.notFiniteLimit else {
            throw TrainingError.diverged(step: state.step, count: state.notFiniteSteps)
        }
    }

    // MARK: Between steps

    private var isComplete: Bool { state.step >= configuration.steps || isStoppedEarly }

    private var isStoppedEarly: Bool {
        configuration.earlyStopPatience > 0
            && state.evaluationsSinceBest >= configuration.earlyStopPatience
    }

    /// Whether nothing speaks against the model: the last step was finite, or the validation loss
    /// is.
    private var isSound: Bool {
        state.notFiniteSteps == 0 || isEvaluationDue && hasValidation
    }

    var hasValidation: Bool { evaluators.contains { $0.evaluator != nil } }

    /// Whether the step just done is one of every `evaluateEvery`, or the last.
    private var isEvaluationDue: Bool {
        state.step == configuration.steps || state.step % configuration.evaluateEvery == 0
    }

    /// Scores the validation split when that is due.
    ///
    /// - Returns: whether the result is the best so far.
    private mutating func evaluateIfDue(
        _ log: borrowing RunLog, _ report: (TrainingEvent) -> Void
    ) throws -> Bool {
        guard isEvaluationDue, hasValidation else { return false }
        let sources = evaluators.map { name, evaluator in
            SourceResult(
                name: name,
                result: evaluator?.evaluate { done, count in
                    report(.evaluating(completedWindows: done, windowCount: count))
                } ?? .none)
        }
        let result = sources.reduce(into: .none) { $0 += $1.result }
        state.validation = result
        state.sources = sources.count > 1 ? sources : nil
        let scored = state.sources?.filter { $0.result.tokenCount > 0 } ?? []
        try log.append(.evaluated(step: state.step, result, sources: scored), report)
        guard result.loss.isFinite else {
            throw TrainingError.notFinite(what: "the validation loss", step: state.step)
        }
        state.evaluationsSinceBest += 1
        if let best = state.best, !(result.loss < best.loss) {
            if isStoppedEarly {
                try log.append(.stoppedEarly(step: state.step, bestStep: best.step), report)
            }
            return false
        }
        state.best = .init(step: state.step, loss: result.loss)
        state.evaluationsSinceBest = 0
        return true
    }

    private func sampleIfDue(
        _ log: borrowing RunLog, _ report: (TrainingEvent) -> Void
    ) throws {
        guard configuration.sampleEvery > 0, state.step % configuration.sampleEvery == 0,
            let drawSamples = surroundings.drawSamples
        else { return }
        let texts = try drawSamples(model) { done, count in
            report(.sampling(completedTokens: done, tokenCount: count))
        }
        try log.append(.sampled(step: state.step, texts: texts), report)
    }

    private mutating func checkpoint(_ report: (TrainingEvent) -> Void) throws {
        guard optimizer.norm(of: model.parameters).isFinite else {
            throw TrainingError.notFinite(what: "a parameter", step: state.step)
        }
        let path = try store.write(
            model: model, optimizer: optimizer, vocabulary: vocabulary, template: template,
            state: state, keep: configuration.keepCheckpoints)
        newestCheckpoint = path
        report(.checkpoint(step: state.step, path: path))
    }

    // MARK: Before and after

    /// Takes the run's directory for this process alone, as long as the result lives, and removes
    /// what is to be replaced.
    private func takeDirectory() throws -> FileLock {
        let directory = surroundings.runDirectory
        try FileSystem.makeDirectory(directory)
        // Checkpoints that another process has written since this run was prepared would be torn
        // apart.
        guard let lock = try FileLock(path: directory + "/lock", .exclusive),
            surroundings.existing == .overwrite || store.latest == newestCheckpoint
        else { throw TrainingError.runInUse(directory: directory) }
        // Not before, for the run may have begun from one of the checkpoints that it replaces.
        if surroundings.existing == .overwrite, state.step == 0 { try store.removeAll() }
        return lock
    }

    private func plan(peak: Double) -> TrainingPlan {
        TrainingPlan(
            parameterCount: model.layout.parameterCount, stepCount: configuration.steps,
            completedSteps: state.step, changes: changes, tokensPerStep: tokensPerStep,
            windowCount: source.loader.windowCount, unscoredShare: source.loader.unscoredShare,
            memory: memory, precision: KernelLevel.best(configuration.precision).precision,
            wantedPrecision: configuration.precision, matrixPeak: peak)
    }

    private func summarise(seconds: Double) throws -> TrainingSummary {
        let summary = TrainingSummary(
            steps: state.step, isComplete: isComplete,
            parameterCount: model.layout.parameterCount, tokenCount: state.tokenCount,
            trainingSeconds: seconds, validation: state.validation, sources: state.sources,
            stoppedEarly: isStoppedEarly)
        try FileReplacement.writeJSON(
            summary, to: surroundings.runDirectory + "/" + TrainingSummary.fileName)
        return summary
    }
}

extension Duration {
    /// The duration as a number of seconds.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
