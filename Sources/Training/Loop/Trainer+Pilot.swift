import Models
import TokenShards
import Work

/// Figures of a short training of which nothing is kept.
package struct PilotFigures: Sendable {
    /// Tokens learned from.
    package var tokenCount: Int
    /// Tokens learned from in a second: of the median step.
    package var tokensPerSecond: Double
    /// Scores of the validation split behind the last step.
    package var validation: EvaluationResult
}

extension Trainer {
    /// Takes the steps of the recipe, and scores the validation split. Steps that are not finite
    /// are passed over. Nothing is written, and the trainer is of no use afterwards.
    ///
    /// - Parameter progress: called with the steps done and the steps in all; ends the work by an
    ///   error.
    package func pilot(
        progress: (_ completed: Int, _ total: Int) throws -> Void
    ) async throws -> PilotFigures {
        let schedule = LearningRateSchedule(configuration)
        var batch = source.batch(at: state.position)
        var seconds: [Double] = []
        for step in 0..<configuration.steps {
            let start = ContinuousClock.now
            state.tokenCount += batch.scoredCount
            _ = await computeGradients(from: &batch)
            let norm = optimizer.norm(of: runner.gradients)
            if norm.isFinite {
                optimizer.step(
                    model: model, gradients: runner.gradients, norm: norm,
                    factor: schedule.factor(step: step))
            }
            state.step += 1
            try endRound(StopSignal())
            seconds.append((ContinuousClock.now - start) / .seconds(1))
            try progress(step + 1, configuration.steps)
        }
        let result = try validation.evaluate { _, _ in
            try progress(configuration.steps, configuration.steps)
            return true
        }
        let median = seconds.sorted()[seconds.count / 2]
        return PilotFigures(
            tokenCount: state.tokenCount,
            tokensPerSecond: Double(state.tokenCount) / Double(configuration.steps)
                / max(median, 1e-9),
            validation: result?.total ?? .none)
    }
}
