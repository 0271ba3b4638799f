import TokenShards

/// How well a model predicts what came from one file.
public struct SourceResult: Equatable, Sendable {
    /// The file as it was named.
    public var path: String
    /// How well its documents are predicted.
    public var result: EvaluationResult
}

/// Adds up losses by the sources of the documents.
struct SourceTally {
    private let shards: [TokenShard]
    /// The number of each shard's first document in the split.
    private let firstDocument: [Int]
    /// The numbers of each source's documents in the split.
    private let numbers: [Range<Int>]
    private(set) var results: [SourceResult]

    /// A tally of the sources of a split; nil where there is one source only, or the data set does not
    /// know which documents are whose. O(documents).
    init?(_ set: ShardSet, _ split: Split) {
        guard set.manifest.sources.count > 1,
            let numbers = set.manifest.documentNumbers(ofSourcesIn: split)
        else { return nil }
        shards = set.shards(of: split)
        self.numbers = numbers
        var first = [0]
        for shard in shards { first.append(first.last! + shard.documentCount) }
        firstDocument = first
        results = set.manifest.sources.map {
            SourceResult(
                path: $0.path, result: .init(tokenCount: 0, byteCount: 0, totalLoss: 0))
        }
        for (number, shard) in shards.enumerated() {
            for document in 0..<shard.documentCount {
                let source = source(ofDocument: document, in: number)
                results[source].result.byteCount += shard.document(document).byteCount
            }
        }
    }

    /// The number of the source of a document of a shard. O(log sources).
    private func source(ofDocument document: Int, in shard: Int) -> Int {
        let number = firstDocument[shard] + document
        var (low, high) = (0, numbers.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if numbers[middle].lowerBound <= number { low = middle } else { high = middle }
        }
        return low
    }

    /// Adds the losses of a window's predictions, one for each of its positions.
    mutating func add(_ window: Window, _ losses: ArraySlice<Float>) {
        let shard = shards[window.shard]
        var document = shard.document(containing: window.start + window.alreadyScored + 1)
        var source = source(ofDocument: document, in: window.shard)
        for position in window.alreadyScored..<window.length {
            let target = window.start + position + 1
            while document + 1 < shard.documentCount,
                target >= shard.document(document + 1).firstToken
            {
                document += 1
                source = self.source(ofDocument: document, in: window.shard)
            }
            results[source].result.tokenCount += 1
            results[source].result.totalLoss += Double(losses[losses.startIndex + position])
        }
    }
}
