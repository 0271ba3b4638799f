import TokenShards
import Tokenization

extension Reader {
    /// Readers of data sets: our own, and those of other programs.
    static let shards: [Reader] = [
        .file("shard-ids", "shards", "train_000000.bin") { try walk(ShardSet(directory: $0)) },
        .file("shard-index", "shards", "train_000000.idx") { try walk(ShardSet(directory: $0)) },
        .file("shard-manifest", "shards", "manifest.json") { try walk(ShardSet(directory: $0)) },
        foreign("megatron-ids", "megatron", "data.bin"),
        foreign("megatron-index", "megatron", "data.idx"),
        foreign("raw-ids", "raw", "train.bin"),
        foreign("headed-ids", "headed", "data_train_000000.bin"),
    ]

    private static let small = Result { try learned(with: .gpt4) }

    private static func foreign(_ name: String, _ scene: String, _ file: String) -> Reader {
        .file("shards-" + name, scene, file) { folder in
            try walk(ShardSet(directory: folder, vocabulary: small.get()))
        }
    }

    /// Visits every document and every window.
    private static func walk(_ set: ShardSet) throws {
        for split in Split.allCases {
            for shard in set.shards(of: split) {
                for number in 0..<shard.documentCount {
                    let range = shard.tokenRange(ofDocument: number)
                    precondition(shard.tokens(range).count == range.count)
                    precondition(shard.text(ofDocument: number).count <= range.count)
                }
            }
            let windows = set.windows(in: split, length: 8, stride: 8)
            for number in 0..<windows.count { precondition(windows[number].length <= 8) }
        }
        try set.verifyChecksums()
    }
}
