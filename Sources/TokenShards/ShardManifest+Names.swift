extension ShardManifest {
    /// `train_000012.bin`.
    static func shardName(number: Int, split: Split) -> String {
        let digits = String(number)
        return
            "\(split.rawValue)_\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).bin"
    }

    /// The index that belongs to the shard at `path`.
    static func indexPath(of path: String) -> String {
        path.hasSuffix(".bin") ? path.dropLast(4) + ".idx" : path + ".idx"
    }

    /// Whether `name` is `train_` or `val_`, six or more digits, and an extension of ours; those of version
    /// 0.1 while it wrote are among them.
    package static func isShardFile(_ name: String) -> Bool {
        guard let underscore = name.firstIndex(of: "_"), let dot = name.firstIndex(of: "."),
            underscore < dot, Split(rawValue: String(name[..<underscore])) != nil
        else { return false }
        let digits = name[name.index(after: underscore)..<dot]
        return digits.count >= 6 && digits.allSatisfy(\.isNumber)
            && [".bin", ".idx", ".bin.partial", ".idx.partial"].contains(name[dot...])
    }
}
