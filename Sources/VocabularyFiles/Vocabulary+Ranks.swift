import Bytes
package import Tokenization

// tiktoken's semantics: neighbours merge whose bytes together are a token, the smallest number
// first; a piece that is itself a token is taken whole.
//
// The result is ``MergeSemantics/wholePieceFirst`` with one merge for each token, in the order of
// the tokens' numbers: the merge that makes the token of its own bytes, which is the one that makes
// it anywhere (``TokenMerger/lastMerge(of:)``). A token that its own bytes do not become has no
// merge: no text makes it but a piece that is just it.

extension Vocabulary {
    /// The vocabulary in which `listed` tokens merge as in tiktoken. About O(n log n) in the size.
    package init(
        ranked listed: consuming ListedTokens, pattern: SplitPattern, specials: [SpecialToken],
        path: String
    ) throws(TokenizationError) {
        let tokens = try listed.table(specials: specials) {
            (special, bytes) throws(TokenizationError) in
            guard bytes == nil else {
                throw .invalidVocabulary(
                    reason:
                        "the number \(special.id) of the special token \"\(special.content)\" is "
                        + "also that of another token of \(path)")
            }
            return false
        }
        try tokens.checkNames(of: specials)
        let merger = TokenMerger(tokens, .ranks)
        let pairs = (0..<tokens.count).compactMap { id in
            tokens.byteCount(of: id) > 1 && !tokens.isSpecial(UInt32(id))
                ? merger.lastMerge(of: id) : nil
        }
        self.init(
            pattern: pattern, mergeSemantics: .wholePieceFirst, specialTokens: specials,
            tokens: tokens, merges: try MergeTable(pairs, tokens: tokens))
    }

    /// Reason for which the ids that tiktoken would give, with the numbers of this vocabulary as
    /// ranks, need not be those of this vocabulary; `nil` if they are the same for every text.
    /// About O(n log n) in the size.
    ///
    /// They are if each token's merge in tiktoken is a merge here, these merges are in the order of
    /// the tokens' numbers, and, where whole pieces do not come first here, every token has such a
    /// merge. Then both start from the same bytes, and at each step the neighbours that may merge
    /// are the same, since two whose bytes together are a token are always that token's merge, and
    /// so is the first of them. Further merges do no harm: they never meet. A whole piece that
    /// comes first is what merging its bytes would give.
    func rankObstacle() -> String? {
        let merger = TokenMerger(tokens, .ranks)
        var lastRank: UInt32?
        for id in ordinaryIDs where tokens.byteCount(of: id.index) > 1 {
            let name = Self.printable(bytes(of: id))
            guard let pair = merger.lastMerge(of: id.index) else {
                guard mergeSemantics == .listedMerges else { continue }
                return
                    "the token \(id) \"\(name)\" cannot be made by merging with the smallest "
                    + "number first, but tiktoken would take it where it is a whole piece"
            }
            guard let rank = merges.lookup.rank(pair.left, pair.right) else {
                return "tiktoken would make the token \(id) \"\(name)\" of \(pair.left) and "
                    + "\(pair.right), which is no merge of this vocabulary"
            }
            if let lastRank, rank < lastRank {
                return
                    "the merge that makes the token \(id) \"\(name)\" comes before that of a token "
                    + "with a smaller number, but tiktoken merges in the order of the numbers"
            }
            lastRank = rank
        }
        return nil
    }

    /// The first token that only a whole piece becomes, because merging its bytes does not end in
    /// it; `nil` if there is none. About O(n log n) in the size.
    ///
    /// If there is none, it makes no difference whether whole pieces come first.
    var firstWholePieceOnly: TokenID? {
        let merger = TokenMerger(tokens, .listed(merges))
        return ordinaryIDs.first { id in
            tokens.byteCount(of: id.index) > 1
                && merger.lastMerge(of: id.index) == nil
        }
    }

    /// The tokens that text becomes, by number.
    var ordinaryIDs: some Sequence<TokenID> {
        (0..<count).lazy.filter { tokens.isUsed($0) && !tokens.isSpecial(UInt32($0)) }
            .map { TokenID($0) }
    }
}
