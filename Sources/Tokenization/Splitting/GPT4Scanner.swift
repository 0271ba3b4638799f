import Bytes

/// ``SplitPattern/gpt4`` and the patterns that differ from it in a detail. Its alternatives, in
/// order:
///
/// - `'(?i:[sdmt]|ll|ve|re)`
/// - `[^\r\n\p{L}\p{N}]?+\p{L}+`
/// - `\p{N}{1,3}`
/// - ` ?[^\s\p{L}\p{N}]++[\r\n]*`
/// - `\s*[\r\n]`
/// - `\s+(?!\S)`
/// - `\s+`
struct GPT4Scanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    /// Classes of the characters of words: letters, or letters and marks.
    var wordClasses: UnicodeClass = .letter
    /// The most digits in one piece.
    var longestNumber = 3
    /// Whether whitespace at the end of the text is one piece, line breaks and all: `\s++$`.
    var takesFinalWhitespace = false

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let (classes, length) = tables.character(text, start)
        let second = start + length
        if classes.isAny(wordClasses) {
            return tables.endOfRun(of: wordClasses, in: text, from: second)
        }
        if classes.isAny(.number) {
            return tables.endOfNumber(longest: longestNumber, in: text, from: second)
        }
        if text[start] == UInt8(ascii: "'") {
            let end = text.endOfContraction(from: start, anyCase: true)
            if end > start { return end }
        }
        guard second < text.count else { return second }
        let (next, nextLength) = tables.character(text, second)
        if next.isAny(wordClasses), !classes.isAny(.newline) {
            return tables.endOfRun(of: wordClasses, in: text, from: second + nextLength)
        }
        if !classes.isAny(.whitespace) {
            return punctuationEnd(in: text, from: second)
        }
        if text[start] == UInt8(ascii: " "), !next.isAny(outsidePunctuation) {
            return punctuationEnd(in: text, from: second + nextLength)
        }
        let run = WhitespaceRun(tables, in: text, from: start)
        if run.end == text.count {
            return takesFinalWhitespace ? run.end : run.pieceEndAfterNewlines(atEndOfText: true)
        }
        return run.pieceEndAfterNewlines(atEndOfText: false)
    }

    private var outsidePunctuation: UnicodeClass {
        @inline(__always) get { wordClasses.union([.whitespace, .letter, .number]) }
    }

    /// The end of `[^\s\p{L}\p{N}]++[\r\n]*` after its first character.
    @inline(__always)
    private func punctuationEnd(in text: ByteView, from start: Int) -> Int {
        text.endOfNewlines(
            from: tables.endOfRun(outside: outsidePunctuation, in: text, from: start))
    }
}
