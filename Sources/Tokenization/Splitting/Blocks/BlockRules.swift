/// The rules of a pattern, by what it does with runs of characters of one kind: all that the
/// kernels need to know to cut whole blocks of text.
///
/// The patterns in use are variations of one theme: letters, numbers, and what is neither, each run
/// perhaps with one character in front; and whitespace between them.
struct BlockRules {
    /// Character that a run of letters may take in front.
    enum Prefix {
        /// A space, as may numbers and punctuation.
        case space
        /// Any one character that is no letter, number or line break; punctuation may take a space.
        case anyCharacter
    }

    /// Characters that a run of punctuation takes behind.
    enum Tail {
        case nothing
        case newlines
        case newlinesAndSlashes
    }

    /// Place of contractions, `'s`, `'t`, `'re` and their like, among the pieces.
    enum Contraction {
        case punctuationAndLetters
        /// A piece, in lower case only.
        case lowercasePiece
        /// A piece, in any case.
        case piece
        /// The end of the word before them, in any case.
        case suffix
    }

    let prefix: Prefix

    /// Most numbers in a piece; 0 for whole runs.
    let numberGroup: Int

    var tail = Tail.nothing

    /// Whether whitespace up to the last line break of a run is a piece.
    var cutsAfterNewlines = false

    var contraction = Contraction.punctuationAndLetters

    /// Whether marks (general category M) count as letters.
    var marksAreLetters = false

    /// Whether a word ends where upper case follows lower case.
    var cutsAtUppercase = false

    /// Whether numbers divide the text into parts, each a text of its own.
    var numbersDivide = false
}

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
