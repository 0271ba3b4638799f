import Models
import TokenShards
import Work

/// Progress of a run: its model, its optimizer, and its place in the data.
struct RunProgress {
    let model: any LanguageModel
    let optimizer: Optimizer
    let state: TrainingState
    /// Changes of the recipe against that of the checkpoint that the run goes on from.
    let changes: [RecipeChange]
    /// Whether the run goes on with other data than the checkpoint's.
    let hasOtherData: Bool

    /// The progress of a run that begins: from the model of `start`, or at random.
    init(
        beginning shape: any ModelShape, from start: StartingPoint?,
        configuration: TrainingConfiguration, data: Mixture, team: ThreadTeam,
        share: OptimizerShare?
    ) throws {
        model =
            try start?.model(shape, seed: configuration.seed)
            ?? shape.makeModel(seed: configuration.seed)
        optimizer = Optimizer(configuration, layout: model.layout, team: team, share: share)
        state = TrainingState(
            step: 0, position: 0, tokenCount: 0,
            vocabularyFingerprint: data.vocabularyFingerprint,
            dataFingerprint: data.fingerprint, startFingerprint: try start?.fingerprint,
            configuration: configuration)
        changes = []
        hasOtherData = false
    }

    /// The progress that the checkpoint in a directory holds.
    ///
    /// Other data of the same vocabulary, such as more documents or other weights, keeps the place:
    /// the orders of windows are drawn for `data` from the recipe's seed, and the run goes on at
    /// the window of them that it would have come to, had it learned from `data` from the start.
    /// Losses of other data are not compared with: the best one is looked for anew, and so are
    /// outliers.
    ///
    /// - Parameters:
    ///   - share: what this process steps; nil for everything.
    ///   - place: this process among others.
    /// - Throws: ``TrainingError/badCheckpoint(path:reason:)`` when it is of another vocabulary, of
    ///   another shape, of another optimizer, or of local steps of other ranks.
    init(
        resuming checkpoint: String, shape: any ModelShape, configuration: TrainingConfiguration,
        data: Mixture, team: ThreadTeam, share: OptimizerShare?,
        place: (rank: Int, count: Int)
    ) throws {
        var state = try CheckpointStore.state(of: checkpoint)
        guard state.vocabularyFingerprint == data.vocabularyFingerprint else {
            throw TrainingError.badCheckpoint(
                path: checkpoint,
                reason: """
                    it was trained from shards of another vocabulary; give shards of its own, or \
                    learn from these in another directory
                    """)
        }
        try configuration.validate(goingOnFrom: state, checkpoint, ranks: place.count)
        let rank = configuration.localSteps == nil || state.innerStates == nil ? 0 : place.rank
        let path = checkpoint + "/" + InnerStates.fileName(ofRank: rank)
        if rank > 0 { state.outliers = try InnerStates.outliers(inFile: path) }
        hasOtherData = state.dataFingerprint != data.fingerprint
        if hasOtherData {
            state.dataFingerprint = data.fingerprint
            state.best = nil
            state.evaluationsSinceBest = 0
            state.outliers = OutlierDetector()
        }
        try configuration.validate(goingOnFrom: state, checkpoint)
        model = try ModelDirectory(path: checkpoint).model()
        let (found, wanted) = (ModelConfiguration(model.configuration), ModelConfiguration(shape))
        guard found == wanted else {
            let changes = try RecipeChange.between(found, wanted)
            throw TrainingError.badCheckpoint(
                path: checkpoint,
                reason: """
                    its model has another shape than the configuration: \
                    \(changes.map(\.description).joined(separator: "; ")). Set them as they \
                    were, or choose another directory
                    """)
        }
        optimizer = try Optimizer(
            configuration, layout: model.layout, team: team, share: share,
            path: path)
        changes = try RecipeChange.between(state.configuration, configuration)
        state.configuration = configuration
        self.state = state
    }
}

extension Mixture {
    /// Fingerprint of the vocabulary of its ids.
    fileprivate var vocabularyFingerprint: String {
        sources[0].set.manifest.vocabulary.fingerprint
    }
}
