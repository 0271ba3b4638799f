import Corpora
import Files
import Foundation
import Tokenization
import Training
import VocabularyLearning
import Work

/// What earlier runs have made and this one would replace.
extension PipelineRunner {

    /// A run that has a trained model.
    struct TrainedRun {
        /// Its directory.
        let directory: String
        /// Its newest checkpoint.
        let newest: SoundCheckpoint

        /// The run in `directory`; nil where it has no whole checkpoint. O(checkpoints).
        init?(directory: String) {
            let store = CheckpointStore(runDirectory: directory)
            guard let newest = store.newestWhole else { return nil }
            self.directory = directory
            self.newest = newest
        }

        /// Its newest sound checkpoint; nil where there is none, so that nothing can be lost.
        /// O(bytes).
        func newestSound() throws -> SoundCheckpoint? {
            do {
                return try CheckpointStore(runDirectory: directory).newestSound()
            } catch TrainingError.noSoundCheckpoint {
                return nil
            }
        }

        /// What `changes` says of the newest checkpoint, and none where that is not sound.
        ///
        /// The bytes are compared only if there are any.
        func settled(
            _ changes: (SoundCheckpoint) throws -> [RecipeChange]
        ) throws -> [RecipeChange] {
            if let quick = try? changes(newest), quick.isEmpty { return [] }
            guard let sound = try newestSound() else { return [] }
            return try changes(sound)
        }
    }

    /// Decides about a result that the run is about to replace: `keep` is to move it aside.
    ///
    /// - Throws: ``PipelineError/wouldReplace(_:)`` where nothing may be replaced.
    func giveWay(
        _ replacement: @autoclosure () throws -> Replacement, keep: () throws -> Void
    ) throws {
        switch existing {
        case .refuse: throw PipelineError.wouldReplace(try replacement())
        case .overwrite: break
        case .keep: try keep()
        }
    }

    // MARK: Before the first stage

    /// Decides about the models in `trained`, where it is known before any work that they cannot
    /// stay: settings of theirs, or of the stages before them, have changed.
    ///
    /// A corpus whose files have changed their times alone may lead to the same shards, which turns
    /// out when they are there.
    ///
    /// - Parameter recipeChanges: settings of the model and its training that differ.
    func settleModels(
        _ corpora: [Corpus], _ record: inout Record,
        recipeChanges: (SoundCheckpoint) throws -> [RecipeChange]
    ) throws {
        guard let first = record.trained.first else { return }
        let before = record
        func changes(_ stage: Stage, _ source: String?, _ new: [String: String]) -> [RecipeChange] {
            // Another filter may leave the same documents: what it leaves is found out first.
            self.changes(of: stage, source, to: new, before).filter {
                !$0.key.contains("refine.") || $0.key.contains("refine.shuffle")
            }
        }
        let vocabulary = changes(.vocab, nil, try vocabularySettings())
        let shards = try corpora.map {
            changes(.encode, $0.source.name, try shardSettings($0.source))
        }
        let refined = try corpora.map {
            $0.source.refinement == nil
                ? [] : changes(.refine, $0.source.name, try $0.source.settings())
        }
        let recipe = try record.trained.flatMap { try $0.settled(recipeChanges) }
        var seen: Set<String> = []
        let all = (vocabulary + shards.flatMap(\.self) + refined.flatMap(\.self) + recipe)
            .filter { seen.insert($0.key).inserted }
        guard !all.isEmpty, try record.trained.contains(where: { try $0.newestSound() != nil })
        else { return }
        try giveWay(
            Replacement(
                path: runDirectory, kind: .model(steps: first.newest.state.step), changes: all)
        ) {
            try AsideMover.checkNoLink(runDirectory)
            try checkBeginnings(of: corpora)
            // The model last: a process that is killed on the way still knows what belongs to it.
            for (number, corpus) in corpora.enumerated() {
                let source = corpus.source
                if !refined[number].isEmpty { try moveAside(source.refinedDirectory, record.mover) }
                if !vocabulary.isEmpty || !shards[number].isEmpty {
                    try moveAside(source.shardDirectory, record.mover)
                }
            }
            if !vocabulary.isEmpty {
                try moveAside(configuration.vocabularyDirectory, record.mover)
            }
            try moveRunAside(record.mover)
            record.ledger = StageLedger(directory: runDirectory)
            record.trained = []
        }
    }

    /// Throws where the first document of a corpus, or the first pair, cannot be read: what a slip
    /// of the pen asks for is no reason to move anything. O(its bytes).
    private func checkBeginnings(of corpora: [Corpus]) throws {
        for source in corpora.map(\.source) {
            if configuration.readsPairs {
                var reader = try PairReader(source.corpus, stop: work.stop)
                _ = try reader.next()
            } else {
                var reader = try CorpusReader(source.corpus, stop: work.stop)
                _ = try reader.next()
            }
        }
    }

    /// Decides about a vocabulary that the ledger does not know, where it is plain that another one
    /// will be learned.
    func settleVocabulary(_ record: Record) throws {
        let directory = configuration.vocabularyDirectory
        guard !isKnown(.vocab, nil, directory + "/" + Self.vocabularyFile, record) else { return }
        guard FileManager.default.fileExists(atPath: directory + "/" + Self.vocabularyFile),
            let old = try? Vocabulary(directory: directory)
        else { return }
        let changes = VocabStage.changes(of: old, to: configuration.vocabulary)
        guard !changes.isEmpty else { return }
        try giveWay(Replacement(path: directory, kind: .vocabulary, changes: changes)) {
            try moveAside(directory, record.mover)
        }
    }
}
