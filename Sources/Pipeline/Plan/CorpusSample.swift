import Bytes
import Corpora
import Files
import Work

/// A sample of the corpora that a pipeline describes, read as it says, and what it tells of them.
///
/// Corpora that were read to their ends are themselves what a short training learns from, with what
/// they hold out, so that its score is of the text that the run is scored by.
struct CorpusSample {
    /// What is known of the corpora: counts are estimates where not all was read.
    private(set) var survey: CorpusSurvey
    /// Records of JSON, each a text or a pair, that a short training learns from where not all was
    /// read.
    private var records: [[UInt8]] = []
    private var keptByteCount = 0

    /// The most bytes of text that are looked at.
    private static let sampleByteCount = 16 << 20

    /// Reads the beginnings of the corpora. O(files + sample).
    ///
    /// - Throws: ``PipelineError/emptyCorpus(inputs:skipped:reason:)`` where there is no text, and
    ///   the errors of reading.
    init(of configuration: PipelineConfiguration, work: WorkContext<PipelineEvent>) throws {
        let sources = configuration.pipelineSources
        survey = CorpusSurvey(corpus: sources[0].corpus)
        survey.readsPairs = configuration.readsPairs
        let share = Self.sampleByteCount / sources.count
        var statistics = TextStatistics()
        var lengths: [Int] = []
        for source in sources {
            let corpus = Self.withoutQuarantine(source.corpus)
            let (progress, isWhole) =
                configuration.readsPairs
                ? try readPairs(corpus, share, &statistics, &lengths, work)
                : try readTexts(corpus, share, &statistics, work)
            survey.storedByteCount += progress.totalBytes ?? 0
            let scale =
                isWhole
                ? 1 : Double(progress.totalBytes ?? 0) / Double(max(progress.bytesRead, 1))
            survey.textByteCount += Int(Double(progress.textBytes) * max(scale, 1))
            survey.documentCount += Int(Double(progress.documents) * max(scale, 1))
            survey.isSample = survey.isSample || !isWhole
        }
        survey.isTextEstimate = survey.isSample
        survey.sampledByteCount = statistics.byteCount
        survey.scripts = statistics.scripts.map { .init(name: $0.name, share: $0.share) }
        lengths.sort()
        survey.longPairByteCount = lengths.isEmpty ? 0 : lengths[(lengths.count - 1) * 19 / 20]
        guard statistics.byteCount > 0 else {
            throw PipelineError.emptyCorpus(inputs: sources[0].corpus.inputs)
        }
    }

    /// Takes the bytes of text that one token holds, as they were measured with a vocabulary of a
    /// size.
    mutating func take(bytesPerToken: Double, vocabularySize: Int) {
        survey.bytesPerToken = bytesPerToken
        survey.measuredVocabularySize = vocabularySize
    }

    /// What a short training learns from and is scored by, with its shards in `directory`: the
    /// sources of the pipeline where all of them were read, or else what was read of them, as one.
    func sources(
        of configuration: PipelineConfiguration, in directory: String
    ) throws -> [PipelineSource] {
        guard survey.isSample else {
            return configuration.pipelineSources.enumerated().map { number, source in
                var source = source
                source.corpus = Self.withoutQuarantine(source.corpus)
                source.shardDirectory = "\(directory)/shards/\(number)"
                return source
            }
        }
        let path = directory + "/sample.jsonl"
        try FileReplacement.write(
            String(decoding: Array(records.joined()), as: UTF8.self), to: path)
        var corpus = CorpusConfiguration(inputs: [path])
        corpus.validationFraction = min(
            0.2, max(0.02, Double(1 << 18) / Double(max(keptByteCount, 1))))
        return [
            PipelineSource(
                weight: 1, corpus: corpus, refinedDirectory: directory + "/refined",
                shardDirectory: directory + "/shards")
        ]
    }

    /// What cannot be read is told by the run.
    private static func withoutQuarantine(_ corpus: CorpusConfiguration) -> CorpusConfiguration {
        var corpus = corpus
        if corpus.onError == .quarantine { corpus.onError = .skip }
        return corpus
    }

    private mutating func readTexts(
        _ corpus: CorpusConfiguration, _ share: Int, _ statistics: inout TextStatistics,
        _ work: WorkContext<PipelineEvent>
    ) throws -> (progress: CorpusProgress, isWhole: Bool) {
        var reader = try CorpusReader(corpus, threadCount: work.threadCount, stop: work.stop)
        while reader.progress.textBytes < share {
            guard let document = try reader.next() else { return (reader.progress, true) }
            if reader.progress.documents % 256 == 0 { try work.checkStop() }
            statistics.add(document.text)
            keep(Self.front(of: document.text, share), nil)
        }
        return (reader.progress, false)
    }

    private mutating func readPairs(
        _ corpus: CorpusConfiguration, _ share: Int, _ statistics: inout TextStatistics,
        _ lengths: inout [Int], _ work: WorkContext<PipelineEvent>
    ) throws -> (progress: CorpusProgress, isWhole: Bool) {
        var reader = try PairReader(corpus, stop: work.stop)
        while reader.progress.textBytes < share {
            guard let pair = try reader.next() else { return (reader.progress, true) }
            if reader.progress.documents % 256 == 0 { try work.checkStop() }
            let (source, target) = (Array(pair.source.utf8), Array(pair.target.utf8))
            statistics.add(source)
            statistics.add(target)
            lengths.append(pair.byteCount)
            keep(source[...], target[...])
        }
        return (reader.progress, false)
    }

    /// At most `count` bytes of a text, up to the beginning of a character.
    private static func front(of text: [UInt8], _ count: Int) -> ArraySlice<UInt8> {
        guard text.count > count else { return text[...] }
        var end = count
        while end > count - 4, text[end] & 0xC0 == 0x80 { end -= 1 }
        return text[..<end]
    }

    /// Keeps a text or a pair.
    private mutating func keep(_ text: ArraySlice<UInt8>, _ target: ArraySlice<UInt8>?) {
        let count = text.count + (target?.count ?? 0)
        guard keptByteCount + count <= 2 * Self.sampleByteCount else { return }
        keptByteCount += count
        var record = Array((target == nil ? "{\"text\": " : "{\"source\": ").utf8)
        // Bytes that are no UTF-8 are replaced, for JSON holds none.
        JSONString.append(Array(String(decoding: text, as: UTF8.self).utf8).span, to: &record)
        if let target {
            record += Array(", \"target\": ".utf8)
            JSONString.append(
                Array(String(decoding: target, as: UTF8.self).utf8).span, to: &record)
        }
        record += Array("}\n".utf8)
        records.append(record)
    }
}
