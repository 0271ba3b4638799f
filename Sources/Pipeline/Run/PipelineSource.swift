import Corpora
import Refinement
public import TokenShards
public import Tokenization

/// A corpus of a pipeline, and where what is made of it lies.
struct PipelineSource {
    /// Name; nil where there is no other.
    var name: String?
    /// Its share of what is learned from, in proportion to the weights of the others.
    var weight: Double
    /// Settings of reading it.
    var corpus: CorpusConfiguration
    /// Refinement that comes first; nil to take it as it is.
    var refinement: RefinementConfiguration?
    /// Directory of the refined corpus.
    var refinedDirectory: String
    /// Directory of its shards.
    var shardDirectory: String

    /// Throws unless it can be read and refined as it says.
    func validate(threadCount: Int) throws {
        do {
            try corpus.validate()
            try refinement?.validate(threadCount: threadCount)
        } catch {
            guard let name else { throw error }
            switch error {
            case CorpusError.badValue(let key, let wish):
                throw PipelineError.badValue(key: "corpus.sources.\(name).\(key)", reason: wish)
            case RefinementError.badValue(let key, let wish):
                throw PipelineError.badValue(
                    key: "corpus.sources.\(name).refine.\(key)", reason: wish)
            default: throw error
            }
        }
    }
}

extension PipelineConfiguration {
    /// The corpora that the pipeline reads: its sources, or the one that it has.
    var pipelineSources: [PipelineSource] {
        guard !sources.isEmpty else {
            return [
                PipelineSource(
                    weight: 1, corpus: corpus, refinement: refinement,
                    refinedDirectory: refinedDirectory, shardDirectory: shardDirectory)
            ]
        }
        return sources.map {
            PipelineSource(
                name: $0.name, weight: $0.weight, corpus: $0.corpus, refinement: $0.refinement,
                refinedDirectory: refinedDirectory + "/" + $0.name,
                shardDirectory: shardDirectory + "/" + $0.name)
        }
    }

    /// The vocabulary of the pipeline's model: the learned one, and of a model of pairs with the
    /// two tokens that they need.
    ///
    /// - Parameter directory: where the learned one lies; nil for ``vocabularyDirectory``.
    public func modelVocabulary(_ directory: String? = nil) throws -> Vocabulary {
        let vocabulary = try Vocabulary(directory: directory ?? vocabularyDirectory)
        return readsPairs ? try PairTemplate(extending: vocabulary).vocabulary : vocabulary
    }

    /// Directories of the data sets that the pipeline makes of its corpora.
    public var shardDirectories: [String] { pipelineSources.map(\.shardDirectory) }

    /// The data sets that the pipeline has made of its corpora, with their weights.
    ///
    /// - Parameter vocabulary: the vocabulary that they must have been made with; nil to look
    ///   without one.
    /// - Throws: `ShardError` when one is not there or does not fit.
    public func dataSets(vocabulary: Vocabulary?) throws -> Mixture {
        try Mixture(
            pipelineSources.map {
                WeightedShards(
                    name: $0.name ?? $0.shardDirectory,
                    set: try ShardSet(directory: $0.shardDirectory, vocabulary: vocabulary),
                    weight: $0.weight)
            })
    }
}

/// Identity of a corpus, for deciding whether it has changed: how it is read, and each file's size
/// and time of change.
struct CorpusIdentity {
    /// One value for all of it.
    let fingerprint: String

    /// Looks at every file that `configuration` names. O(files).
    init(_ configuration: CorpusConfiguration) throws {
        guard !configuration.inputs.contains("-"), configuration.inputsFrom != "-" else {
            throw PipelineError.standardInput
        }
        var parts = [try StageLedger.fingerprint(configuration)]
        for path in try configuration.inputPaths() {
            parts.append("\(path) \(StageLedger.identity(ofInput: path))")
        }
        fingerprint = try StageLedger.fingerprint(parts)
    }

    /// Looks into every file of a corpus that a stage has made: its content counts, not when it was
    /// made. O(bytes of the files).
    init(refined configuration: CorpusConfiguration) throws {
        var parts = [try StageLedger.fingerprint(configuration)]
        for path in try configuration.inputPaths() {
            parts.append("\(path) \(StageLedger.fingerprint(ofFile: path) ?? "absent")")
        }
        fingerprint = try StageLedger.fingerprint(parts)
    }
}
