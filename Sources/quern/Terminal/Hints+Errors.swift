import Files
import Pipeline
import TokenShards
import Tokenization
import Training

/// Hints for errors that the user answers with an option or with another command, where the message
/// names no key that leads there.
extension Hints {
    /// Advice on training where there is something already, or nothing yet.
    static func hint(for error: TrainingError, _ options: KnownOptions) -> String? {
        switch error {
        case .tooLittleMemory: options.use("--threads", "--memory")
        case .noModel(let path, _) where path.hasSuffix("/chat"):
            "`quern train --conversations FILE` makes one"
        case .noModel(_, let hint) where hint.hasPrefix("name a model's directory"):
            "`quern run` makes one as a pipeline says"
        case .noCheckpoint: options.use("--resume").map { _ in "leave out --resume" }
        case .runExists: options.use("--resume", "--output", "--keep")
        case .noSoundCheckpoint: options.use("--output")
        case .noSuchStep: options.use("--from-step")
        case .runInUse: options.use("--output")
        case .otherVocabulary(let path):
            options.use("--vocab").map { _ in
                "use `quern encode --vocab \(path)`, then --vocab \(path) here"
            }
        default: hint(forKeysIn: "\(error)", options)
        }
    }

    /// Advice on going on with work on a data set, or on beginning it anew.
    static func hint(for error: PipelineError, _ options: KnownOptions) -> String? {
        switch error {
        case .unreadable(_, reason: "there is no such file"): "`quern init` writes one"
        case .unreadable(let path, reason: "it is a folder"):
            FileSystem.isMissing(path + "/stages.json")
                ? "`quern init \(path)` writes one for the texts in it"
                : "give the file that the run was started with, such as pipeline.json"
        case .unreadable(let path, let reason) where reason.hasPrefix("it is no JSON object"):
            "`quern init \(path)` writes one for a text"
        case .foreignCounts: "`quern vocab learn` learns from them"
        case .onlyConversations(let inputs, _, _):
            """
            use `quern init TEXT`, then `quern run --set \
            'instruction_tuning.inputs=["\(inputs.joined(separator: "\", \""))"]'`
            """
        case .notTuned(let path, _):
            "use `quern train --conversations FILE --init-from \(path)`"
        case .noConversation(let path):
            "use `quern generate --model \(path) --prompt TEXT`"
        case .wouldReplace(let replacement):
            options.use("--set name=NAME", "--keep", "--overwrite").map {
                $0 + otherWay(replacement)
            }
        case .unfinishedWork, .occupied(_, isModel: true): options.use("--overwrite", "--output")
        case .occupied: options.use("--output")
        case .badPlan: "use `quern encode`, then `quern shards finish`"
        case .otherDataSet: options.use("--output", "--overwrite")
        case .severalWorks: "use `quern encode` with --overwrite"
        case .changedInput: options.use("--overwrite")
        case .missingParts(let directory, _, _)
        where !FileSystem.isMissing(directory + "/manifest.json"):
            "the data set that is there is whole, and stays until then; to give up what was begun "
                + "beside it, remove \(directory)/unfinished-*"
        case .badValue(_, let reason) where reason.contains("at random: "),
            .badValue(_, let reason) where reason.hasSuffix("at random"):
            options.use("--random")
        case .invalidTrials(let invalid, let count) where invalid.count < count:
            options.use("--skip-invalid").map { _ in "--skip-invalid leaves them out" }
        case .invalidTrials: nil
        case .rankWithoutWorld: options.use("--world")
        case .worldWithoutRank: options.use("--rank")
        case .tooLittleMemory: options.use("--memory", "--threads")
        case .standardInput: "use `quern vocab train` and `quern encode`"
        default: hint(forKeysIn: "\(error)", options)
        }
    }

