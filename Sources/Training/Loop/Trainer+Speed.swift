import Models
import TokenShards

extension Trainer {
    /// Seconds of a step: the median of some that are taken and forgotten. The trainer is of no use
    /// afterwards; nothing is written.
    ///
    /// - Parameter progress: called with the steps done and the steps in all; ends the work by an
    ///   error.
    package func measureStep(
        progress: (_ completed: Int, _ total: Int) throws -> Void
    ) async throws -> Double {
        // The first steps find cold memory and a sleeping team.
        let (warmUps, count) = (3, 15)
        var seconds: [Double] = []
        var batch = source.batch(at: state.position)
        for step in 0..<warmUps + count {
            let start = ContinuousClock.now
            _ = await computeGradients(from: &batch)
            let norm = optimizer.norm(of: runner.gradients)
            optimizer.step(model: model, gradients: runner.gradients, norm: norm, factor: 0)
            if step >= warmUps { seconds.append((ContinuousClock.now - start) / .seconds(1)) }
            try progress(step + 1, warmUps + count)
        }
        return seconds.sorted()[count / 2]
    }
}
