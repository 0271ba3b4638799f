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
        case .foreignCounts: "`quern vocab learn` learns from them"
        case .notTuned(let path, _):
            "use `quern train --conversations FILE --init-from \(path)`"
        case .noConversation(let path):
            "use `quern generate --model \(path) --prompt TEXT`"
        case .wouldReplace(let replacement):
            options.use("--set name=NAME", "--keep", "--overwrite").map {
                $0 + otherWay(replacement)
            }
        case .unfinishedWork: options.use("--overwrite", "--output")
        case .badPlan: "use `quern encode`, then `quern shards finish`"
        case .severalWorks: "use `quern encode` with --overwrite"
        case .changedInput: options.use("--overwrite")
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
        case .outputExists: options.use("--output")
        default: hint(forKeysIn: "\(error)", options)
        }
    }

    /// Advice on saying what a vocabulary's file leaves open.
    static func hint(for error: TokenizationError, _ options: KnownOptions) -> String? {
        switch error {
        case .file(.otherKind): options.use("--overwrite")
        case .otherVocabulary: options.use("--output", "--overwrite")
        case .notCounts: "`quern vocab count` makes them"
        case .normalizer:
            options.use("--ignore-normalizer") ?? "use `quern vocab import --ignore-normalizer`"
        case .unspelledToken(_, let token): options.use("--special-tokens '\(token)'")
        case .ranksOnly: options.use("--pattern", "--preset")
        case .specialTokenWithoutID(let content): options.use("--special-tokens '\(content)=ID'")
        case .noPreTokenizer(_, let nearest?): options.use("--pre \(nearest.name)")
        case .longTextPrefix: options.use("--add-bos", "--no-add-bos")
        default: hint(forKeysIn: "\(error)", options)
        }
    }
}
