import Files
import Models
import TokenShards
import Work

/// Evaluation, samples and checkpoints between steps, and what comes before and after all of them.
extension Trainer {
    /// Steps in a row that may be skipped because they are not finite, before the run is given up.
    static let notFiniteLimit = 10

    var tokensPerStep: Int {
        configuration.windowsPerStep * model.configuration.positionCount
    }

    /// Whether all steps are done, or the run has ended early.
    var isComplete: Bool {
        !state.awaitsEvaluation.isOn && !state.awaitsTasks.isOn
            && (state.step >= configuration.steps || isStoppedEarly)
    }

    private var isStoppedEarly: Bool {
        configuration.earlyStopPatience > 0
            && state.evaluationsSinceBest >= configuration.earlyStopPatience
    }

    /// Whether nothing speaks against the model: the last step was finite, or the validation loss
    /// is.
    private var isSound: Bool {
        state.notFiniteSteps == 0
            || isEvaluationDue && !validation.isEmpty && !state.awaitsEvaluation.isOn
    }

    /// Whether all processes have the same parameters after the step just done: always, where they
    /// take each together, and otherwise where a round of their own steps has ended.
    var isRoundEnd: Bool {
        state.step == configuration.steps || state.step == 0
            || lastRound.upperBound == state.step
    }

    /// The steps of the round in which the step just done is; it alone, where all processes have
    /// taken it together.
    private var lastRound: Range<Int> {
        outer?.rounds.round(of: state.step - 1) ?? state.step - 1..<state.step
    }

    /// Whether something is due after the step just done that is done every `count` steps, or at
    /// the end of the round in which it falls due.
    private func isDue(every count: Int) -> Bool {
        isRoundEnd && state.step / count > lastRound.lowerBound / count
    }

    /// Whether an evaluation is due after the step just done, or it is the last.
    var isEvaluationDue: Bool {
        state.step == configuration.steps || isDue(every: configuration.evaluateEvery)
    }

    func giveUpIfDiverged() throws {
        guard state.notFiniteSteps < Self.notFiniteLimit else {
            throw TrainingError.diverged(step: state.step, count: state.notFiniteSteps)
        }
    }

    // MARK: Evaluation and samples

    /// Scores the validation split when that is due.
    ///
    /// - Returns: whether the result is the best so far; nil if a stop was requested on the way,
    ///   and then the run that goes on begins with it.
    func evaluateIfDue(_ log: borrowing RunLog, stop: StopSignal) throws -> Bool? {
        // It is done where the scoring of tasks behind it was stopped.
        if state.awaitsTasks.isOn, !state.awaitsEvaluation.isOn { return false }
        guard isEvaluationDue, !validation.isEmpty else {
            // It was due before the recipe was changed.
            state.awaitsEvaluation.isOn = false
            return false
        }
        // After a step that was not finite the result alone says whether the model is sound.
        let isStoppable = state.notFiniteSteps == 0
        state.awaitsEvaluation.isOn = isStoppable
        guard
            let (result, sources) = try validation.evaluate(progress: { done, count in
                log.report(.evaluating(completedWindows: done, windowCount: count))
                return try done == count || !isStoppable || !ranks.agree(stop)
            })
        else { return nil }
        state.awaitsEvaluation.isOn = false
        (state.validation, state.sources) = (result, sources)
        let scored = sources?.filter { $0.result.tokenCount > 0 } ?? []
        try log.append(.evaluated(step: state.step, result, sources: scored))
        guard result.loss.isFinite else {
            throw TrainingError.notFinite(what: "the validation loss", step: state.step)
        }
        state.evaluationsSinceBest += 1
        if let best = state.best, !(result.loss < best.loss) {
            if isStoppedEarly {
                try log.append(.stoppedEarly(step: state.step, bestStep: best.step))
            }
            return false
        }
        state.best = .init(step: state.step, loss: result.loss)
        state.evaluationsSinceBest = 0
        return true
    }

    /// Whether the step just done is one after which tasks are scored, or the last.
    private var areTasksDue: Bool {
        let every = configuration.evaluateTasksEvery ?? configuration.evaluateEvery
        return state.step == configuration.steps || isStoppedEarly || isDue(every: every)
    }

    /// Scores the tasks when that is due.
    ///
    /// - Returns: whether the run goes on; otherwise a stop was requested on the way, and the run
    ///   that goes on begins with it.
    func scoreTasksIfDue(_ log: borrowing RunLog, stop: StopSignal) throws -> Bool {
        guard areTasksDue, configuration.tasks?.isEmpty == false,
            let scoreTasks = surroundings.scoreTasks
        else {
            state.awaitsTasks.isOn = false
            return true
        }
        let isDone = try ranks.lead {
            do {
                let scores = try scoreTasks(model) { done, count in
                    log.report(.scoringTasks(completed: done, total: count))
                    if stop.isRequested, done < count { throw Stopped() }
                }
                try log.append(.scoredTasks(step: state.step, scores))
                return true
            } catch is Stopped {
                return false
            }
        }
        state.awaitsTasks.isOn = !isDone
        return isDone
    }

    /// The end of a piece of work on request.
    private struct Stopped: Error {}

    /// Draws samples when that is due.
    func sampleIfDue(_ log: borrowing RunLog) throws {
        guard configuration.sampleEvery > 0, isDue(every: configuration.sampleEvery),
            let drawSamples = surroundings.drawSamples
        else { return }
        _ = try ranks.lead {
            let texts = try drawSamples(model) { done, count in
                log.report(.sampling(completedTokens: done, tokenCount: count))
            }
            try log.append(.sampled(step: state.step, texts: texts))
            return true
        }
    }

