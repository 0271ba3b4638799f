package import Models
import TokenShards

/// What training with a carried state asks of the rest of the recipe.
extension TrainingConfiguration {
    /// Throws if the recipe carries a state, and models of `shape` have none or windows are cut in
    /// another way.
    ///
    /// - Parameter shape: nil where it is not known yet.
    package func validate(for shape: (any ModelShape)?) throws(TrainingError) {
        guard carriesState else { return }
        if let shape, shape.carriedStateShape == nil {
            let known = ModelFamilies.statefulArchitectures.joined(separator: ", ")
            throw .badConfiguration(
                key: CodingKeys.carrying.rawValue,
                rule: "is for \(known): \(shape.architectureName) has no state to carry; leave it "
                    + "out")
        }
        guard packing == .concatenate, stride == nil else {
            throw .badConfiguration(
                key: CodingKeys.carrying.rawValue,
                rule: "reads text without a gap: it needs the packing \"concatenate\" and no stride"
            )
        }
    }

    /// Throws if the recipe carries a state, and a part of each document alone is learned.
    func validate(learning part: ScoredPart?) throws(TrainingError) {
        guard carriesState, part != nil else { return }
        throw .badConfiguration(
            key: CodingKeys.carrying.rawValue,
            rule: "is for running text, and conversations and pairs begin anew; leave it out")
    }

    /// Throws unless a run of this recipe can go on in the streams of the checkpoint in
    /// `directory`, which holds `state`.
    func validate(goingOnFrom state: TrainingState, _ directory: String) throws(TrainingError) {
        guard carriesState else { return }
        let earlier = state.configuration
        guard earlier.carriesState else {
            throw .badCheckpoint(
                path: directory,
                reason: """
                    it was trained with training.stateful off, and has no state to carry on; leave \
                    it off, or begin from its model in another directory (init_from)
                    """)
        }
        guard earlier.windowsPerStep == windowsPerStep else {
            throw .badCheckpoint(
                path: directory,
                reason: """
                    with training.stateful a step has as many rows as before: \
                    \(earlier.windowsPerStep), not \(windowsPerStep); set batch_size and \
                    gradient_accumulation_steps as they were, or begin from its model in another \
                    directory (init_from)
                    """)
        }
        guard state.position >= 0, state.position % windowsPerStep == 0 else {
            throw .badCheckpoint(
                path: directory, reason: "its streams have no step at position \(state.position)")
        }
    }
}
