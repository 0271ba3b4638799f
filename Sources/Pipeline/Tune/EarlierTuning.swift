import Training
import Work

/// What becomes of a model that was tuned before, where another one takes its place.
struct EarlierTuning {
    private let existing: ExistingResults
    private let move: (_ path: String, _ mover: AsideMover, _ leaving: [String]) throws -> Void

    /// The policy `existing`, under which `move` moves aside what is kept.
    init(
        _ existing: ExistingResults,
        move: @escaping (_ path: String, _ mover: AsideMover, _ leaving: [String]) throws -> Void
    ) {
        self.existing = existing
        self.move = move
    }

    /// The newest sound checkpoint of a run; nil if there is none. O(bytes).
    func newest(
        in store: CheckpointStore, work: WorkContext<PipelineEvent>
    ) throws -> SoundCheckpoint? {
        do { return try store.newestSound() } catch TrainingError.noSoundCheckpoint {
            work.report(
                .otherCheckpoint("no checkpoint in \(store.directory) is sound: all are set aside"))
            return nil
        }
    }

    /// Decides about the model in `directory`, which cannot go on because of `changes`.
    ///
    /// - Parameter stays: what work goes on in, as paths seen from the directory.
    /// - Throws: ``PipelineError/wouldReplace(_:)`` where nothing may be replaced.
    func giveWay(
        _ directory: String, _ newest: SoundCheckpoint, _ changes: [RecipeChange],
        leaving stays: [String] = []
    ) throws {
        let steps = newest.state.step
        switch existing {
        case .refuse:
            throw PipelineError.wouldReplace(
                Replacement(path: directory, kind: .model(steps: steps), changes: changes))
        case .overwrite: break
        case .keep: try move(directory, AsideMover(steps: steps), stays)
        }
    }
}
