import Files
import Models
import TokenShards
import Tokenization
import Training
public import Work

/// Runs a sweep: makes the shards that its trials share, and trains each that is not done.
///
/// A trial is a run of its own in `runs/NAME-sweep/TRIAL`. What is done is not done again, and a
/// sweep that was stopped goes on where it was. The vocabulary and the shards are those of the
/// pipeline, whose records say whether they are up to date.
public struct SweepRunner {
    let plan: SweepPlan
    let existing: ExistingResults
    let work: WorkContext<PipelineEvent>

    /// A runner of `plan`.
    ///
    /// - Parameters:
    ///   - plan: the trials.
    ///   - existing: what becomes of earlier results that others would replace.
    ///   - work: threads, the signal to stop, and where events go.
    public init(
        _ plan: SweepPlan, existing: ExistingResults = .refuse, work: WorkContext<PipelineEvent>
    ) {
        self.plan = plan
        self.existing = existing
        self.work = work
    }

    /// Trains what is not done. The results so far are written after each trial.
    ///
    /// - Throws: ``PipelineError/interrupted`` when stopped by request, after a checkpoint, and
    ///   ``PipelineError/wouldReplace(_:)``.
    public func run() async throws -> SweepResult {
        let directories = plan.trials.map { plan.directory(of: $0) }
        let claim = try CheckpointStore(runDirectory: plan.directory).claim()
        // A model of the pipeline itself, which other shards would be made for, is never removed.
        let isTrained = PipelineRunner.TrainedRun(directory: plan.pipeline.runDirectory) != nil
        let base = PipelineRunner(
            plan.pipeline, existing: isTrained && existing == .overwrite ? .keep : existing,
            work: work)
        let (vocabulary, data, shared) = try await base.prepareData(
            forModelsIn: [plan.pipeline.runDirectory] + directories
        ) { _ in [] }
        defer { withExtendedLifetime(shared.claim) {} }
        guard data.totals(of: .validation).tokens > 0 else {
            throw PipelineError.badValue(
                key: "corpus.validation_fraction",
                reason: "trials are told apart by text that none has learned from, and none is "
                    + "held out")
        }
        try work.checkShards(of: data.sources.map(\.set), isTold: false)
        var record = PipelineRunner.Record(
            ledger: StageLedger(directory: plan.directory), claim: claim, trained: [],
            together: [])
        var result = SweepResult()
        result.invalid = plan.invalid
        var seconds = 0.0
        for (number, trial) in plan.trials.enumerated() {
            if let budget = plan.sweep.budget, seconds >= budget * 60 {
                result.leftOut = plan.trials[number...].map(\.name)
                break
            }
            work.report(.notice("trial \(number + 1) of \(plan.trials.count): \(trial.name)"))
            let outcome = try await outcome(of: trial, vocabulary, data, &record)
            seconds += outcome.seconds ?? 0
            result.add(outcome, isTimed: plan.sweep.minutes != nil)
            try result.write(toDirectory: plan.directory)
        }
        try result.write(toDirectory: plan.directory)
        return result
    }

    /// Trains a trial, unless that is done.
    private func outcome(
        of trial: SweepTrial, _ vocabulary: Vocabulary, _ data: Mixture,
        _ record: inout PipelineRunner.Record
    ) async throws -> SweepResult.Trial {
        let directory = plan.directory(of: trial)
        try FileSystem.makeDirectory(directory)
        var configuration = trial.configuration
        // What is drawn and learned after a run is for the run that is chosen.
        configuration.instructionTuning = InstructionTuningConfiguration()
        var outcome = SweepResult.Trial(
            name: trial.name, settings: trial.settings, steps: configuration.training.steps)
        var inputs: String?
        let start = ContinuousClock.now
        do {
            if let minutes = plan.sweep.minutes {
                let speed = try await MeasuredSpeed(
                    of: configuration, directory: directory, vocabulary, data, work)
                configuration.training.steps = stepCount(minutes * 60 / speed.secondsPerStep)
                outcome.steps = configuration.training.steps
            }
            let fingerprint = try StageLedger.fingerprint([
                data.fingerprint, try StageLedger.fingerprint(configuration.model),
                try StageLedger.fingerprint(configuration.training),
            ])
            inputs = fingerprint
            if let failure = TrialFailure.recorded(in: directory, inputs: fingerprint) {
                outcome.seconds = failure.seconds
                return failed(outcome, failure.reason)
            }
            let runner = PipelineRunner(
                configuration, runDirectory: directory, modelName: trial.name, existing: existing,
                processes: SharedTraining(), work: work)
            _ = try await runner.train(vocabulary, data, &record)
        } catch let error as TrainingError {
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            switch error {
            case .diverged, .notFinite:
                outcome.seconds = seconds
                if let inputs {
                    try TrialFailure(inputs: inputs, reason: "\(error)", seconds: seconds)
                        .write(toDirectory: directory)
                }
            // Another time there may be more.
            case .tooLittleMemory: break
            default: throw error
            }
            return failed(outcome, "\(error)")
        }
        let summary = try TrainingSummary(runDirectory: directory)
        outcome.parameterCount = summary.parameterCount
        outcome.bitsPerByte = summary.validation?.bitsPerByte
        outcome.loss = summary.validation?.loss
        outcome.seconds = summary.trainingSeconds
        outcome.tokensPerSecond = summary.tokensPerSecond
        return outcome
    }

    /// A trial that came to nothing, of which a notice tells.
    private func failed(_ trial: SweepResult.Trial, _ reason: String) -> SweepResult.Trial {
        work.report(.notice("\(trial.name) failed: \(reason)"))
        var trial = trial
        trial.failure = reason
        return trial
    }
}
