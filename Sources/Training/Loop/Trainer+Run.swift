import Models
import Processes
import TokenShards
public import Work

extension Trainer {
    /// Trains until all steps are done, patience is over, or a stop is requested, in which case the
    /// last thing done is a checkpoint to resume from.
    ///
    /// A stop is heeded between the parts of a step and between the batches of an evaluation: what
    /// had been begun is done again by the run that goes on.
    ///
    /// The work is done where it is called, and on the threads of the team. No checkpoint is
    /// written of a model that is not sound, so that the last one is always one to go on from.
    ///
    /// - Parameters:
    ///   - stop: asks for an end before the last step; nil for the signal of the trainer's work.
    ///   - report: takes each event; nil for the trainer's work to take it.
    /// - Returns: the results of the run, complete or not.
    /// - Throws: ``TrainingError`` when the run diverges or another process trains in its
    ///   directory, and what the file system refuses.
    public func run(
        stop: StopSignal? = nil, report: ((TrainingEvent) -> Void)? = nil
    ) async throws -> TrainingSummary {
        let stop = stop ?? work.stop
        let claim = try ranks.writes ? takeDirectory() : nil
        defer { withExtendedLifetime(claim) {} }
        let report = report ?? work.report
        let log =
            try ranks.writes
            ? RunLog(
                directory: surroundings.runDirectory, completedSteps: state.step, report: report)
            : RunLog(report: report)
        var meter = StepMeter(team: runner.team, earlierSeconds: log.earlierSeconds)
        log.report(.began(try plan(matrixPeak: meter.matrixPeak, notes: log.notes)))
        // The states of rows, which a step changes on its way, are not brought back; and other
        // processes are in the step as well. A round of steps that each takes alone is whole.
        runner.stop =
            runner.carriedState == nil && !ranks.isShared && outer == nil ? stop : nil
        defer { runner.stop = nil }
        let schedule = LearningRateSchedule(configuration)
        let firstStep = state.step
        var batch = source.batch(at: state.position)

        while !isComplete, !(isRoundEnd && ranks.stops(stop)) {
            if !state.awaitsEvaluation.isOn, !state.awaitsTasks.isOn {
                guard try await doStep(&batch, schedule, meter: &meter, log, stop) else { break }
            }
            if isEvaluationDue { meter.measurePeakAgain() }
            guard let isBest = try evaluateIfDue(log, stop: stop) else { break }
            guard try scoreTasksIfDue(log, stop: stop) else { break }
            try sampleIfDue(log)
            try checkpointIfDue(isBest: isBest, log)
        }
        try checkpointAtEnd(log)
        if let profile = runner.profile {
            log.report(
                .profiled(
                    ProfileReport(
                        profile, steps: state.step - firstStep, seconds: meter.secondsHere)))
        }
        return try summarise(seconds: log.isWhole ? meter.seconds : 0)
    }

    // MARK: The parts of a step

    /// Does the step of `batch`, and replaces it by that of the next step.
    ///
    /// - Returns: whether it was done; otherwise a stop was requested, and nothing has changed.
    private func doStep(
        _ batch: inout Batch, _ schedule: LearningRateSchedule, meter: inout StepMeter,
        _ log: borrowing RunLog, _ stop: StopSignal
    ) async throws -> Bool {
        meter.begin()
        let (position, scoredCount) = (state.position, batch.scoredCount)
        let learnedCount = learnedCount(of: batch)
        ranks.begin()
        guard let ownLoss = await computeGradients(from: &batch) else { return false }
        let (lossSum, norm) = try gather(ownLoss, stop)
        let loss = lossSum / Double(learnedCount)
        let finding = state.outliers.check(
            loss: loss, gradientNorm: norm, limit: configuration.skipOutliers)
        let factor = schedule.factor(step: state.step)
        // Carried on, a state that is not finite would never end.
        if finding == .notFinite { runner.carriedState?.zero() }
        if finding == nil {
            // Each steps everything, to have all moments when it goes on alone.
            if ranks.isShared, outer != nil, isTogether {
                try timed(.exchange) { try ranks.spread(runner.gradients) }
            }
            timed(.optimizer) {
                optimizer.step(
                    model: model, gradients: runner.gradients, norm: norm, factor: factor)
            }
            if ranks.isShared, outer == nil {
                try timed(.exchange) { try ranks.spread(model.parameters) }
            }
            state.tokenCount += scoredCount
        }
        state.step += 1
        state.notFiniteSteps = finding == .notFinite ? state.notFiniteSteps + 1 : 0
        if outer != nil { try timed(.exchange) { try endRound(stop) } }
        if state.step % stepsInMemory == 0 { for set in sets { set.forgetPages() } }
        let figures = figures(
            loss: loss, gradientNorm: norm, factor: factor, scoredCount: scoredCount,
            seconds: meter.end(), matrixPeak: meter.matrixPeak)
        try log.append(
            finding.map { .skipped(figures, $0, source.loader.origins(at: position)) }
                ?? .step(figures))
        try giveUpIfDiverged()
        return true
    }

