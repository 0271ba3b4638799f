import Bytes
public import Tokenization

/// Adds tokens to a vocabulary whose ids all stay: those of a list, and those that further merges
/// learn from counts of pieces.
///
/// The merges of the vocabulary come first and the new ones after them, so every text is cut into
/// the old tokens before anything else happens; one that has none of the new pairs keeps its ids.
public struct VocabularyExtension: Sendable {
    /// The vocabulary that is extended.
    public let base: Vocabulary

    /// Extends `base`.
    ///
    /// - Throws: `TokenizationError.invalidConfiguration` for a vocabulary without merges, one that
    ///   is spelled in characters or changes texts otherwise, lacks bytes, or has merges that come
    ///   before those that make their parts.
    public init(of base: Vocabulary) throws(TokenizationError) {
        let reason: String? =
            if base.model != .bpe {
                "a vocabulary of \(base.model.rawValue)s has no merges to go on with"
            } else if !base.rules.isPlain || !base.lackedBytes.isEmpty {
                "only a byte-level vocabulary that keeps texts and has all bytes can be extended"
            } else if !Self.makesPartsFirst(base) {
                "some merges come before those that make their parts, or make the same token twice"
            } else {
                nil
            }
        if let reason { throw .invalidConfiguration(reason: reason) }
        self.base = base
    }

    /// Whether every merge's parts are bytes or made by merges before it, each token by one.
    private static func makesPartsFirst(_ base: Vocabulary) -> Bool {
        var isMade = [Bool](repeating: false, count: base.count)
        for byte in 0..<256 { isMade[Int(base.tokens.byteTokens[byte])] = true }
        for (pair, result) in zip(base.merges.pairs, base.merges.results) {
            guard isMade[Int(pair.left)], isMade[Int(pair.right)], !isMade[Int(result)] else {
                return false
            }
            isMade[Int(result)] = true
        }
        return true
    }

    /// The vocabulary with `tokens` as its next ones, each with those on the way to it. O(size of
    /// the vocabulary, and of each token squared).
    ///
    /// A token is reached by merging, from its first two parts on; a list that has its beginnings,
    /// too, makes no token twice.
    ///
    /// - Throws: `TokenizationError.invalidConfiguration` for a token that the pattern cuts, or
    ///   that is empty.
    public func adding(tokens: [String]) throws(TokenizationError) -> Vocabulary {
        var ranks: [MergePair: Int] = [:]
        for (rank, pair) in base.merges.pairs.enumerated() { ranks[pair] = rank }
        var results = base.merges.results
        var added = AddedMerges(base)
        for token in tokens {
            let bytes = Array(token.utf8)
            guard !bytes.isEmpty, base.pattern.pieces(of: bytes.span).count == 1 else {
                throw .invalidConfiguration(
                    reason: "the token \"\(token)\" cannot be made: the pattern "
                        + "\(base.pattern.rawValue) cuts it, so that no merge joins its parts")
            }
            if base.mergeSemantics == .wholePieceFirst, base.id(of: bytes.span) != nil { continue }
            var parts = bytes.map { base.tokens.byteTokens[Int($0)] }
            while parts.count > 1 {
                let known = parts.indices.dropLast().compactMap { place in
                    ranks[MergePair(left: parts[place], right: parts[place + 1])].map {
                        (rank: $0, place: place)
                    }
                }.min { $0 < $1 }
                let place = known?.place ?? 0
                if known == nil {
                    let pair = MergePair(left: parts[0], right: parts[1])
                    ranks[pair] = results.count
                    results.append(added.append(pair))
                }
                let pair = MergePair(left: parts[place], right: parts[place + 1])
                parts.replaceSubrange(place...place + 1, with: [results[ranks[pair] ?? 0]])
            }
        }
        return try added.vocabulary()
    }

