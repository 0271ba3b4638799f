public import Corpora
import Foundation
public import TokenShards
public import Tokenization
public import Training

/// Packs a corpus into shards.
public enum EncodingStage {
    /// Ids of the documents of a chunk, one after the other.
    private struct EncodedChunk: Sendable {
        var ids: [UInt32] = []
        var documents:
            [(
                count: Int, byteCount: Int, contentHash: UInt64, place: DocumentPlace, split: Split
            )] = []
        /// Documents that are held out, by the file they come from.
        var heldOut: [String: Int] = [:]
    }

    /// Throws unless documents can be packed this way.
    static func validate(_ shards: ShardConfiguration) throws {
        guard shards.tokensPerShard > 0 else {
            throw PipelineError.badValue(key: "shards.tokens_per_shard", reason: "must be positive")
        }
    }

    /// Encodes in parallel, writes in the documents' order, and closes with the manifest.
    ///
    /// The bytes do not depend on `threadCount`.
    public static func run(
        corpus: CorpusConfiguration, vocabulary: Vocabulary, shards: ShardConfiguration,
        directory: String, threadCount: Int, stop: StopSignal,
        report: (PipelineEvent) -> Void
    ) async throws -> ShardManifest {
        guard shards.endOfText == .none || vocabulary.endOfText != nil else {
            throw PipelineError.badValue(
                key: "shards.end_of_text",
                reason: "the vocabulary has no end-of-text token; choose \"none\"")
        }
        try validate(shards)
        try shards.allowSpecial.validate(for: vocabulary)
        let manager = FileManager.default
        let isNew = !manager.fileExists(atPath: directory)
        do {
            return try await write(
                corpus: corpus, vocabulary: vocabulary, shards: shards, directory: directory,
                threadCount: threadCount, stop: stop, report: report)
        } catch {
            // What failed takes its shards back; a directory that was made for them goes too.
            if isNew, (try? manager.contentsOfDirectory(atPath: directory)) == [] {
                try? manager.removeItem(atPath: directory)
            }
            throw error
        }
    }

    private static func write(
        corpus: CorpusConfiguration, vocabulary: Vocabulary, shards: ShardConfiguration,
        directory: String, threadCount: Int, stop: StopSignal,
        report: (PipelineEvent) -> Void
    ) async throws -> ShardManifest {
        let split = ValidationSplit(fraction: corpus.validationFraction)
        let encoders = Pool { BytePairEncoder(vocabulary) }
        var heldOut: [String: Int] = [:]
        var reader = try CorpusReader(corpus, threadCount: threadCount)
        var writer = try ShardWriter(
            directory: directory, vocabulary: vocabulary, configuration: shards)
        try await forEachChunk(of: &reader, threadCount: threadCount, stop: stop) { documents in
            encoders.withItem { encoder in
                var chunk = EncodedChunk()
                for document in documents {
                    let start = chunk.ids.count
                    let isHeldOut = split.isValidation(document.contentHash)
                    if isHeldOut { chunk.heldOut[document.origin.path, default: 0] += 1 }
                    encoder.encode(
                        document.text.span, specials: shards.allowSpecial, into: &chunk.ids)
                    chunk.documents.append(
                        (
                            chunk.ids.count - start, document.text.count, document.contentHash,
                            DocumentPlace(document.origin.position),
                            isHeldOut ? .validation : .train
                        ))
                }
                return chunk
            }
        } consume: { chunk, progress in
            heldOut.merge(chunk.heldOut, uniquingKeysWith: +)
            var start = 0
            for document in chunk.documents {
                try writer.append(
                    chunk.ids.span.extracting(start..<start + document.count),
                    byteCount: document.byteCount, contentHash: document.contentHash,
                    place: document.place, to: document.split)
                start += document.count
            }
            report(.progress(StageProgress(activity: "encoding", reading: progress)))
        }
        let progress = reader.progress
        guard progress.documents > 0 else {
            throw PipelineError.emptyCorpus(inputs: corpus.inputs)
        }
        // A file that was named twice cannot be told from itself.
        let isCounted = Set(progress.sources.map(\.path)).count == progress.sources.count
        return try writer.finish(
            sources: progress.sources.map {
                .init(
                    path: $0.path, documents: $0.documents,
                    validationDocuments: isCounted ? heldOut[$0.path] ?? 0 : nil,
                    bytes: $0.textBytes)
            },
            skipped: .init(
                lines: progress.skippedLines, quarantinedLines: progress.quarantinedLines,
                emptyDocuments: progress.emptyDocuments,
                invalidUTF8Documents: progress.invalidUTF8Documents,
                examples: progress.skipped.map(\.description)))
    }
}

extension DocumentPlace {
    init(_ position: DocumentOrigin.Position) {
        self =
            switch position {
            case .line(let number): .line(number)
            case .part(let number): .part(number)
            case .item(let number): .item(number)
            }
    }
}