    /// Commands that use what a run would replace; empty for none.
    private static func otherWay(_ replacement: Replacement) -> String {
        switch replacement.kind {
        case .vocabulary, .edited(.vocab):
            "; `quern encode --vocab \(replacement.path)` and `quern train` use what is there"
        case .shards, .edited(.encode):
            "; `quern train --shards \(replacement.path)` learns from those that are there"
        case .model: wayOn(replacement)
        case .refinedCorpus, .edited: ""
        }
    }

    /// The command by which a model goes on learning, where only its data or their weights have
    /// changed; empty where the model itself has.
    private static func wayOn(_ replacement: Replacement) -> String {
        let keys = replacement.changes.map(\.key)
        let ofWeights = keys.filter { $0.hasSuffix(".weight") }
        let rest = keys.filter {
            !ofWeights.contains($0) && !["the data's fingerprint", "training.steps"].contains($0)
        }
        if rest.isEmpty, !ofWeights.isEmpty {
            return "; `quern train --resume` goes on with the other weights"
        }
        let isText =
            !rest.isEmpty
            && rest.allSatisfy {
                $0.hasPrefix("corpus.") || $0.hasPrefix("the fingerprint of shards/")
                    || $0 == "the vocabulary's fingerprint"
            }
        let name = replacement.path.split(separator: "/").last ?? "NAME"
        return isText
            ? "; to go on with other text, encode it by `quern encode --vocab \(name)` into shards "
                + "of another name, and give them to `quern train --resume --shards`" : ""
    }

    /// Advice on making the data set that is missing.
    static func hint(for error: ShardError, _ options: KnownOptions) -> String? {
        switch error {
        case .noManifest:
            options.use("--vocab").map { _ in "use `quern encode` or --vocab" }
                ?? "use `quern encode`"
        case .noDirectory(let path): "`quern encode --output \(path)` makes it"
        case .unfinished(let directory):
            "use `quern encode` or `quern shards finish \(directory)`"
        case .outputExists(_, isOfLayout: true): options.use("--overwrite", "--output")
        case .outputExists: options.use("--output")
        case .vocabularyMismatch(let directory, let expected, let found):
            hint(forShards: directory, encodedWith: found, notWith: expected, options)
        default: hint(forKeysIn: "\(error)", options)
        }
    }

    /// Advice on which vocabulary, or which data set, fits: by their places, for fingerprints tell
    /// a person nothing.
    private static func hint(
        forShards directory: String, encodedWith found: String, notWith expected: String,
        _ options: KnownOptions
    ) -> String? {
        var texts: [String] = []
        if let place = FingerprintHolders.vocabulary(found) {
            texts.append(
                options.use("--vocab \(place)")
                    ?? "\(directory) was encoded with the vocabulary of \(place)")
        }
        let others = FingerprintHolders.dataSets(expected).prefix(3).joined(separator: ", ")
        if !others.isEmpty { texts.append("with this vocabulary were encoded \(others)") }
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }

    /// Advice on saying what a vocabulary's file leaves open.
    static func hint(for error: TokenizationError, _ options: KnownOptions) -> String? {
        switch error {
        case .file(.otherKind): options.use("--overwrite")
        case .file(.failed("open", let path, _)) where path.hasSuffix("/tokenizer.json"):
            options.use("--vocab").map { _ in
                "`quern run` makes one as a pipeline says, `quern vocab train` from texts"
            }
        case .otherVocabulary: options.use("--output", "--overwrite")
        case .notCounts: "`quern vocab count` makes them"
        case .unspelledToken(_, let token): options.use("--special-tokens '\(token)'")
        case .ranksOnly: options.use("--pattern", "--preset")
        case .specialTokenWithoutID(let content): options.use("--special-tokens '\(content)=ID'")
        case .noPreTokenizer(_, let nearest?): options.use("--pre \(nearest.name)")
        case .longTextPrefix: options.use("--add-bos", "--no-add-bos")
        default: hint(forKeysIn: "\(error)", options)
        }
    }
}
