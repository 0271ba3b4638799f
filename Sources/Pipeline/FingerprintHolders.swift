import Bytes
import Files
import Foundation
import TokenShards
package import Tokenization
import Training

/// Places of vocabularies and data sets that belong together, found by a vocabulary's fingerprint:
/// what a person can name where one was named that does not fit.
package enum FingerprintHolders {
    /// The most directories that are looked into.
    private static let placeLimit = 200

    /// A vocabulary with this fingerprint: of those below `vocab`, or else that of a run; nil where
    /// there is none. O(bytes of the vocabularies).
    package static func vocabulary(_ fingerprint: String) -> String? {
        let learned = names(in: "vocab").first { path in
            guard let vocabulary = try? Vocabulary(directory: path) else { return false }
            return hexadecimal(vocabulary.fingerprint) == fingerprint
        }
        return learned ?? run(fingerprint)
    }

    /// A run whose model has the vocabulary with this fingerprint.
    private static func run(_ fingerprint: String) -> String? {
        ModelPlace.runNames.prefix(placeLimit).map { ModelPlace.runsDirectory + "/" + $0 }
            .first { path in
                let state = try? CheckpointStore(runDirectory: path).latestState()
                return state?.vocabularyFingerprint == fingerprint
            }
    }

    /// The data sets that were encoded with the vocabulary of this fingerprint: of those below
    /// `shards`, and of conversations in the runs. O(files).
    package static func dataSets(_ fingerprint: String) -> [String] {
        let shards = names(in: "shards")
        let runs = ModelPlace.runNames.prefix(placeLimit).map {
            ModelPlace.runsDirectory + "/" + $0 + "/shards"
        }
        return (shards + shards.flatMap(names) + runs).filter { path in
            let manifest = try? ShardManifest(directory: path)
            return manifest?.vocabulary.fingerprint == fingerprint
        }
    }

    private static func names(in directory: String) -> [String] {
        ((try? FileSystem.namesInDirectory(directory)) ?? []).prefix(placeLimit)
            .filter { !$0.hasPrefix(".") }.map { directory + "/" + $0 }
    }
}

extension PipelineConfiguration {
    /// The vocabulary that the data set in `directory` was encoded with, and what a person calls
    /// it: the pipeline's, that of its model, or another one that is there; nil where none is, and
    /// for another program's files.
    package func vocabulary(
        ofShardsIn directory: String
    ) -> (vocabulary: Vocabulary, name: String)? {
        guard let manifest = try? ShardManifest(directory: directory) else { return nil }
        let wanted = manifest.vocabulary.fingerprint
        if let own = try? modelVocabulary(), hexadecimal(own.fingerprint) == wanted {
            let name = vocabularyDirectory + (readsPairs ? " with the tokens of pairs" : "")
            return (own, name)
        }
        guard let place = FingerprintHolders.vocabulary(wanted),
            let found = try? Vocabulary(named: place)
        else { return nil }
        return (found, place)
    }
}

extension RunData {
    /// The directories of the data sets that the run of a model learned from, which `name` stands
    /// for; nil where the model is no run's, they are not known, or one of them is not there.
    package static func directories(ofModel name: String) -> [String]? {
        guard let run = ModelPlace.run(named: name) ?? ModelPlace.runDirectory(of: name) else {
            return nil
        }
        let directories = RunData(runDirectory: run)?.sources.map(\.directory)
        return directories?.contains(where: FileSystem.isMissing) == true ? nil : directories
    }
}
