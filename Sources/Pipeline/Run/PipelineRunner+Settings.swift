import Corpora
import Foundation
import Refinement
import Training
import VocabularyLearning

/// Settings of the stages before a model, by key, as a run's ledger keeps them.
extension PipelineRunner {
    /// Settings on which the vocabulary depends, by key.
    func vocabularySettings() throws -> [String: String] {
        // The memory there is makes no difference to it.
        var own = configuration.vocabulary
        own.memory = nil
        var settings = try RecipeChange.values(of: own).named("vocabulary.")
        for source in configuration.pipelineSources {
            settings.merge(try source.settings()) { $1 }
        }
        return settings
    }

    /// Settings on which the shards of a source depend, the vocabulary's apart.
    func shardSettings(_ source: PipelineSource) throws -> [String: String] {
        try RecipeChange.values(of: configuration.shards).named("shards.")
            .merging(source.settings()) { $1 }
    }

    /// Settings in which a stage differs from what it was done with; none where that is not known.
    func changes(
        of stage: Stage, _ source: String?, to settings: [String: String], _ record: Record
    ) -> [RecipeChange] {
        guard let old = record.ledger.settings(of: stage, source: source) else { return [] }
        return RecipeChange.between(old, settings)
    }

    /// Weights of the sources, by key.
    var weightSettings: [String: String] {
        let sources = configuration.pipelineSources.filter { $0.name != nil }
        return Dictionary(
            uniqueKeysWithValues: sources.map {
                ("corpus.sources.\($0.name ?? "").weight", "\($0.weight)")
            })
    }
}

extension PipelineSource {
    /// Settings on which its documents depend, by key, and how much lies in its files. O(files).
    func settings() throws -> [String: String] {
        let section = "corpus." + (name.map { "sources.\($0)." } ?? "")
        var values = try RecipeChange.values(of: corpus)
        // Of these the same documents may come out, and of others they cannot.
        for key in ["inputs", "inputs_from", "on_error", "max_document_bytes"] {
            values[key] = nil
        }
        let sizes = try corpus.inputPaths().map {
            (StageLedger.attributes(ofInput: $0)?[.size] as? NSNumber)?.intValue ?? 0
        }
        let files = sizes.count == 1 ? "1 file" : "\(sizes.count) files"
        values["inputs"] = "\(files) of \(sizes.reduce(0, +)) bytes"
        var settings = values.named(section)
        if let refinement {
            settings.merge(
                try RecipeChange.values(of: refinement.essence).named(section + "refine.")
            ) { $1 }
        }
        return settings
    }
}

extension [String: String] {
    /// The same with the name of a section before each key.
    func named(_ section: String) -> [String: String] {
        Dictionary(uniqueKeysWithValues: map { (section + $0.key, $0.value) })
    }
}
