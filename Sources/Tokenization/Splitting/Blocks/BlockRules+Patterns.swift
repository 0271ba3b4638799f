extension GPT2Scanner {
    var blockRules: BlockRules? {
        @inline(__always) get {
            BlockRules(prefix: .space, numberGroup: 0, contraction: .lowercasePiece)
        }
    }
}

extension GPT4Scanner {
    // Whitespace at the end of a text, in which the patterns differ, is the scanner's anyway.
    var blockRules: BlockRules? {
        @inline(__always) get {
            BlockRules(
                prefix: .anyCharacter, numberGroup: longestNumber, tail: .newlines,
                cutsAfterNewlines: true, contraction: .piece,
                marksAreLetters: wordClasses.isAny(.mark))
        }
    }
}

extension O200KScanner {
    var blockRules: BlockRules? {
        @inline(__always) get {
            BlockRules(
                prefix: .anyCharacter, numberGroup: longestNumber, tail: .newlinesAndSlashes,
                cutsAfterNewlines: true,
                contraction: takesContractions ? .suffix : .punctuationAndLetters,
                marksAreLetters: true, cutsAtUppercase: true)
        }
    }
}

extension StarCoderScanner {
    var blockRules: BlockRules? {
        @inline(__always) get {
            BlockRules(
                prefix: .space, numberGroup: 1, contraction: .lowercasePiece, numbersDivide: true)
        }
    }
}
