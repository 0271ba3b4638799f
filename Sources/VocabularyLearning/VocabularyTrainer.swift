public import Tokenization
import Work

/// Learns a vocabulary from counts of pieces.
///
/// Words and characters are the most frequent pieces, by falling count. For a BPE, starting from
/// single bytes, the most frequent pair of neighbours becomes a token, again and again. Among
/// equally frequent pairs the one with the smallest left id, then right id, goes first, as in
/// Hugging Face's `BpeTrainer`. Special tokens come first, then the bytes in the order of their
/// characters, then what was learned. The result depends on the counts alone, never on the order in
/// which they were made.
///
/// ```swift
/// let counter = PieceCounter(.gpt4)
/// counter.count(text.span)
/// let vocabulary = try VocabularyTrainer(VocabularyConfiguration()).train(counter.takeCounts())
/// ```
public struct VocabularyTrainer: Sendable {
    /// Settings of the vocabulary to be learned.
    public let configuration: VocabularyConfiguration

    /// A trainer for `configuration`.
    ///
    /// - Throws: `TokenizationError.invalidConfiguration`.
    public init(_ configuration: VocabularyConfiguration) throws(TokenizationError) {
        try configuration.validate()
        self.configuration = configuration
    }

    /// About how much memory learning takes, in bytes. Counting can do with less, learning cannot.
    ///
    /// - Parameters:
    ///   - pieceCount: distinct pieces.
    ///   - pieceByteCount: bytes of the distinct pieces.
    ///   - threadCount: threads that learn.
    public func memoryEstimate(
        pieceCount: Int, pieceByteCount: Int, threadCount: Int = 1
    ) -> Int {
        guard configuration.model == .bpe else {
            return FrequentPieces.memoryEstimate(
                pieceCount: pieceCount, pieceByteCount: pieceByteCount,
                limit: configuration.vocabularySize)
        }
        return LearningMemory.estimate(
            pieceCount: pieceCount, pieceByteCount: pieceByteCount,
            vocabularySize: configuration.vocabularySize,
            minimumCount: configuration.minimumFrequency)
            + BatchLearner.scratchByteCount(
                vocabularySize: configuration.vocabularySize, threadCount: threadCount)
    }

    /// Learns from `counts`. About O(bytes of the distinct pieces · log of the pairs).
    ///
    /// When no pair, word or character is frequent enough any more, the vocabulary is smaller than
    /// asked: compare its `count`. Nothing is padded.
    ///
    /// - Parameters:
    ///   - counts: pieces cut by the configuration's pattern.
    ///   - threadCount: threads to use. The result does not depend on it.
    ///   - progress: told now and then how many merges are done, or how many pieces were taken, and
    ///     how many there may be; may throw to end the work.
    /// - Throws: `TokenizationError.countOverflow`,
    ///   `TokenizationError.tooManyPieces`, and
    ///   `TokenizationError.invalidVocabulary` when a special token's name was also
    ///   learned.
    public func train(
        _ counts: consuming PieceCounts, threadCount: Int = 1,
        progress: (_ mergesDone: Int, _ mergesWanted: Int) throws -> Void = { _, _ in }
    ) throws -> Vocabulary {
        try checkWordsAlone()
        try checkOneSource()
        guard configuration.model == .bpe else { return try takePieces(of: counts, progress) }
        let team = team(threadCount)
        return try learn(rows(of: counts, on: team), on: team, progress)
    }

    /// Learns from the counts in a file, of which only the distinct pieces come into memory.
    ///
    /// - Throws: as with counts in memory, and what is wrong with the file;
    ///   `TokenizationError.differentPatterns` unless they are of the configuration's
    ///   pattern.
    public func train(
        _ file: PieceCountsFile, threadCount: Int = 1,
        progress: (_ mergesDone: Int, _ mergesWanted: Int) throws -> Void = { _, _ in }
    ) throws -> Vocabulary {
        try check(file)
        try checkWordsAlone()
        try checkOneSource()
        guard configuration.model == .bpe else { return try takePieces(of: file, progress) }
        return try learn(
            PieceRows(file, bytesInOrder: configuration.tieRule.bytesInOrder),
            on: team(threadCount), progress)
    }

