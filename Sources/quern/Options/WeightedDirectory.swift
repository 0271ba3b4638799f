import ArgumentParser
import Pipeline
import TokenShards
import Tokenization

/// A data set's directory and its weight among others: `shards/web=0.7`.
struct WeightedDirectory: ExpressibleByArgument {
    let path: String
    let weight: Double

    /// A directory and its weight.
    init(_ path: String, weight: Double = 1) {
        self.path = path
        self.weight = weight
    }

    /// The directory, and after the last `=` its weight, which must be positive.
    init?(argument: String) {
        guard let sign = argument.lastIndex(of: "="),
            let weight = Double(argument[argument.index(after: sign)...])
        else {
            self.init(argument)
            return
        }
        guard weight > 0, weight.isFinite else { return nil }
        self.init(String(argument[..<sign]), weight: weight)
    }
}

extension Mixture {
    /// The data sets in `directories`.
    init(_ directories: [WeightedDirectory], vocabulary: Vocabulary?) throws {
        try self.init(
            directories.map {
                let path = try ShardPlace.path(of: $0.path)
                return WeightedShards(
                    name: path, set: try ShardSet(directory: path, vocabulary: vocabulary),
                    weight: $0.weight)
            })
    }
}
