public import Corpora
public import Tokenization
import Training
public import Work

/// Encodes a corpus with several vocabularies, only to see what they make of it.
public enum CompareStage {
    /// Results.
    public struct Outcome: Sendable {
        /// A file of the corpus.
        public struct Source: Sendable {
            /// The file's path, or `-` for standard input.
            public var path: String
            /// Counts of each vocabulary's encoding of it.
            public var counts: [EncodingCounts]
        }

        /// The files that have documents, in the order in which they were read.
        public var sources: [Source]
        /// All of them together: what each vocabulary makes of them.
        public var total: [EncodingCounts]
        /// Occurrences of each vocabulary's tokens, by id.
        public var occurrences: [[Int]]
    }

    /// Encoders and what was counted with them; one a thread.
    private final class Worker {
        let encoders: [BytePairEncoder]
        var sources: [String: [EncodingCounts]] = [:]
        var occurrences: [[Int]]
        var ids: [TokenID] = []

        init(_ vocabularies: [Vocabulary]) {
            encoders = vocabularies.map { BytePairEncoder($0) }
            occurrences = vocabularies.map { Array(repeating: 0, count: $0.count) }
        }

        func count(_ document: Document) throws(PipelineError) {
            var counts =
                sources.removeValue(forKey: document.origin.path)
                ?? Array(repeating: EncodingCounts(), count: encoders.count)
            for (number, encoder) in encoders.enumerated() {
                ids.removeAll(keepingCapacity: true)
                encoder.encode(document.text.span, into: &ids)
                do throws(TokenizationError) {
                    try encoder.check()
                } catch {
                    throw .notEncodable(
                        document.origin, reason: "vocabulary \(number + 1): \(error)")
                }
                counts[number].add(document.text.span, ids: ids.span, of: encoder.vocabulary)
                for id in ids { occurrences[number][id.index] += 1 }
            }
            sources[document.origin.path] = counts
        }
    }

    /// Encodes in parallel and keeps the numbers. Text is ordinary text: no special token is
    /// recognised in it.
    ///
    /// The result does not depend on the number of threads. Memory is that of the vocabularies, the
    /// chunks under way and a few numbers a file.
    ///
    /// - Throws: ``PipelineError/notEncodable(_:reason:)`` for a document with a byte that no token
    ///   of one of the vocabularies stands for, among others.
    public static func run(
        vocabularies: [Vocabulary], corpus: CorpusConfiguration, work: WorkContext<PipelineEvent>
    ) async throws -> Outcome {
        let workers = Pool { Worker(vocabularies) }
        var reader = try CorpusReader(corpus, threadCount: work.threadCount, stop: work.stop)
        let claims = try reader.inputs.claim([], quarantinePath: corpus.keptPath, work: work)
        defer { withExtendedLifetime(claims) {} }
        try await forEachChunk(of: &reader, work: work) { documents in
            try workers.withItem { worker in
                for document in documents { try worker.count(document) }
            }
        } consume: { _, progress in
            work.report(.progress(StageProgress(activity: "encoding", reading: progress)))
        }
        guard reader.progress.documents > 0 else {
            throw PipelineError.emptyCorpus(corpus.inputs, reader.progress)
        }
        let finished = workers.drain()
        var outcome = Outcome(
            sources: [], total: Array(repeating: EncodingCounts(), count: vocabularies.count),
            occurrences: vocabularies.map { Array(repeating: 0, count: $0.count) })
        for path in reader.progress.sources.map(\.path) {
            let parts = finished.compactMap { $0.sources[path] }
            guard !parts.isEmpty else { continue }
            let counts = vocabularies.indices.map { number in
                parts.reduce(into: EncodingCounts()) { $0 += $1[number] }
            }
            outcome.sources.append(.init(path: path, counts: counts))
            for (number, count) in counts.enumerated() { outcome.total[number] += count }
        }
        for worker in finished {
            for (number, occurrences) in worker.occurrences.enumerated() {
                for (id, count) in occurrences.enumerated() {
                    outcome.occurrences[number][id] += count
                }
            }
        }
        return outcome
    }
}