    // MARK: Checkpoints

    /// Writes a checkpoint when one is due, or has been since the model was last sound.
    func checkpointIfDue(isBest: Bool, _ log: borrowing RunLog) throws {
        if isBest || isComplete || isDue(every: configuration.checkpointEvery) {
            isCheckpointDue = true
        }
        if isCheckpointDue, isRoundEnd, isSound { try checkpoint(log) }
    }

    /// Writes a checkpoint of the last step, unless there is one.
    func checkpointAtEnd(_ log: borrowing RunLog) throws {
        guard checkpointStep != state.step else { return }
        guard isSound else {
            throw TrainingError.diverged(step: state.step, count: state.notFiniteSteps)
        }
        try checkpoint(log)
    }

    private func checkpoint(_ log: borrowing RunLog) throws {
        guard optimizer.norm(of: model.parameters).isFinite else {
            throw TrainingError.notFinite(what: "a parameter", step: state.step)
        }
        let carried = CarriedState(of: runner, in: ranks.group, shares)
        // Until the first round all processes have the same state.
        let inner = try outer.flatMap {
            try state.step <= $0.rounds.togetherCount
                ? nil : InnerStates(optimizer, $0, state.outliers, in: ranks.group)
        }
        state.innerStates = inner == nil ? nil : ranks.count
        if !ranks.writes {
            if optimizer.share != nil { try optimizer.sendState(to: ranks.group) }
            try carried?.send()
            try inner?.send()
        }
        _ = try ranks.lead {
            try log.sync()
            let path = try store.write(
                model: model, optimizer: optimizer, carried: carried, inner: inner,
                vocabulary: vocabulary, endToken: endToken, template: part?.chatTemplate,
                state: state, keep: configuration.keepCheckpoints)
            log.report(.checkpoint(step: state.step, path: path))
            return true
        }
        (checkpointStep, isCheckpointDue) = (state.step, false)
    }

    // MARK: Before and after

    /// Takes the run's directory for this process alone, as long as the result lives, and removes
    /// or sets aside what is to be replaced.
    func takeDirectory() throws -> OutputClaim {
        let directory = surroundings.runDirectory
        let claim = try surroundings.claim ?? store.claim()
        // Checkpoints that another process has written since this run was prepared would be torn
        // apart.
        guard surroundings.existing == .overwrite || store.entries == earlierCheckpoints
        else { throw TrainingError.runInUse(directory: directory) }
        // Not before, for the run may have begun from one of the checkpoints that it replaces.
        if surroundings.existing == .overwrite, state.step == 0 { try store.removeAll() }
        try store.setAside(continuation.left, after: continuation.step)
        try store.tidy(keep: configuration.keepCheckpoints, newest: state.step)
        return claim
    }

    /// Note for a person that the run goes on with other data, and where in it.
    private var otherDataNotes: [String] {
        guard hasOtherData else { return [] }
        let carried = runner.carriedState == nil ? "" : ", rows begin without a state"
        return [
            """
            these shards, or their weights, are not those of the checkpoint: windows are drawn \
            from these in the order that they would have had from the start, and learning goes \
            on at window \(state.position + 1) of it, so that windows seen before may come \
            again\(carried), and the lowest validation loss is looked for anew
            """
        ]
    }

    /// Whether the run has done more steps than are wanted, so that nothing is left to do.
    private var isPast: Bool { state.step > configuration.steps }

    /// Note for a person that nothing is trained of a run that is past the steps that are wanted.
    private var pastNotes: [String] {
        guard isPast else { return [] }
        return [
            """
            \(state.step) steps are done already, more than the \(configuration.steps) that are \
            wanted: nothing is trained, and the model stays as it is
            """
        ]
    }

    /// The plan of the run.
    ///
    /// - Parameter notes: what a person should know of its metrics, a sentence each.
    func plan(matrixPeak: Double, notes: [String]) throws -> TrainingPlan {
        let rankPlan = try ranks.measure(
            model.parameters,
            operations: Double(tokensPerStep) * model.configuration.trainingOperationsPerToken,
            peak: matrixPeak, configuration, runner: runner, outer: outer)
        return TrainingPlan(
            parameterCount: model.layout.parameterCount, stepCount: configuration.steps,
            completedSteps: state.step,
            notes: continuation.notes + otherDataNotes + pastNotes + notes
                + [rankPlan?.advice].compactMap(\.self),
            changes: isPast ? changes.filter { $0.key != "steps" } : changes,
            tokensPerStep: tokensPerStep,
            windowCount: source.loader.windowCount, unscoredShare: source.loader.unscoredShare,
            memory: memory, precision: KernelLevel.best(configuration.precision).precision,
            wantedPrecision: configuration.precision, matrixPeak: matrixPeak,
            evaluateEvery: max(configuration.evaluateEvery, outer?.rounds.length ?? 1),
            evaluationPlaces: validation.placeCount,
            ranks: rankPlan)
    }

    /// Writes the summary of the run and returns it.
    ///
    /// - Parameter seconds: time in steps; 0 where it is not known.
    func summarise(seconds: Double) throws -> TrainingSummary {
        let summary = TrainingSummary(
            steps: state.step, isComplete: isComplete,
            parameterCount: model.layout.parameterCount, tokenCount: state.tokenCount,
            trainingSeconds: seconds, validation: state.validation, sources: state.sources,
            stoppedEarly: isStoppedEarly)
        if ranks.writes {
            try FileReplacement.writeJSON(
                summary, to: surroundings.runDirectory + "/" + TrainingSummary.fileName)
        }
        return summary
    }
}
