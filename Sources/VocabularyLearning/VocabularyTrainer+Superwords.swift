import Bytes
public import Tokenization
import Work

extension VocabularyTrainer {
    /// How much learning of superwords may use.
    public struct SuperwordLimits: Sendable {
        /// The memory of all, in bytes: runs that need more go to the disk.
        public var byteCount: Int
        /// Beside this path they go.
        public var path: String
        /// Threads to use. The result does not depend on it.
        public var threadCount: Int
        /// The least count to begin with; nil to choose. The result does not depend on it.
        var firstCount: UInt64?

        /// Limits of memory and threads.
        public init(byteCount: Int, beside path: String, threadCount: Int) {
            self.byteCount = byteCount
            self.path = path
            self.threadCount = threadCount
        }

        /// Throws unless a learner of so many cells, and neighbours among them, can have the memory
        /// that it needs.
        func check(_ cellCount: Int, _ neighborCount: Int) throws(TokenizationError) {
            let needed =
                cellCount * 4 + cellCount / 8
                + PlaceLists.capacity(neighborCount: neighborCount) * 4
            guard needed <= byteCount else {
                throw .notEnoughMemory(
                    needed: ByteSize(byteCount: needed).roundedUp,
                    limit: ByteSize(byteCount: byteCount), pieceCount: cellCount)
            }
        }
    }

    /// Learns words first, and then superwords, whose tokens may join words.
    ///
    /// Until there are ``VocabularyConfiguration/superwordsFrom`` tokens, the merges are those of
    /// `words` alone. Then it goes on in the same way on `texts`, which `SplitPattern.superbpe` cut
    /// at numbers only, with all merges so far made there. The result cuts texts so, too.
    /// About O(bytes of the distinct texts), and once more when the merges reach rarer pairs than
    /// was expected.
    ///
    /// Source: Liu and others, SuperBPE: Space Travel for Language Models,
    /// <https://arxiv.org/abs/2503.13423>. Their program leaves out merges of words of which the
    /// texts have not one pair; here all stay. That runs of tokens can be counted as words are was
    /// shown by Tanner and others, Faster Superword Tokenization,
    /// <https://arxiv.org/abs/2604.05192>.
    ///
    /// - Parameters:
    ///   - words: counts of pieces that the configuration's pattern cut.
    ///   - texts: counts of pieces of `SplitPattern/superbpe`.
    ///   - limits: memory and threads.
    ///   - progress: told now and then what is done, how much of it, and of how much; may throw to
    ///     end the work.
    /// - Throws: as for words alone, and `TokenizationError.invalidConfiguration` where the
    ///   configuration does not say from which token on superwords are learned.
    public func train(
        _ words: PieceCountsFile, superwords texts: PieceCountsFile,
        limits: SuperwordLimits,
        progress: (SuperwordStep, _ done: Int, _ wanted: Int) throws -> Void = { _, _, _ in }
    ) throws -> Vocabulary {
        try check(words)
        guard let transition = configuration.superwordsFrom else {
            throw TokenizationError.invalidConfiguration(
                reason: "superwords_from says from which token on superwords are learned")
        }
        guard texts.pattern == .superbpe else {
            throw TokenizationError.differentPatterns(
                "superwords: \(SplitPattern.superbpe.rawValue)",
                "\(texts.path): \(texts.pattern.rawValue)")
        }
        var learned = try learnMerges(
            PieceRows(words, bytesInOrder: configuration.tieRule.bytesInOrder),
            transition - specials.count - 256, on: team(limits.threadCount)
        ) { done, _ in try progress(.merging, done, mergeLimit) }
        let base = try vocabulary(
            of: learned.merges, counts: learned.counts, byteCounts: learned.byteCounts,
            pattern: .superbpe)
        let added = try superwords(
            texts, base, wanted: mergeLimit - learned.merges.count, limits, progress)
        learned.merges += added.merges
        learned.counts += added.counts
        return try vocabulary(
            of: learned.merges, counts: learned.counts, byteCounts: learned.byteCounts,
            pattern: .superbpe)
    }

