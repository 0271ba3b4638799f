import Foundation
import Storage
public import TokenShards
public import Tokenization
public import Transformer

/// Trains a model from shards.
///
/// The same model, data and configuration give the same checkpoints, byte for byte, for any number
/// of threads, and whether or not the run was stopped and resumed on the way.
public struct Trainer {
    /// What to do with a run directory that has checkpoints.
    public enum ExistingRun: Sendable {
        /// Refuse to touch it.
        case refuse
        /// Continue from its newest checkpoint.
        case resume
        /// Remove it and begin again.
        case overwrite
    }

    private let configuration: TrainingConfiguration
    private let model: GPT
    private let optimizer: Optimizer
    private let runner: BatchRunner
    private let loader: BatchLoader
    private let evaluator: Evaluator?
    private let vocabulary: Vocabulary
    private let store: CheckpointStore
    private let runDirectory: String
    private var state: TrainingState

    /// Prepares a run: opens or makes the model, and checks that everything fits together.
    ///
    /// - Parameters:
    ///   - modelConfiguration: the model's shape; its vocabulary size is taken from `vocabulary`.
    ///   - set: the data; its validation split may be empty, and then nothing is evaluated.
    ///   - vocabulary: the data's vocabulary, written into each checkpoint.
    ///   - runDirectory: where checkpoints and metrics go.
    ///   - existing: what to do about checkpoints that are there.
    public init(
        model modelConfiguration: GPTConfiguration, configuration: TrainingConfiguration,
        set: ShardSet, vocabulary: Vocabulary, runDirectory: String, threadCount: Int,
        existing: ExistingRun
    ) throws {
        try configuration.validate()
        let team = ThreadTeam(threadCount: threadCount)
        var shape = modelConfiguration
        shape.vocabularySize = vocabulary.count
        try shape.validate()
        self.configuration = configuration
        self.vocabulary = vocabulary
        self.runDirectory = runDirectory
        store = CheckpointStore(runDirectory: runDirectory)

        let vocabularyFingerprint = set.manifest.vocabulary.fingerprint
        let dataFingerprint = set.fingerprint
        if let latest = store.latest, existing != .overwrite {
            guard existing == .resume else {
                throw TrainingError.runExists(directory: runDirectory)
            }
            let state = try CheckpointStore.state(of: latest)
            guard state.vocabularyFingerprint == vocabularyFingerprint,
                state.dataFingerprint == dataFingerprint
            else {
                throw TrainingError.badCheckpoint(
                    path: latest, reason: "it was trained from other shards")
            }
            let resumed = try GPT(directory: latest)
            guard resumed.configuration == shape else {
                throw TrainingError.badCheckpoint(
                    path: latest, reason: "its model has another shape than the configuration")
            }
            model = resumed
            optimizer = try Optimizer(
                configuration, layout: resumed.layout, team: team,
                path: latest + "/" + CheckpointStore.optimizerFileName)
            self.state = state
            self.state.configuration = configuration
        } else {
            if existing == .resume { throw TrainingError.noCheckpoint(directory: runDirectory) }
            if existing == .overwrite { try store.removeAll() }
            model = try GPT(shape, seed: configuration.seed)
            optimizer = Optimizer(configuration, layout: model.layout, team: team)
            state = TrainingState(
                step: 0, position: 0, tokenCount: 0, vocabularyFingerprint: vocabularyFingerprint,
                dataFingerprint: dataFingerprint, configuration: configuration)
        }

        let context = shape.positionCount
        let windows = set.windows(
            in: .train, length: context, stride: configuration.stride ?? context)
        loader = try BatchLoader(
            windows: windows, batchSize: configuration.batchSize, seed: configuration.seed)
        runner = BatchRunner(
            model: model, batchSize: configuration.batchSize, contextLength: context,
            team: team)
        evaluator =
            set.shards(of: .validation).isEmpty
            ? nil
            : try Evaluator(
                runner: runner, set: set, split: .validation,
                batchSize: configuration.batchSize, contextLength: context,
                stride: configuration.evaluationStride ?? context)
        try makeDirectory(runDirectory)
    }

