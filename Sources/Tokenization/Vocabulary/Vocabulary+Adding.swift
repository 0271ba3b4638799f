extension Vocabulary {
    /// This vocabulary with the special tokens that it lacks of `contents` at its end; itself if it
    /// has them all. O(size).
    ///
    /// The ids of every text stay what they were, and so does the meaning of every id.
    public func adding(specialTokens contents: [String]) throws(TokenizationError) -> Vocabulary {
        let missing = contents.filter { specialToken($0) == nil }
        guard !missing.isEmpty else { return self }
        var arena: [UInt8] = []
        var offsets = [0]
        for id in 0..<count {
            arena += tokens.bytes(of: id)
            offsets.append(arena.count)
        }
        var specials = specialTokens
        for content in missing {
            specials.append(SpecialToken(content: content, id: TokenID(offsets.count - 1)))
            arena += Array(content.utf8)
            offsets.append(arena.count)
        }
        let table = try TokenTable(
            arena: arena, offsets: offsets, specialIDs: specials.map(\.id.rawValue))
        return Vocabulary(
            pattern: pattern, mergeSemantics: mergeSemantics, specialTokens: specials,
            tokens: table, merges: merges, postProcessor: postProcessor,
            counts: counts.map { $0 + Array(repeating: 0, count: missing.count) })
    }

    /// Whether every token of `other` is the same token here, so that a model of `other` needs no
    /// more than rows for the tokens behind its last. O(size).
    public func isExtension(of other: Vocabulary) -> Bool {
        guard pattern == other.pattern, mergeSemantics == other.mergeSemantics,
            count >= other.count, merges.pairs == other.merges.pairs,
            specialTokens.filter({ $0.id.rawValue < other.count }) == other.specialTokens
        else { return false }
        return (0..<other.count).allSatisfy { tokens.bytes(of: $0) == other.tokens.bytes(of: $0) }
    }
}
