import Corpora
import Files
import Models
import Refinement
import TokenShards
import Tokenization
import VocabularyLearning

/// The stages that read text.
extension PipelineRunner {
    /// A source as it is read at some point of a run.
    struct Corpus {
        let source: PipelineSource
        /// Its texts as they were given, or as they were refined.
        var reading: CorpusConfiguration
        /// Fingerprint that tells these texts, read in this way, from others.
        var fingerprint: String

        /// The source as it was given. O(files).
        init(source: PipelineSource) throws {
            self.source = source
            reading = source.corpus
            fingerprint = try CorpusIdentity(reading).fingerprint
        }
    }

    /// Refines a corpus that asks for it, unless that is done; from then on the result is what is
    /// read.
    func refine(_ corpus: inout Corpus, _ record: inout Record) async throws {
        let source = corpus.source
        guard let refinement = source.refinement else { return }
        let directory = source.refinedDirectory
        var reading = corpus.reading
        reading.quarantinePath = CorpusConfiguration.quarantinePath(beside: directory)
        let others = try refinement.otherPaths.map {
            try CorpusIdentity(OtherCorpus.reading($0, like: reading)).fingerprint
        }
        let inputs = [corpus.fingerprint, try key(refinement.essence)] + others
        try settleRefinement(of: source, record)
        let before = record
        let files = try await runStage(
            .refine, of: source.name, inputs: inputs, settings: try source.settings(), &record
        ) {
            try await RefineStage.run(
                corpus: reading, refinement: refinement, destination: .directory(directory),
                willReplace: { try settle($0, of: source, before) }, work: work
            ).files(in: directory)
        }
        corpus.reading = source.corpus.refined(files: files)
        corpus.fingerprint = try CorpusIdentity(refined: corpus.reading).fingerprint
    }

    /// Learns one vocabulary from all corpora, unless that is done.
    func learnVocabulary(
        _ corpora: [Corpus], _ record: inout Record
    ) async throws -> Vocabulary {
        // The memory there is makes no difference to the vocabulary.
        var vocabularyKey = configuration.vocabulary
        vocabularyKey.memory = nil
        let inputs = corpora.map(\.fingerprint) + [try key(vocabularyKey)]
        let before = record
        try await runStage(
            .vocab, inputs: inputs, settings: try vocabularySettings(), &record
        ) {
            try await VocabStage.run(
                corpora: corpora.map(\.reading), readsPairs: configuration.readsPairs,
                vocabulary: configuration.vocabulary,
                directory: configuration.vocabularyDirectory,
                willWrite: { try settle($0, before) }, work: work
            ).files
        }
        return try configuration.modelVocabulary()
    }

    /// Packs a corpus into shards of its own, unless that is done.
    func encode(
        _ corpus: Corpus, _ vocabulary: Vocabulary, _ record: inout Record
    ) async throws {
        let directory = corpus.source.shardDirectory
        var reading = corpus.reading
        reading.quarantinePath = CorpusConfiguration.quarantinePath(beside: directory)
        let inputs =
            [
                corpus.fingerprint, try key(configuration.shards),
                String(vocabulary.fingerprint, radix: 16),
            ] + (configuration.readsPairs ? ["\(configuration.model.shape.positionCount)"] : [])
        let source = corpus.source
        let outerKind: ResultKind? = source.name == nil ? nil : .dataSet
        try settleShards(of: source, vocabulary, record)
        let before = record
        try await runStage(
            .encode, of: source.name, inputs: inputs, settings: try shardSettings(source), &record
        ) {
            if configuration.readsPairs {
                return try PairEncoding(
                    template: PairTemplate(vocabulary),
                    windowLength: configuration.model.shape.positionCount
                ).run(reading, directory: directory, within: outerKind, work: work) {
                    try settle($0, of: source, before)
                }.files(in: directory)
            }
            var surroundings = EncodeStage.Surroundings(existing: .replace)
            surroundings.outerKind = outerKind
            return try await EncodeStage.run(
                corpus: reading, vocabulary: vocabulary, shards: configuration.shards,
                directory: directory, surroundings: surroundings,
                willReplace: { try settle($0, of: source, before) }, work: work
            ).files(in: directory)
        }
    }
}