    /// Trains until all steps are done or `stop` is requested, in which case the last thing done is
    /// a checkpoint to resume from.
    public mutating func run(
        stop: StopSignal, report: (TrainingEvent) -> Void
    ) async throws -> TrainingSummary {
        let log = try MetricsLog(directory: runDirectory, completedSteps: state.step)
        let schedule = LearningRateSchedule(configuration)
        let predictionsPerBatch = configuration.batchSize * model.configuration.positionCount
        let tokensPerStep = predictionsPerBatch * configuration.gradientAccumulationSteps
        var peak = MatrixPeak.measure(team: runner.team) * 1e9
        report(.began(plan(tokensPerStep: tokensPerStep, peak: peak)))
        let loader = loader
        var batch = loader.batch(at: state.position)
        let clock = ContinuousClock()
        var seconds = log.earlierSeconds
        var checkpointStep = state.step

        while state.step < configuration.steps, !stop.isRequested {
            let start = clock.now
            runner.zeroGradients()
            var loss = 0.0
            for _ in 0..<configuration.gradientAccumulationSteps {
                // The next batch is made on another thread while this one is learned from.
                let next = state.position + configuration.batchSize
                async let upcoming = loader.batch(at: next)
                loss += runner.accumulateGradients(
                    inputs: batch.inputs.span, targets: batch.targets.span,
                    scale: 1 / Float(tokensPerStep))
                state.position = next
                batch = await upcoming
            }
            loss /= Double(tokensPerStep)
            let norm = optimizer.norm(of: runner.gradients)
            guard loss.isFinite, norm.isFinite else {
                throw TrainingError.diverged(step: state.step + 1)
            }
            let factor = schedule.factor(step: state.step)
            optimizer.step(
                model: model, gradients: runner.gradients, norm: norm, factor: factor)
            state.step += 1
            state.tokenCount += tokensPerStep
            let elapsed = (clock.now - start).seconds
            seconds += elapsed
            let speed = Double(tokensPerStep) / elapsed
            let stepReport = StepReport(
                step: state.step, loss: loss, learningRate: configuration.learningRate * factor,
                gradientNorm: norm,
                tokenCount: state.tokenCount, seconds: elapsed, tokensPerSecond: speed,
                matrixPeakShare: speed * model.configuration.trainingOperationsPerToken / peak)
            try log.append(stepReport)
            report(.step(stepReport))

            let isLast = state.step == configuration.steps
            if isEvaluationDue {
                // The first measurement may have shared the processor with something else.
                peak = max(peak, MatrixPeak.measure(team: runner.team) * 1e9)
            }
            let isBest = try evaluateIfDue(log: log, report: report)
            if isBest || isLast || state.step % configuration.checkpointEvery == 0 {
                try checkpoint(report: report)
                checkpointStep = state.step
            }
        }
        if checkpointStep != state.step { try checkpoint(report: report) }
        let summary = TrainingSummary(
            steps: state.step, isComplete: state.step >= configuration.steps,
            parameterCount: model.layout.parameterCount, tokenCount: state.tokenCount,
            trainingSeconds: seconds, validation: state.validation)
        try write(summary)
        return summary
    }

    private func plan(tokensPerStep: Int, peak: Double) -> TrainingPlan {
        TrainingPlan(
            parameterCount: model.layout.parameterCount, stepCount: configuration.steps,
            completedSteps: state.step, tokensPerStep: tokensPerStep,
            windowCount: loader.windowCount,
            memoryByteCount: runner.byteCount + optimizer.byteCount
                + 4 * model.layout.floatCount,
            matrixPeak: peak)
    }

    /// Whether the step just done is one of every `evaluateEvery`, or the last.
    private var isEvaluationDue: Bool {
        state.step == configuration.steps || state.step % configuration.evaluateEvery == 0
    }

    /// Scores the validation split when that is due.
    ///
    /// - Returns: whether the result is the best so far.
    private mutating func evaluateIfDue(
        log: borrowing MetricsLog, report: (TrainingEvent) -> Void
    ) throws -> Bool {
        guard let evaluator, isEvaluationDue else { return false }
        let result = evaluator.evaluate { done, count in
            report(.evaluating(completedWindows: done, windowCount: count))
        }
        try log.append(result, step: state.step)
        report(.evaluated(step: state.step, result))
        state.validation = result
        guard result.loss < state.best?.loss ?? .infinity else { return false }
        state.best = .init(step: state.step, loss: result.loss)
        return true
    }

    private func checkpoint(report: (TrainingEvent) -> Void) throws {
        let path = try store.write(
            model: model, optimizer: optimizer, vocabulary: vocabulary, state: state,
            keep: configuration.keepCheckpoints)
        report(.checkpoint(step: state.step, path: path))
    }

    private func write(_ summary: TrainingSummary) throws {
        try FileReplacement.writeJSON(summary, to: runDirectory + "/" + TrainingSummary.fileName)
    }
}

extension Duration {
    /// The duration as a number of seconds.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