    /// The vocabulary with merges that are learned from `counts`, until it has `size` tokens or no
    /// pair is frequent enough. About O(bytes of the distinct pieces · log of the pairs).
    ///
    /// - Parameters:
    ///   - size: tokens in all.
    ///   - file: counts of pieces that the vocabulary's pattern cut.
    ///   - minimumCount: a pair that occurs less often is not merged.
    ///   - maximumTokenLength: the most bytes of a new token; nil for no limit.
    ///   - progress: told now and then how many merges are done, of how many; may throw to end the
    ///     work.
    /// - Throws: `TokenizationError.differentPatterns`, and what reading counts throws.
    public func learning(
        size: Int, from file: PieceCountsFile, minimumCount: Int = 2,
        maximumTokenLength: Int? = nil,
        progress: (_ done: Int, _ wanted: Int) throws -> Void = { _, _ in }
    ) throws -> Vocabulary {
        guard file.pattern == base.pattern else {
            throw TokenizationError.differentPatterns(
                "the vocabulary: \(base.pattern.rawValue)",
                "\(file.path): \(file.pattern.rawValue)")
        }
        let wanted = size - base.count
        guard wanted >= 0 else {
            throw TokenizationError.invalidConfiguration(
                reason: "the vocabulary has \(base.count) tokens already, and \(size) are wanted")
        }
        let old = base.merges.pairs
        // What stands for a byte or a token in the learner, and back.
        var numbers = [UInt32](repeating: .max, count: base.count)
        let bytesInOrder = ByteCharacters.bytesInOrder
        for (number, byte) in bytesInOrder.enumerated() {
            numbers[Int(base.tokens.byteTokens[Int(byte)])] = UInt32(number)
        }
        for (rank, result) in base.merges.results.enumerated() {
            numbers[Int(result)] = UInt32(256 + rank)
        }
        var learner = MergeLearner(
            try PieceRows(WholeTokensOut(file, base), bytesInOrder: bytesInOrder),
            mergeLimit: old.count + wanted, minimumCount: 1, maximumTokenLength: nil)
        for (rank, pair) in old.enumerated() {
            learner.replay(numbers[Int(pair.left)], numbers[Int(pair.right)])
            if rank % 1024 == 0 { try progress(0, wanted) }
        }
        learner.goOn(
            minimumCount: UInt64(max(1, minimumCount)), maximumTokenLength: maximumTokenLength)
        var added = AddedMerges(base)
        var ids = bytesInOrder.map { base.tokens.byteTokens[Int($0)] } + base.merges.results
        while added.tokenCount < wanted, learner.learn() {
            guard let pair = learner.merges.last else { break }
            ids.append(
                added.append(
                    MergePair(left: ids[Int(pair.left)], right: ids[Int(pair.right)])))
            if added.tokenCount % 64 == 0 { try progress(added.tokenCount, wanted) }
        }
        try progress(added.tokenCount, wanted)
        return try added.vocabulary()
    }
}

/// Merges behind those of a vocabulary, and the tokens that they make.
private struct AddedMerges {
    private let base: Vocabulary
    private var merges: [MergePair] = []
    private var tokens: [[UInt8]] = []
    private var ids: [[UInt8]: UInt32] = [:]

    init(_ base: Vocabulary) { self.base = base }

    /// Tokens that are new.
    var tokenCount: Int { tokens.count }

    private func bytes(of id: UInt32) -> [UInt8] {
        Int(id) < base.count ? base.bytes(of: TokenID(id)) : tokens[Int(id) - base.count]
    }

    /// Adds a merge and returns the token that it makes: one that is there already, without a merge
    /// of its own, or the next.
    mutating func append(_ pair: MergePair) -> UInt32 {
        merges.append(pair)
        let joined = bytes(of: pair.left) + bytes(of: pair.right)
        if let known = base.id(of: joined.span)?.rawValue ?? ids[joined] { return known }
        let id = UInt32(base.count + tokens.count)
        tokens.append(joined)
        ids[joined] = id
        return id
    }

    func vocabulary() throws(TokenizationError) -> Vocabulary {
        try base.extended(tokens: tokens, merges: merges)
    }
}

/// Counts without the pieces that are taken whole before any merge.
private struct WholeTokensOut: PieceSource, ~Copyable {
    private let file: PieceCountsFile
    private let base: Vocabulary

    init(_ file: PieceCountsFile, _ base: Vocabulary) {
        self.file = file
        self.base = base
    }

    func forEachPiece(_ body: (ByteView, UInt64) -> Void) throws(TokenizationError) {
        let takesWhole = base.mergeSemantics == .wholePieceFirst
        try file.forEachPiece { piece, count in
            guard !takesWhole || base.tokens.id(of: piece, from: 0, to: piece.count) == nil else {
                return
            }
            body(piece, count)
        }
    }
}
