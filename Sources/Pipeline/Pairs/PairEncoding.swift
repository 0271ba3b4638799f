import Bytes
import Corpora
import Files
import TokenShards
import Tokenization
import Training
import Work

/// Packs pairs into shards: one document each, as the template has it.
///
/// Where the target begins is not stored, for the token of padding says it.
struct PairEncoding {
    let template: PairTemplate
    /// The most tokens that a pair has to learn from: those of a window. A longer one is left out,
    /// since neither half of a pair says anything by itself.
    let windowLength: Int

    /// Pairs that were left out.
    private struct Losses {
        var count = 0
        /// The places of the first few.
        var examples: [String] = []

        mutating func add(_ origin: DocumentOrigin, windowLength: Int) {
            count += 1
            guard examples.count < CorpusProgress.keptErrorCount else { return }
            examples.append("\(origin): longer than the \(windowLength) tokens of a window")
        }
    }

    /// Reads, encodes and writes. O(text), in memory for one pair.
    ///
    /// - Parameters:
    ///   - corpus: where the pairs lie.
    ///   - directory: that of the shards.
    ///   - outerKind: kind of the results in which it may lie.
    ///   - work: the signal to stop, and where events go.
    ///   - willReplace: called with the manifest before shards that are there are replaced.
    /// - Returns: the manifest of the shards.
    func run(
        _ corpus: CorpusConfiguration, directory: String, within outerKind: ResultKind? = nil,
        work: WorkContext<PipelineEvent>,
        willReplace: (ShardManifest) throws -> Void = { _ in }
    ) throws -> ShardManifest {
        let split = ValidationSplit(fraction: corpus.validationFraction)
        let encoder = BytePairEncoder(template.vocabulary)
        var shards = ShardConfiguration()
        shards.endOfText = .none
        shards.allowSpecial = .none
        var reader = try PairReader(corpus, stop: work.stop)
        let claims = try reader.inputs.claim(
            [PlannedOutput(directory, .filled, .directory(.dataSet, within: outerKind))],
            quarantinePath: corpus.keptPath, work: work)
        defer { withExtendedLifetime(claims) {} }
        var writer = try ShardWriter(
            directory: directory, vocabulary: template.vocabulary, configuration: shards)
        var (losses, sources) = (Losses(), SourceCounts())
        while let pair = try reader.next() {
            try work.checkStop()
            let ids = try ids(of: pair, with: encoder)
            // The last token is predicted, and predicts nothing.
            guard ids.count - 1 <= windowLength else {
                losses.add(pair.origin, windowLength: windowLength)
                continue
            }
            let isHeldOut = split.isValidation(pair)
            try writer.append(
                ids.span, place: DocumentPlace(pair.origin.position),
                to: isHeldOut ? .validation : .train)
            sources.add(
                pair.origin, byteCount: pair.byteCount, isHeldOut: isHeldOut)
            if reader.progress.documents % 4_096 == 0 { report(reader.progress, work) }
        }
        report(reader.progress, work)
        reader.progress.reportBrokenFiles(work)
        guard !sources.isEmpty else {
            throw PipelineError.emptyCorpus(
                inputs: corpus.inputs,
                skipped: reader.progress.skippedLines + reader.progress.brokenFileCount
                    + losses.count,
                reason: losses.examples.first ?? reader.progress.examples.first)
        }
        let manifest = try writer.finish(
            sources: sources.sources,
            skipped: .init(
                lines: reader.progress.skippedLines + losses.count, emptyDocuments: 0,
                brokenFiles: reader.progress.brokenFileCount,
                damagedMembers: reader.progress.damagedMemberCount,
                examples: reader.progress.examples + losses.examples),
            willReplace: willReplace)
        notify(losses, skippedRecords: reader.progress.skippedLines, work: work)
        return manifest
    }

    private func ids(
        of pair: Pair, with encoder: BytePairEncoder
    ) throws(PipelineError) -> [TokenID] {
        do throws(TokenizationError) {
            return try template.encode(source: pair.source, target: pair.target, with: encoder)
        } catch {
            let isOfSource = (try? template.prompt(pair.source, with: encoder)) == nil
            throw .notEncodable(
                pair.origin, reason: "its \(isOfSource ? "source" : "target"): \(error)")
        }
    }

    private func report(_ progress: CorpusProgress, _ work: WorkContext<PipelineEvent>) {
        work.report(
            .progress(
                StageProgress(
                    activity: "pairs", completed: progress.bytesRead, total: progress.totalBytes,
                    unit: .bytes)))
    }

    private func notify(
        _ losses: Losses, skippedRecords: Int, work: WorkContext<PipelineEvent>
    ) {
        if skippedRecords > 0 {
            work.report(.notice("\(skippedRecords) records are no pairs and were skipped"))
        }
        guard let first = losses.examples.first else { return }
        work.report(
            .notice(
                """
                \(losses.count) pairs were left out because they are longer than the \
                \(windowLength) tokens of a window; the first is \(first)
                """))
    }
}

extension ValidationSplit {
    /// Whether a pair is held out. Pairs of one source stay on one side of the split: what is held
    /// out is new. O(its bytes).
    func isValidation(_ pair: Pair) -> Bool {
        isValidation(XXH64.hash(of: Array(pair.source.utf8).span))
    }
}
