import Bytes

extension Vocabulary {
    /// A vocabulary in the spelling of SentencePiece, whose merges begin with characters.
    ///
    /// Where nothing cuts a text, it is cut before the spaces that follow other characters if no
    /// merge joins what is on both sides: the ids are the same, and pieces are short and come
    /// again.
    ///
    /// - Parameters:
    ///   - tokens: a table with the parts of characters.
    ///   - merges: in their order.
    ///   - cutsAtSpaces: whether a text is cut before every space.
    package init(
        characters tokens: TokenTable, merges: [MergePair], rules: TextRules,
        specialTokens: [SpecialToken], mergeSemantics: MergeSemantics = .listedMerges,
        cutsAtSpaces: Bool = false
    ) throws(TokenizationError) {
        let merges = try MergeTable(merges, joins: CharacterParts.joins(tokens), tokens: tokens)
        var pattern = SplitPattern.whole
        if cutsAtSpaces {
            pattern = .metaspace
        } else if mergeSemantics == .listedMerges, merges.respectsWords(tokens) {
            pattern = .sentencePiece
        }
        self.init(
            pattern: pattern, mergeSemantics: mergeSemantics, specialTokens: specialTokens,
            tokens: tokens, merges: merges, rules: rules, postProcessor: .none)
    }
}
