import Bytes
import Files
import Foundation
import Refinement
import TokenShards
import Tokenization
import Training
import Work

/// What a stage has made before and is about to replace, once it is known by what.
extension PipelineRunner {
    /// Decides about the vocabulary that is there when another one was learned, and about the
    /// models that were trained with it.
    func settle(_ learned: Vocabulary, _ record: Record) throws {
        let directory = configuration.vocabularyDirectory
        let path = directory + "/" + Self.vocabularyFile
        guard FileManager.default.fileExists(atPath: path) else { return }
        let isKnown = isKnown(.vocab, nil, path, record)
        let old = try? Vocabulary(directory: directory)
        guard old?.fingerprint != learned.fingerprint else { return }
        let (before, after) = (
            old.map { hexadecimal($0.fingerprint) } ?? "that of an unreadable file",
            hexadecimal(try modelVocabulary(learned).fingerprint)
        )
        let key = "the vocabulary's fingerprint"
        if let run = record.trained.first(where: {
            $0.newest.state.vocabularyFingerprint != after
        }) {
            let state = run.newest.state
            let change = RecipeChange(
                key: key, before: state.vocabularyFingerprint, after: after)
            let settings = try changes(of: .vocab, nil, to: vocabularySettings(), record)
            return try giveWay(
                Replacement(
                    path: runDirectory, kind: .model(steps: state.step),
                    changes: settings + [change])
            ) {
                try AsideMover.checkNoLink(runDirectory)
                for source in configuration.pipelineSources {
                    try moveAside(source.shardDirectory, record.mover)
                }
                try moveAside(directory, record.mover)
                try moveRunAside(record.mover)
            }
        }
        // Damage of a file of ours is mended.
        guard !isKnown, old != nil || record.trained.isEmpty else { return }
        let change = RecipeChange(
            key: key, before: before, after: hexadecimal(learned.fingerprint))
        try giveWay(Replacement(path: directory, kind: .vocabulary, changes: [change])) {
            try moveAside(directory, record.mover)
        }
    }

    /// The vocabulary of the pipeline's model, made of the learned one.
    private func modelVocabulary(_ learned: Vocabulary) throws -> Vocabulary {
        configuration.readsPairs ? try PairTemplate(extending: learned).vocabulary : learned
    }

    /// Decides about the shards that are there when others were made, and about the models that
    /// were trained on them.
    func settle(
        _ made: ShardManifest, of source: PipelineSource, _ record: Record
    ) throws {
        let directory = source.shardDirectory
        guard let old = try? ShardManifest(directory: directory),
            old.fingerprint != made.fingerprint
        else { return }
        let workspaces = try FileSystem.namesInDirectory(directory).filter {
            $0.hasPrefix(ShardManifest.workspacePrefix)
        }
        let change = RecipeChange(
            key: "the fingerprint of \(directory)", before: old.fingerprint,
            after: made.fingerprint)
        // Shards of another origin say nothing of the models, which are compared with those made.
        if !isKnown(.encode, source.name, directory + "/" + ShardManifest.fileName, record) {
            try giveWay(Replacement(path: directory, kind: .shards, changes: [change])) {
                try moveAside(directory, record.mover, leaving: workspaces)
            }
        } else if let run = record.trained.first {
            let settings = try changes(
                of: .encode, source.name, to: shardSettings(source), record)
            try giveWay(
                Replacement(
                    path: runDirectory, kind: .model(steps: run.newest.state.step),
                    changes: settings + [change])
            ) {
                try moveAside(directory, record.mover, leaving: workspaces)
                // Those of an earlier source may have moved it.
                if TrainedRun(directory: run.directory) != nil { try moveRunAside(record.mover) }
            }
        }
    }

    /// Decides about shards that the ledger does not know, where it is plain that others will be
    /// made: they are of another vocabulary.
    func settleShards(
        of source: PipelineSource, _ vocabulary: Vocabulary, _ record: Record
    ) throws {
        let directory = source.shardDirectory
        guard !isKnown(.encode, source.name, directory + "/" + ShardManifest.fileName, record),
            let old = try? ShardManifest(directory: directory)
        else { return }
        let (before, after) = (old.vocabulary.fingerprint, hexadecimal(vocabulary.fingerprint))
        guard before != after else { return }
        let change = RecipeChange(
            key: "the vocabulary's fingerprint", before: before, after: after)
        try giveWay(Replacement(path: directory, kind: .shards, changes: [change])) {
            try moveAside(directory, record.mover)
        }
    }

