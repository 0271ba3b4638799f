import Bytes

/// ``SplitPattern/o200k`` and ``SplitPattern/tekken``, which differ in numbers and contractions.
///
/// With U for `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` and W for `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`, the
/// alternatives of `o200k` are, in order:
///
/// - `[^\r\n\p{L}\p{N}]?U*W+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`
/// - `[^\r\n\p{L}\p{N}]?U+W*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`
/// - `\p{N}{1,3}`
/// - ` ?[^\s\p{L}\p{N}]+[\r\n/]*`
/// - `\s*[\r\n]+`
/// - `\s+(?!\S)`
/// - `\s+`
///
/// Letters and marks without case are in both U and W, so the first alternative may give back
/// capitals until it stands behind one: `漢AB` is `漢` and `AB`. What is given back is the next
/// piece, which holds nothing but capitals, so a word costs two looks at most.
struct O200KScanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    /// The most digits in one piece.
    var longestNumber = 3
    /// Whether a contraction belongs to the word before it.
    var takesContractions = true

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let (classes, length) = tables.character(text, start)
        let second = start + length
        if classes.isAny(.letter) {
            return contractionEnd(in: text, from: wordEnd(in: text, from: start).end)
        }
        if classes.isAny(.number) {
            return tables.endOfNumber(longest: longestNumber, in: text, from: second)
        }
        if !classes.isAny(.newline) {
            var (end, isOfCapitals) = wordEnd(in: text, from: second)
            // A mark is not only what may stand before a word but also a word in itself, and that
            // is tried before a word of nothing but capitals.
            if classes.isAny(.mark), isOfCapitals { end = second }
            if end > second || classes.isAny(.mark) {
                return contractionEnd(in: text, from: end)
            }
        }
        if !classes.isAny(.whitespace) {
            return punctuationEnd(in: text, from: second)
        }
        if text[start] == UInt8(ascii: " "), second < text.count {
            let (next, nextLength) = tables.character(text, second)
            if !next.isAny([.whitespace, .letter, .number]) {
                return punctuationEnd(in: text, from: second + nextLength)
            }
        }
        let run = WhitespaceRun(tables, in: text, from: start)
        return run.pieceEndAfterNewlines(atEndOfText: run.end == text.count)
    }

    /// The end of `U*W+|U+W*`, or `start` if there is neither, and whether it took the second:
    /// nothing but capitals, if anything.
    @inline(__always)
    private func wordEnd(
        in text: ByteView, from start: Int
    ) -> (end: Int, isOfCapitals: Bool) {
        var index = start
        var afterCaseless = start
        while index < text.count {
            let (classes, length) = tables.character(text, index)
            guard classes.isAny([.letter, .mark]) else { break }
            index += length
            if classes.isAny(.lowercase) {
                return (lowercaseEnd(in: text, from: index), false)
            }
            if !classes.isAny(.uppercase) { afterCaseless = index }
        }
        return afterCaseless > start ? (afterCaseless, false) : (index, true)
    }

    /// The end of `W*`.
    @inline(__always)
    private func lowercaseEnd(in text: ByteView, from start: Int) -> Int {
        var index = start
        while index < text.count {
            let (classes, length) = tables.character(text, index)
            guard classes.isAny([.letter, .mark]), !classes.isAny(.uppercase) else { break }
            index += length
        }
        return index
    }

    @inline(__always)
    private func contractionEnd(in text: ByteView, from start: Int) -> Int {
        takesContractions ? text.endOfContraction(from: start, anyCase: true) : start
    }

    /// The end of `[^\s\p{L}\p{N}]+[\r\n/]*` after its first character.
    @inline(__always)
    private func punctuationEnd(in text: ByteView, from start: Int) -> Int {
        var index = tables.endOfRun(
            outside: [.whitespace, .letter, .number], in: text, from: start)
        while index < text.count {
            let byte = text[index]
            guard byte == 0x0A || byte == 0x0D || byte == UInt8(ascii: "/") else { break }
            index += 1
        }
        return index
    }
}
