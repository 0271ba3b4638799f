/// Which source each document of a split came from.
public struct SourceFinder: Sendable {
    private let paths: [String]
    /// The numbers of each source's documents in the split.
    private let numbers: [Range<Int>]
    /// The number of each shard's first document in the split.
    private let firstDocument: [Int]

    /// A finder for a split of `set`; nil where the data set does not know which documents are whose.
    /// O(sources + shards).
    public init?(_ set: ShardSet, _ split: Split) {
        guard let numbers = set.manifest.documentNumbers(ofSourcesIn: split), !numbers.isEmpty
        else { return nil }
        self.numbers = numbers
        paths = set.manifest.sources.map(\.path)
        var first = [0]
        for shard in set.shards(of: split) { first.append(first.last! + shard.documentCount) }
        firstDocument = first
    }

    /// The path of the source of a document, by its number in its shard. O(log sources).
    public func path(ofDocument document: Int, inShard shard: Int) -> String {
        paths[source(ofDocument: document, inShard: shard)]
    }

    /// The number of the source of a document, by its number in its shard. O(log sources).
    public func source(ofDocument document: Int, inShard shard: Int) -> Int {
        let number = firstDocument[shard] + document
        var (low, high) = (0, numbers.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if numbers[middle].lowerBound <= number { low = middle } else { high = middle }
        }
        return low
    }
}
