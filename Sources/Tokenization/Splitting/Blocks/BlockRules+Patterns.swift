extension GPT2Scanner {
    static var blockRules: BlockRules? {
        BlockRules(prefix: .space, numberGroup: 0, contraction: .lowercasePiece)
    }
}

extension GPT4Scanner {
    static var blockRules: BlockRules? {
        BlockRules(
            prefix: .anyCharacter, numberGroup: 3, tail: .newlines, cutsAfterNewlines: true,
            contraction: .piece)
    }
}
