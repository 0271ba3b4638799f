import Bytes
import Tokenization

/// Scan of every id of a foreign file.
struct ForeignScan {
    /// Places of end-of-text tokens.
    private(set) var endsOfText: [Int] = []
    /// Bytes of the text of its ids.
    private(set) var byteCount = 0
    /// The XXH64 of its ids as they are stored.
    let checksum: UInt64

    /// Reads `shard`. O(tokens).
    ///
    /// - Parameters:
    ///   - tokenLengths: the bytes of each id's text; 0 for special tokens.
    ///   - endOfText: the id that divides documents, if the vocabulary has one.
    /// - Throws: ``ShardError/foreign(path:reason:)`` for an id that the vocabulary does not have.
    init(
        _ shard: TokenShard, tokenLengths: [Int], endOfText: TokenID?
    ) throws(ShardError) {
        checksum = shard.withTokenBytes(0..<shard.tokenCount) { XXH64.hash(of: $0) }
        let blockCount = 1 << 16
        var block = [TokenID](repeating: 0, count: blockCount)
        var start = 0
        while start < shard.tokenCount {
            let count = min(blockCount, shard.tokenCount - start)
            shard.copyTokens(start..<start + count, into: &block)
            for position in 0..<count {
                let id = block[position]
                guard id.index < tokenLengths.count else {
                    throw .foreign(
                        path: shard.path,
                        reason: """
                            token \(start + position) is \(id), and the vocabulary has \
                            \(tokenLengths.count) tokens: give the vocabulary that the ids belong to
                            """)
                }
                byteCount += tokenLengths[id.index]
                if id == endOfText { endsOfText.append(start + position) }
            }
            start += count
        }
    }

    /// The first token of each document of `file`, whose end-of-text tokens stand as `policy` says.
    func documentStarts(of file: ForeignFile, _ policy: EndOfTextPolicy) -> [Int] {
        if let known = file.documentStarts { return known }
        guard file.tokenCount > 0 else { return [] }
        let starts = policy == .before ? endsOfText : endsOfText.map { $0 + 1 }
        // A file may begin inside a document whose first part stands in another.
        return [0] + starts.filter { $0 > 0 && $0 < file.tokenCount }
    }

    /// Place of end-of-text tokens in all of `files`: before documents, behind them, or none.
    static func policy(of files: [ForeignFile], _ scans: [ForeignScan]) -> EndOfTextPolicy {
        guard scans.contains(where: { !$0.endsOfText.isEmpty }) else { return .none }
        guard files.allSatisfy({ $0.documentStarts != nil }) else {
            return scans.contains { $0.endsOfText.first == 0 } ? .before : .after
        }
        var (isBefore, isAfter) = (true, true)
        for (file, scan) in zip(files, scans) {
            let ends = Set(scan.endsOfText)
            let starts = file.documentStarts ?? []
            isBefore = isBefore && starts.allSatisfy { ends.contains($0) }
            let next = starts.dropFirst() + [file.tokenCount]
            isAfter = isAfter && next.allSatisfy { ends.contains($0 - 1) }
        }
        return isBefore ? .before : isAfter ? .after : .none
    }
}
