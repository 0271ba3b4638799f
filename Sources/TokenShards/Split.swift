/// A part of a data set.
public enum Split: String, Codable, Sendable, CaseIterable {
    /// Documents that the model learns from.
    case train
    /// Documents that it is judged by.
    case validation = "val"
}

extension ShardManifest {
    /// `train_000012.bin`.
    static func shardName(number: Int, split: Split) -> String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, 6 - digits.count))
        return "\(split.rawValue)_\(zeros)\(digits).bin"
    }

    /// The index that belongs to the shard at `path`.
    static func indexPath(of path: String) -> String {
        path.hasSuffix(".bin") ? path.dropLast(4) + ".idx" : path + ".idx"
    }

    /// Whether `name` is `train_` or `val_`, six or more digits, and an extension of ours; those of
    /// version 0.1 while it wrote are among them.
    package static func isShardFile(_ name: String) -> Bool {
        guard let underscore = name.firstIndex(of: "_"), let dot = name.firstIndex(of: "."),
            underscore < dot, Split(rawValue: String(name[..<underscore])) != nil
        else { return false }
        let digits = name[name.index(after: underscore)..<dot]
        return digits.count >= 6 && digits.allSatisfy(\.isNumber)
            && [".bin", ".idx", ".bin.partial", ".idx.partial"].contains(name[dot...])
    }
}

/// Finder of the source that each document of a split came from.
package struct SourceFinder: Sendable {
    private let paths: [String]
    /// The numbers of each source's documents in the split.
    private let numbers: [Range<Int>]
    /// The number of each shard's first document in the split.
    private let firstDocument: [Int]

    /// A finder for a split of `set`; nil where the data set does not know which documents are
    /// whose. O(sources + shards).
    package init?(_ set: ShardSet, _ split: Split) {
        guard let numbers = set.manifest.documentNumbers(ofSourcesIn: split), !numbers.isEmpty
        else { return nil }
        self.numbers = numbers
        paths = set.manifest.sources.map(\.path)
        var first = [0]
        for shard in set.shards(of: split) { first.append(first.last! + shard.documentCount) }
        firstDocument = first
    }

    /// The path of the source of a document, by its number in its shard. O(log sources).
    package func path(ofDocument document: Int, inShard shard: Int) -> String {
        paths[source(ofDocument: document, inShard: shard)]
    }

    /// The number of the source of a document, by its number in its shard. O(log sources).
    package func source(ofDocument document: Int, inShard shard: Int) -> Int {
        let number = firstDocument[shard] + document
        var (low, high) = (0, numbers.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if numbers[middle].lowerBound <= number { low = middle } else { high = middle }
        }
        return low
    }
}