    /// The loss and the norm of the gradient that a step is taken by: those of all processes, or of
    /// a step that this one takes alone its own.
    private func gather(_ loss: Double, _ stop: StopSignal) throws -> (loss: Double, norm: Double) {
        guard isTogether else {
            return (loss, timed(.optimizer) { optimizer.norm(of: runner.gradients) })
        }
        return try timed(ranks.isShared ? .exchange : .optimizer) {
            try ranks.gather(runner.gradients, loss: loss, stop, team: runner.team)
        }
    }

    /// Whether all processes take the step at hand together.
    var isTogether: Bool { outer?.rounds.isTogether(state.step) ?? true }

    /// Takes the outer step where a round of steps that each process takes alone has ended, and
    /// agrees on what the others cannot know. The first round begins after the last of the steps
    /// that all take together.
    func endRound(_ stop: StopSignal) throws(ProcessError) {
        guard let outer, isRoundEnd else { return }
        guard state.step > outer.rounds.togetherCount else {
            if !isTogether {
                outer.begin(with: model.parameters)
                ranks.endOverlap(with: runner)
            }
            return
        }
        try outer.step(model.parameters, scratch: runner.gradients)
        _ = try ranks.agree(stop)
        // Whether the model is sound is decided by all alike.
        state.notFiniteSteps = try ranks.most(state.notFiniteSteps)
    }

    /// Targets of a step's batch whose losses the gradient of this process is the mean over: all,
    /// or of a step that it takes alone those of its own windows. At least 1.
    private func learnedCount(of batch: Batch) -> Int {
        guard !isTogether else { return max(batch.scoredCount, 1) }
        let rows = shares[ranks.rank].sequences
        let places = rows.lowerBound * runner.contextLength..<rows.upperBound * runner.contextLength
        return max(places.count { batch.targets[$0] != .ignored }, 1)
    }

    /// Steps whose windows' pages may be in memory: a system maps what lies around a page as well,
    /// 64 KiB where that is Linux.
    private var stepsInMemory: Int {
        let window = (1 << 16) + 4 * model.configuration.positionCount
        return max(1, MemoryPlan.pageByteCount / (window * configuration.windowsPerStep))
    }

    /// Computes the gradients of this process's part of a step's `batch`, and then replaces it by
    /// that of the next step.
    ///
    /// - Returns: the sum of the losses; nil if a stop was requested on the way, and then `batch`
    ///   stays.
    func computeGradients(from batch: inout Batch) async -> Double? {
        let source = source
        let next =
            configuration.overfitOneBatch ? 0 : state.position + configuration.windowsPerStep
        // Made on another thread while the batch at hand is learned from.
        async let upcoming = source.batch(at: next)
        let learnedCount = learnedCount(of: batch)
        let rows = shares[ranks.rank].sequences
        let places = rows.lowerBound * runner.contextLength..<rows.upperBound * runner.contextLength
        let loss = runner.computeGradients(
            inputs: batch.inputs.span.extracting(places),
            targets: batch.targets.span.extracting(places),
            documentStarts: ranks.isShared
                ? batch.documentStarts.map { Array($0[places]) } : batch.documentStarts,
            continues: ranks.isShared ? batch.continues.map { Array($0[rows]) } : batch.continues,
            scale: 1 / Float(learnedCount), dropout: dropout)
        // A loss that is itself no number is met again by the run that goes on.
        if loss.isNaN, runner.stop?.isRequested == true {
            _ = await upcoming
            return nil
        }
        state.position = next
        let start = ContinuousClock.now
        batch = await upcoming
        runner.profile?.main.add(.now - start, to: .dataWait)
        return loss
    }

    /// Dropout of the step at hand; nil for none. Sequences are numbered over the run, so that a
    /// resumed run drops what one without a stop would have dropped.
    private var dropout: Dropout? {
        guard configuration.dropout > 0 else { return nil }
        return Dropout(
            rate: configuration.dropout, seed: configuration.seed,
            firstSequence: state.step * configuration.windowsPerStep
                + shares[ranks.rank].sequences.lowerBound)
    }

    /// Does a part of a step, and takes its time if that is asked for.
    private func timed<Result>(
        _ part: StepPart, _ work: () throws -> Result
    ) rethrows -> Result {
        guard let profile = runner.profile else { return try work() }
        return try profile.main.measure(part, work)
    }

    /// Figures of the step just done, which took `seconds`.
    private func figures(
        loss: Double, gradientNorm: Double, factor: Double, scoredCount: Int, seconds: Double,
        matrixPeak: Double
    ) -> StepReport {
        // Padding, and tokens that are read again, take time as well, and teach nothing.
        let work = Double(tokensPerStep) / seconds
        return StepReport(
            step: state.step, loss: loss, learningRate: configuration.learningRate * factor,
            gradientNorm: gradientNorm, tokenCount: state.tokenCount, seconds: seconds,
            tokensPerSecond: Double(scoredCount) / seconds,
            matrixPeakShare: work * model.configuration.trainingOperationsPerToken
                / (matrixPeak * Double(ranks.count)))
    }
}
