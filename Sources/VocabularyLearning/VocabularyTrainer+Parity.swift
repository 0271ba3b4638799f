public import Tokenization

extension VocabularyTrainer {
    /// Learns from several sources, such as languages, so that none is compressed much worse than
    /// the others, however much more of them there is.
    ///
    /// Each merge is the most frequent pair of the source that has the fewest bytes a token by
    /// then, or, with `parallel`, of the one whose text of the same content has the most tokens; of
    /// equals the first. A source without a frequent pair is left out from there on. The result is
    /// an ordinary list of merges. About O(bytes of the distinct pieces of all · log of the pairs).
    ///
    /// Source: Foroutan and others, Parity-Aware Byte-Pair Encoding,
    /// <https://arxiv.org/abs/2508.04796>.
    ///
    /// - Parameters:
    ///   - sources: counts of each.
    ///   - parallel: counts of texts that say the same, one for each source; none to compare bytes
    ///     a token, which is unfair to scripts of few bytes a character.
    ///   - progress: told now and then how many merges are done, of how many; may throw to end the
    ///     work.
    /// - Returns: the vocabulary, and for each source the bytes of all its text and its tokens.
    /// - Throws: as `train(_:threadCount:progress:)`, and `TokenizationError.invalidConfiguration`
    ///   for words and characters, and where `parallel` has not as many counts as there are
    ///   sources.
    public func train(
        parity sources: [PieceCountsFile], parallel: [PieceCountsFile] = [],
        progress: (_ mergesDone: Int, _ mergesWanted: Int) throws -> Void = { _, _ in }
    ) throws -> (vocabulary: Vocabulary, compression: [(byteCount: UInt64, tokenCount: UInt64)]) {
        guard configuration.model == .bpe, !sources.isEmpty else {
            throw TokenizationError.invalidConfiguration(
                reason: "parity between sources is for \"model\": \"bpe\"")
        }
        guard parallel.isEmpty || parallel.count == sources.count else {
            throw TokenizationError.invalidConfiguration(
                reason: "\(parallel.count) counts of parallel texts are given for "
                    + "\(sources.count) sources")
        }
        try checkWordsAlone()
        let wanted = mergeLimit
        let learned = try sources.map { try paritySource($0) }
        let measured = try parallel.isEmpty ? learned : parallel.map { try paritySource($0) }
        func isWorse(_ first: Int, than second: Int) -> Bool {
            parallel.isEmpty
                ? measured[first].isWorse(than: measured[second])
                : measured[first].tokenCount > measured[second].tokenCount
        }
        var merges: [MergePair] = []
        while merges.count < wanted {
            var worst: Int?
            for index in learned.indices where !learned[index].isExhausted {
                if worst.map({ isWorse(index, than: $0) }) ?? true { worst = index }
            }
            guard let worst else { break }
            guard let pair = learned[worst].learn(atLeast: UInt64(configuration.minimumFrequency))
            else { continue }
            for (index, source) in learned.enumerated() where index != worst {
                source.replay(pair)
            }
            if !parallel.isEmpty { for source in measured { source.replay(pair) } }
            merges.append(pair)
            if merges.count % 64 == 0 { try progress(merges.count, wanted) }
        }
        try progress(merges.count, wanted)
        func sum(_ counts: (ParitySource) -> [UInt64]) -> [UInt64] {
            learned.map(counts).reduce(nil) { (sum: [UInt64]?, counts) in
                sum.map { zip($0, counts).map { $0 &+ $1 } } ?? counts
            } ?? []
        }
        let vocabulary = try vocabulary(
            of: merges, counts: sum(\.mergeCounts), byteCounts: sum(\.byteCounts))
        return (vocabulary, learned.map { ($0.byteCount, $0.tokenCount) })
    }

    private func paritySource(_ file: PieceCountsFile) throws -> ParitySource {
        try check(file)
        return ParitySource(
            try PieceRows(file, bytesInOrder: configuration.tieRule.bytesInOrder),
            mergeLimit: mergeLimit, maximumTokenLength: configuration.maximumTokenLength,
            keepsShorter: keepsShorter)
    }
}
