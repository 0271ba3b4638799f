/// The best checkpoint, where the one that was it is lost.
extension CheckpointStore {
    /// The checkpoint with the lowest validation loss, of those that were evaluated. Of a run that
    /// went on with other data, losses of the data that was learned from last count, as soon as
    /// there is one.
    func best(of whole: [(entry: Entry, state: TrainingState)]) -> Entry? {
        let candidates = whole.filter { $0.state.checkpointLoss != nil }
        let best = candidates.filter {
            $0.state.dataFingerprint == candidates.last?.state.dataFingerprint
        }
        .min {
            ($0.state.checkpointLoss ?? .infinity) < ($1.state.checkpointLoss ?? .infinity)
        }
        return best?.entry
    }

    /// Step and validation loss of the best checkpoint; nil without one. O(checkpoints).
    package var bestEvaluation: TrainingState.Best? {
        let whole = whole
        guard let best = best(of: whole),
            let loss = whole.first(where: { $0.entry == best })?.state.checkpointLoss
        else { return nil }
        return TrainingState.Best(step: best.step, loss: loss)
    }

    /// Lets a run that goes on from `place` look for a loss lower than that of the best checkpoint
    /// that is left, where the one that had the lowest is not there any more: nothing might become
    /// the best again otherwise.
    func replaceLostBest(_ continuation: inout Continuation, from place: Entry) throws {
        let state = try Self.state(of: place.path)
        let left = continuation.left
        let stays = whole.filter { $0.entry.step <= place.step && !left.contains($0.entry.name) }
        guard let lost = state.best, !stays.contains(where: { $0.entry.step == lost.step }) else {
            return
        }
        continuation.isBestLost = true
        var note =
            "\(Self.name(ofStep: lost.step)), which had the lowest validation loss "
            + "(\(Self.rounded(lost.loss))), is not there any more"
        let best = best(of: stays)
        if let best, let other = stays.first(where: { $0.entry == best })?.state,
            other.dataFingerprint == state.dataFingerprint, let loss = other.checkpointLoss
        {
            continuation.best = TrainingState.Best(step: best.step, loss: loss)
            note += ": the best of those left is \(best.name) (\(Self.rounded(loss)))"
        } else {
            note += ", and none that is left was evaluated: the lowest loss is looked for anew"
        }
        continuation.notes.append(note)
    }

    private static func rounded(_ loss: Double) -> Double { (loss * 10_000).rounded() / 10_000 }
}

extension TrainingState {
    /// Validation loss of the model after `step`; nil where it was not evaluated then.
    var checkpointLoss: Double? {
        if let best, best.step == step { return best.loss }
        let isEvaluated =
            step == configuration.steps || step % configuration.evaluateEvery == 0
        guard isEvaluated, !awaitsEvaluation.isOn, let validation, validation.tokenCount > 0,
            validation.loss.isFinite
        else { return nil }
        return validation.loss
    }
}