    /// Throws unless the counts are of the configuration's pattern.
    func check(_ file: PieceCountsFile) throws(TokenizationError) {
        guard file.pattern == configuration.pattern else {
            throw .differentPatterns(
                "the configuration: \(configuration.pattern.rawValue)",
                "\(file.path): \(file.pattern.rawValue)")
        }
    }

    /// Throws where superwords are to be learned, which needs counts of texts.
    func checkWordsAlone() throws(TokenizationError) {
        guard configuration.superwordsFrom == nil else {
            throw .invalidConfiguration(
                reason: "superwords_from needs counts of the pattern superbpe beside those of "
                    + "words")
        }
    }

    /// Throws where several sources are to be learned from alike, which needs counts of each.
    private func checkOneSource() throws(TokenizationError) {
        guard !configuration.parity else {
            throw .invalidConfiguration(
                reason: "parity between sources needs counts of each by itself")
        }
    }

    /// The most merges that are learned.
    var mergeLimit: Int { configuration.vocabularySize - specials.count - 256 }

    /// Whether a token that is made of one that was learned has fewer bytes than the most:
    /// `tokenizers` compares with "less than" there, `Word::merge` in its models/bpe/word.rs.
    var keepsShorter: Bool { configuration.tieRule == .huggingface }

    /// The rows of `counts`, which are freed here.
    private func rows(
        of counts: consuming PieceCounts, on team: ThreadTeam
    ) throws(TokenizationError) -> PieceRows {
        try PieceRows(counts, bytesInOrder: configuration.tieRule.bytesInOrder, team: team)
    }

    /// Threads for learning: no more than find work in a merge.
    func team(_ threadCount: Int) -> ThreadTeam {
        ThreadTeam(threadCount: min(max(1, threadCount), BatchLearner.threadLimit))
    }

    /// The special tokens, which have the first ids.
    var specials: [SpecialToken] {
        configuration.specialTokens.enumerated().map {
            SpecialToken(content: $1, id: TokenID($0))
        }
    }

    private func learn(
        _ rows: consuming PieceRows, on team: ThreadTeam, _ progress: (Int, Int) throws -> Void
    ) throws -> Vocabulary {
        let wanted = mergeLimit
        let learned = try learnMerges(rows, wanted, on: team, progress)
        return try vocabulary(
            of: learned.merges, counts: learned.counts, byteCounts: learned.byteCounts)
    }

    /// What a learner learned of rows of bytes.
    struct LearnedMerges {
        /// The merges, of a learner's tokens.
        var merges: [MergePair]
        /// The occurrences of each.
        var counts: [UInt64]
        /// The occurrences of each byte.
        let byteCounts: [UInt64]
    }

    /// The first `wanted` merges of `rows`, or as many as there are.
    func learnMerges(
        _ rows: consuming PieceRows, _ wanted: Int, on team: ThreadTeam,
        _ progress: (Int, Int) throws -> Void
    ) throws -> LearnedMerges {
        guard team.threadCount == 1 else {
            var learner = BatchLearner(
                rows, team: team, mergeLimit: wanted,
                minimumCount: UInt64(configuration.minimumFrequency),
                maximumTokenLength: configuration.maximumTokenLength, keepsShorter: keepsShorter)
            while learner.learn(upTo: wanted) { try progress(learner.merges.count, wanted) }
            try progress(learner.merges.count, wanted)
            return LearnedMerges(
                merges: learner.merges, counts: learner.mergeCounts,
                byteCounts: learner.byteCounts)
        }
        var learner = MergeLearner(
            rows, mergeLimit: wanted, minimumCount: UInt64(configuration.minimumFrequency),
            maximumTokenLength: configuration.maximumTokenLength, keepsShorter: keepsShorter)
        while learner.merges.count < wanted, learner.learn() {
            if learner.merges.count % 64 == 0 { try progress(learner.merges.count, wanted) }
        }
        try progress(learner.merges.count, wanted)
        return LearnedMerges(
            merges: learner.merges, counts: learner.mergeCounts, byteCounts: learner.byteCounts)
    }