    /// The first `wanted` merges behind those of `base`, of a learner's tokens.
    private func superwords(
        _ texts: PieceCountsFile, _ base: Vocabulary, wanted: Int, _ limits: SuperwordLimits,
        _ progress: (SuperwordStep, Int, Int) throws -> Void
    ) throws -> (merges: [MergePair], counts: [UInt64]) {
        let minimumCount = UInt64(max(1, configuration.minimumFrequency))
        // A learner numbers bytes as the tie rule says, and what it learned behind them.
        var numbers = (0..<UInt32(base.count)).map { $0 &- UInt32(specials.count) }
        var lengths = [UInt32](repeating: 1, count: base.count - specials.count)
        for (number, byte) in configuration.tieRule.bytesInOrder.enumerated() {
            numbers[Int(base.tokens.byteTokens[Int(byte)])] = UInt32(number)
        }
        for id in specials.count..<base.count {
            lengths[Int(numbers[id])] = UInt32(base.tokens.byteCount(of: id))
        }
        let tokenized = TokenizedTexts(texts, base, threadCount: limits.threadCount)
        let tally = try SuperwordTally(tokenized) {
            try progress(.counting, $0, texts.pieceByteCount)
        }
        var least = limits.firstCount ?? tally.count(ofPairs: Self.pairCount(for: wanted))
        least = max(minimumCount, least)
        var tries = 0
        while true {
            let runs = PieceRuns(
                .superbpe, beside: limits.path,
                counterByteCount: limits.byteCount / limits.threadCount)
            let rows: PieceRows =
                switch try tally.takeRuns(
                    of: least, numbers: numbers, spillingTo: runs,
                    progress: { try progress(.collecting, $0, texts.pieceByteCount) })
                {
                case .inMemory(let counts):
                    try PieceRows(ofTokens: counts, willAllocate: limits.check)
                case .onDisk(let file):
                    try PieceRows(ofTokens: file, willAllocate: limits.check)
                }
            var learner = MergeLearner(
                rows, of: lengths, mergeLimit: wanted, minimumCount: least,
                maximumTokenLength: configuration.maximumTokenLength, keepsShorter: keepsShorter)
            let before = mergeLimit - wanted
            while learner.merges.count < wanted, learner.learn() {
                if learner.merges.count % 64 == 0 {
                    try progress(.merging, before + learner.merges.count, mergeLimit)
                }
            }
            try progress(.merging, before + learner.merges.count, mergeLimit)
            guard learner.merges.count < wanted, least > minimumCount else {
                return (learner.merges, learner.mergeCounts)
            }
            let guess = Self.count(below: least, learner.merges.count, wanted)
            least = max(minimumCount, tries == 0 ? guess : min(guess, least / 3))
            tries += 1
        }
    }

    /// Pairs of neighbours among which the last that is merged most likely is.
    private static func pairCount(for wanted: Int) -> Int { 4 * wanted + 1024 }

    /// A count of which there most likely are all merges that are wanted, where `least` gave only
    /// some: counts fall no faster than merges become more. Of too low a count there may be more
    /// runs than memory holds, so it is an eighth at least.
    private static func count(below least: UInt64, _ done: Int, _ wanted: Int) -> UInt64 {
        let share = UInt64(max(125, 700 * done / wanted))
        let (high, low) = least.multipliedFullWidth(by: share)
        return min(least - 1, UInt64(1000).dividingFullWidth((high, low)).quotient)
    }

    /// Memory, in bytes, that learning of superwords takes besides what
    /// ``SuperwordLimits/byteCount`` bounds.
    public static func superwordOverhead(threadCount: Int) -> Int {
        // The caches of an encoder, a table of neighbours, and texts that wait.
        let thread = (80 << 20) + SuperwordTally.tableByteCount + TokenizedTexts.threadByteCount
        return SuperwordTally.tableByteCount + threadCount * thread
    }
}

/// What learning of superwords does at a time.
public enum SuperwordStep: Sendable {
    /// Counting neighbours in the texts.
    case counting
    /// Collecting runs of frequent ones.
    case collecting
    /// Merging.
    case merging
}
