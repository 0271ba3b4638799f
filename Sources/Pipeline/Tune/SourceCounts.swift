import Corpora
import TokenShards

/// Counts of each file's documents in shards that are written one document after another.
struct SourceCounts {
    private(set) var sources: [ShardManifest.Source] = []

    var isEmpty: Bool { sources.isEmpty }

    /// A document of a file, the files one after another.
    mutating func add(_ origin: DocumentOrigin, byteCount: Int, isHeldOut: Bool) {
        if sources.last?.path != origin.path {
            sources.append(
                .init(path: origin.path, documents: 0, validationDocuments: 0, bytes: 0))
        }
        let last = sources.count - 1
        sources[last].documents += 1
        sources[last].bytes += byteCount
        if isHeldOut { sources[last].validationDocuments? += 1 }
    }
}
