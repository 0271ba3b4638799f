package import Files
import Foundation

/// State of the shards of a part: with it and their files, another process goes on.
package struct PartState: Codable, Equatable, Sendable {
    /// Shards that are full, or the last of their split, in the order in which they were closed.
    package internal(set) var shards: [ShardManifest.Shard] = []
    /// Shards that are being written, at most one a split.
    var open: [OpenShard.State] = []
    /// Sums over the training documents.
    package internal(set) var train = ShardManifest.Totals()
    /// Sums over the validation documents.
    package internal(set) var validation = ShardManifest.Totals()

    enum CodingKeys: String, CodingKey {
        case shards, open, train
        case validation = "val"
    }

    /// No shards.
    package init() {}

    /// Throws unless the closed shards are in `directory`, each with the bytes it should have.
    /// O(shards).
    package func checkSizes(in directory: String, format: ShardFormat) throws {
        for shard in shards {
            let path = directory + "/" + shard.name
            let sizes = [
                (path, ShardHeader.byteCount + shard.tokens * format.width.byteCount),
                (
                    ShardManifest.indexPath(of: path),
                    DocumentIndex.headerByteCount + shard.documents * DocumentIndex.entryByteCount
                ),
            ]
            for (path, expected) in sizes {
                let byteCount = try OpenFile(path: path).byteCount
                guard byteCount == expected else {
                    throw ShardError.badShard(
                        path: path, reason: "it has \(byteCount) bytes, not \(expected)")
                }
            }
        }
    }
}

/// A state, and the files that have to be synced before it holds.
package struct PartSnapshot: Sendable {
    /// State of the shards.
    package let state: PartState
    /// Files that may hold bytes which are not on the disk yet.
    package let files: [GrowingFile]
}

/// Writes the shards of one part of a data set into a directory of their own.
///
/// The bytes depend on the documents and their order alone. Nothing is synced here: that is for the
/// caller who writes down a ``PartSnapshot``. Shards are numbered from 0 in each split;
/// ``DataSetAssembly`` gives them their last names.
package struct PartWriter: ~Copyable {
    private let directory: String
    private let format: ShardFormat
    private var state: PartState
    private var open: [Split: OpenShard] = [:]
    /// Files of shards that were closed since the last snapshot.
    private var closedFiles: [GrowingFile] = []

    /// Starts a part in `directory`, which is emptied, or goes on from `state`, which must be what
    /// an earlier writer there came to.
    ///
    /// - Throws: ``ShardError`` when the files do not hold what the state says. O(bytes of open
    ///   shards).
    package init(
        directory: String, format: ShardFormat, continuing state: PartState = PartState()
    ) throws {
        try FileSystem.makeDirectory(directory)
        let kept = Set(
            (state.shards.map(\.name) + state.open.map(\.name)).flatMap {
                [$0, ShardManifest.indexPath(of: $0)]
            })
        for name in try FileSystem.namesInDirectory(directory)
        where ShardManifest.isShardFile(name) && !kept.contains(name) {
            try FileSystem.removeItem(directory + "/" + name)
        }
        try state.checkSizes(in: directory, format: format)
        for shard in state.open {
            open[shard.split] = try OpenShard(
                directory: directory, continuing: shard, width: format.width)
        }
        self.directory = directory
        self.format = format
        self.state = state
    }

    /// Appends documents. O(ids).
    package mutating func append(_ documents: borrowing PackedDocuments) throws {
        var rest = documents.entries[...]
        try documents.withBytes { bytes in
            var start = 0
            while let split = rest.first?.split {
                let fitting = try makeRoom(for: rest, in: split)
                let tokenCount = fitting.reduce(0) { $0 + $1.tokenCount }
                let end = start + tokenCount * format.width.byteCount
                try open[split]!.append(bytes.extracting(start..<end), of: fitting)
                for entry in fitting {
                    if split == .train {
                        state.train.add(entry)
                    } else {
                        state.validation.add(entry)
                    }
                }
                start = end
                rest = rest[fitting.endIndex...]
            }
        }
    }

    /// The documents that `entries` begin with, at least one, as many as go to the same shard of
    /// `split`: the open one or, if it has no room for the first, a new one. O(their number).
    private mutating func makeRoom(
        for entries: ArraySlice<PackedDocuments.Entry>, in split: Split
    ) throws -> ArraySlice<PackedDocuments.Entry> {
        func fitting(behind tokenCount: Int) -> ArraySlice<PackedDocuments.Entry> {
            var tokenCount = tokenCount
            return entries.prefix { entry in
                // A document that does not fit into a shard has one of its own nevertheless.
                guard entry.split == split,
                    tokenCount == 0 || tokenCount + entry.tokenCount <= format.tokensPerShard
                else { return false }
                tokenCount += entry.tokenCount
                return true
            }
        }
        if let tokenCount = open[split]?.tokenCount {
            let found = fitting(behind: tokenCount)
            if !found.isEmpty { return found }
            try closeShard(of: split)
        }
        let number = state.shards.count { $0.split == split }
        open[split] = try OpenShard(
            directory: directory, name: ShardManifest.shardName(number: number, split: split),
            split: split)
        return fitting(behind: 0)
    }

    /// Files that may hold bytes which are not on the disk yet.
    package var unsyncedFiles: [GrowingFile] {
        closedFiles + Split.allCases.flatMap { open[$0]?.files ?? [] }
    }

    private mutating func closeShard(of split: Split) throws {
        guard var shard = open.removeValue(forKey: split) else { return }
        closedFiles += shard.files
        state.shards.append(try shard.close(format: format))
    }

    /// State of the shards now.
    package mutating func snapshot() throws -> PartSnapshot {
        let files = unsyncedFiles
        closedFiles = []
        state.open = []
        for split in Split.allCases where open[split] != nil {
            state.open.append(try open[split]!.flushedState())
        }
        return PartSnapshot(state: state, files: files)
    }

    /// Closes the last shards. No document may follow.
    package mutating func finish() throws -> PartSnapshot {
        for split in Split.allCases { try closeShard(of: split) }
        return try snapshot()
    }
}

extension ShardManifest.Totals {
    mutating func add(_ entry: PackedDocuments.Entry) {
        tokens += entry.tokenCount
        bytes += entry.byteCount
        documents += 1
    }

    /// The sums of both.
    static func += (left: inout Self, right: Self) {
        left.tokens += right.tokens
        left.documents += right.documents
        left.bytes += right.bytes
    }
}