    /// The vocabulary of what was learned: merges of a learner's tokens, the occurrences of each,
    /// and those of each byte. O(size).
    ///
    /// - Parameter pattern: how the vocabulary cuts texts; nil for the configuration's.
    func vocabulary(
        of merges: [MergePair], counts: [UInt64], byteCounts: [UInt64],
        pattern: SplitPattern? = nil
    ) throws -> Vocabulary {
        let specials = specials
        let bytes = configuration.tieRule.bytesInOrder
        // The file lists the bytes in the order of their characters whatever the rule.
        var ids = [UInt32](repeating: 0, count: 256)
        for (index, byte) in ByteCharacters.bytesInOrder.enumerated() {
            ids[Int(byte)] = UInt32(specials.count + index)
        }
        func id(_ token: UInt32) -> UInt32 {
            token < 256 ? ids[Int(bytes[Int(token)])] : UInt32(specials.count) + token
        }
        return try Self.vocabulary(
            pattern: pattern ?? configuration.pattern, specials: specials,
            merges: merges.map { MergePair(left: id($0.left), right: id($0.right)) },
            counts: Array(repeating: 0, count: specials.count)
                + ByteCharacters.bytesInOrder.map { byteCounts[Int($0)] } + counts)
    }

    /// The vocabulary of `merges` over the bytes. O(size).
    static func vocabulary(
        pattern: SplitPattern, specials: [SpecialToken], merges: [MergePair],
        counts: [UInt64]? = nil
    ) throws(TokenizationError) -> Vocabulary {
        var arena: [UInt8] = []
        var offsets = [0]
        func finishToken() { offsets.append(arena.count) }
        for special in specials {
            arena.append(contentsOf: special.content.utf8)
            finishToken()
        }
        for byte in ByteCharacters.bytesInOrder {
            arena.append(byte)
            finishToken()
        }
        let names = Set(specials.map(\.content).filter { ByteCharacters.bytes(for: $0) != nil })
        for pair in merges {
            for id in [Int(pair.left), Int(pair.right)] {
                arena.append(contentsOf: Array(arena[offsets[id]..<offsets[id + 1]]))
            }
            finishToken()
            guard !names.isEmpty else { continue }
            let name = ByteCharacters.string(for: arena[offsets[offsets.count - 2]...])
            guard !names.contains(name) else {
                throw .invalidVocabulary(
                    reason: "the special token \"\(name)\" was also learned from the text; "
                        + "choose one that is no part of a word")
            }
        }
        let tokens = try TokenTable(
            arena: arena, offsets: offsets, specialIDs: specials.map(\.id.rawValue))
        return Vocabulary(
            pattern: pattern, mergeSemantics: .listedMerges, specialTokens: specials,
            tokens: tokens, merges: try MergeTable(merges, tokens: tokens), counts: counts)
    }
}

/// Estimate of the memory that learning takes, before it takes it.
///
/// Counting works in any memory, but a learner holds every distinct piece: four bytes for each of
/// their bytes, and six more for each two neighbours among them. That is the floor. The table of
/// pairs comes on top, and how many pairs there will be is an estimate: of 100 MB of English one
/// for every eleven neighbours, of other texts fewer.
enum LearningMemory {
    /// The estimate, in bytes.
    static func estimate(
        pieceCount: Int, pieceByteCount: Int, vocabularySize: Int, minimumCount: Int
    ) -> Int {
        // Caps against overflow; estimates in petabytes are refused all the same.
        let pieceByteCount = min(pieceByteCount, 1 << 52)
        let pieceCount = min(pieceCount, 1 << 52)
        let cells = pieceByteCount + pieceCount
        let neighbors = max(0, pieceByteCount - pieceCount)
        let rows = cells * 4 + cells / 8
        let places = PlaceLists.capacity(neighborCount: neighbors) * 4
        let tokens = vocabularySize * (2 * MemoryLayout<NeighborTally.Entry>.stride + 16)
        let pairs = neighbors / (minimumCount > 1 ? 10 : 6) + 4096
        return rows + places + tokens + PairTable.byteCount(for: pairs)
    }
}
