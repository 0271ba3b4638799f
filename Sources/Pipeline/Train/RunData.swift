import Files
import Foundation
public import TokenShards
public import Tokenization

/// The data sets that a run learns from: `data.json` in its directory.
///
/// It stands apart from the checkpoints, whose bytes do not depend on where the shards lie.
public struct RunData: Codable, Sendable, Equatable {
    /// A data set and its weight.
    public struct Source: Codable, Sendable, Equatable {
        /// Its name in reports.
        public var name: String
        /// Its directory, as it was named when the run began or went on.
        public var directory: String
        /// Its share of what is learned from, in proportion to the others' weights.
        public var weight: Double
    }

    /// The data sets.
    public var sources: [Source]

    /// The name of the file.
    static let fileName = "data.json"

    /// The data sets of a mixture.
    init(_ data: Mixture) {
        sources = data.sources.map {
            Source(name: $0.name, directory: $0.set.directory, weight: $0.weight)
        }
    }

    /// The data sets of the run in `runDirectory`; nil where they are not known. A run of a
    /// pipeline that has no such file is known by the pipeline's records.
    public init?(runDirectory: String) {
        if let data = FileSystem.contentsIfReadable(runDirectory + "/" + Self.fileName),
            let read = try? StrictJSON.decode(RunData.self, from: data),
            !read.sources.isEmpty
        {
            self = read
            return
        }
        let directories = StageLedger(directory: runDirectory).shardDirectories
        guard directories.count == 1 else { return nil }
        sources = [Source(name: directories[0], directory: directories[0], weight: 1)]
    }

    /// The data sets, which must have been made with `vocabulary`.
    public func mixture(vocabulary: Vocabulary?) throws -> Mixture {
        try Mixture(
            sources.map {
                WeightedShards(
                    name: $0.name,
                    set: try ShardSet(directory: $0.directory, vocabulary: vocabulary),
                    weight: $0.weight)
            })
    }

    /// Writes the file into `runDirectory`.
    func write(to runDirectory: String) throws {
        try FileReplacement.writeJSON(self, to: runDirectory + "/" + Self.fileName)
    }
}