    /// Decides about a refined corpus that the ledger does not know, when another one was made.
    func settle(
        _ made: RefinementReport, of source: PipelineSource, _ record: Record
    ) throws {
        guard let old = unknownRefinement(of: source, record), old != made else { return }
        let change = RecipeChange(
            key: "the documents that are left", before: "\(old.kept.documents)",
            after: "\(made.kept.documents)")
        try giveWay(
            Replacement(path: source.refinedDirectory, kind: .refinedCorpus, changes: [change])
        ) { try moveAside(source.refinedDirectory, record.mover) }
    }

    /// Decides about a refined corpus that the ledger does not know, where its settings are others.
    func settleRefinement(of source: PipelineSource, _ record: Record) throws {
        guard let refinement = source.refinement,
            let old = unknownRefinement(of: source, record),
            old.configuration != refinement.essence
        else { return }
        let section = "corpus." + (source.name.map { "sources.\($0)." } ?? "") + "refine."
        let changes = try RecipeChange.between(
            old.configuration, refinement.essence, section: section)
        try giveWay(
            Replacement(path: source.refinedDirectory, kind: .refinedCorpus, changes: changes)
        ) { try moveAside(source.refinedDirectory, record.mover) }
    }

    private func unknownRefinement(
        of source: PipelineSource, _ record: Record
    ) -> RefinementReport? {
        let path = source.refinedDirectory + "/" + RefinedDirectory.reportName
        guard !isKnown(.refine, source.name, path, record),
            let data = FileSystem.contentsIfReadable(path)
        else { return nil }
        return try? JSONDecoder().decode(RefinementReport.self, from: data)
    }

    // MARK: What was changed since

    /// Decides about vocabularies, shards and refined corpora whose files are not as a run has left
    /// them, and tells of those that are missing and will be made again. O(bytes).
    ///
    /// Damage and a person's own changes look alike; of models the manifest tells.
    func settleEdited(_ record: Record) throws {
        try settleEdited(.vocab, nil, configuration.vocabularyDirectory, record)
        for source in configuration.pipelineSources {
            if source.refinement != nil {
                try settleEdited(.refine, source.name, source.refinedDirectory, record)
            }
            try settleEdited(.encode, source.name, source.shardDirectory, record)
        }
    }

    private func settleEdited(
        _ stage: Stage, _ source: String?, _ directory: String, _ record: Record
    ) throws {
        let deviations = record.ledger.deviations(of: stage, source: source)
        // With other settings of the pipeline they may lie elsewhere.
        let changed = deviations.changed.filter { $0.hasPrefix(directory + "/") }
        let missing = deviations.missing.filter { $0.hasPrefix(directory + "/") }
        if !changed.isEmpty {
            return try giveWay(
                Replacement(
                    path: directory, kind: .edited(stage),
                    changes: changed.map {
                        RecipeChange(key: $0, before: "as recorded", after: "with other bytes")
                    })
            ) { try moveAside(directory, record.mover) }
        }
        guard let first = missing.first else { return }
        let more = missing.count - 1
        work.report(
            .notice(
                "\(first)\(more > 0 ? " and \(more) more are" : " is") missing and made again"))
    }

    // MARK: Moving aside

    /// Moves a directory aside, if it is there, and says so.
    func moveAside(
        _ path: String, _ mover: AsideMover, leaving stays: [String] = []
    ) throws {
        guard let place = try mover.move(path, leaving: stays) else { return }
        work.report(.notice("what was in \(path) is kept in \(place)"))
    }

    /// Moves the run aside and says so.
    func moveRunAside(_ mover: AsideMover) throws {
        guard let place = try mover.moveRun(runDirectory) else { return }
        work.report(.notice("the run that was in \(runDirectory) is kept in \(place)"))
    }

    static let vocabularyFile = "tokenizer.json"

    /// Whether the ledger knows the file at `path`, as it is, for one that a stage has made.
    func isKnown(
        _ stage: Stage, _ source: String?, _ path: String, _ record: Record
    ) -> Bool {
        record.ledger.holds(path, of: stage, source: source)
    }
}
