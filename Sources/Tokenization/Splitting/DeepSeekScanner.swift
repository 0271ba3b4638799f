import Bytes

/// ``SplitPattern/deepseek3``, three expressions one after another, each applied to the parts that
/// the one before it left, its matches and what lies between them alike:
///
/// 1. `\p{N}{1,3}`
/// 2. `[一-龥぀-ゟ゠-ヿ]+`
/// 3. the alternatives, in order,
///
/// ```
/// [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+
/// [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+
///  ?[\p{P}\p{S}]+[\r\n]*
/// \s*[\r\n]+
/// \s+(?!\S)
/// \s+
/// ```
///
/// Numbers match nothing of the third, so they stay as the first cut them. Whether two neighbours
/// are in one part of the text depends on the two alone: a number is in none, and both or neither
/// must be of the second expression's characters. So the parts need not be found in advance: a part
/// ends where a scan along a piece meets a character of another, and that is what
/// ``character(_:_:_:)`` answers. What the third expression leaves between its matches (controls,
/// unassigned code points) is a piece too.
struct DeepSeekScanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let (classes, length) = tables.character(text, start)
        let second = start + length
        if classes.isAny(.number) {
            return tables.endOfNumber(longest: 3, in: text, from: second)
        }
        let isEastAsianPart = isEastAsian(text, start, length: length)
        if classes.isAny([.letter, .mark]) {
            return endOfRun(of: [.letter, .mark], in: text, from: second, isEastAsianPart)
        }
        if classes.isAny(.punctuation) {
            if length == 1, second < text.count, isASCIILetter(text[second]) {
                return endOfASCIILetters(in: text, from: second + 1)
            }
            return punctuationEnd(in: text, from: second, isEastAsianPart)
        }
        if let (next, nextLength) = character(text, second, isEastAsianPart) {
            if next.isAny([.letter, .mark]), !classes.isAny(.newline) {
                return endOfRun(
                    of: [.letter, .mark], in: text, from: second + nextLength, isEastAsianPart)
            }
            if next.isAny(.punctuation), text[start] == UInt8(ascii: " ") {
                return punctuationEnd(in: text, from: second + nextLength, isEastAsianPart)
            }
        }
        if classes.isAny(.whitespace) {
            let run = WhitespaceRun(tables, in: text, from: start)
            return run.pieceEndAfterNewlines(
                atEndOfText: character(text, run.end, isEastAsianPart) == nil)
        }
        return gapEnd(in: text, from: start, length: length, isEastAsianPart)
    }

    /// The character at `index` if it is in the same part of the text as one that is, or is not,
    /// of the second expression; `nil` where the part ends.
    @inline(__always)
    private func character(
        _ text: ByteView, _ index: Int, _ isEastAsianPart: Bool
    ) -> (classes: UnicodeClass, length: Int)? {
        guard index < text.count else { return nil }
        let (classes, length) = tables.character(text, index)
        if classes.isAny(.number) || isEastAsian(text, index, length: length) != isEastAsianPart {
            return nil
        }
        return (classes, length)
    }

    /// The end of the run of characters of this part that have any of `classes`.
    @inline(__always)
    private func endOfRun(
        of classes: UnicodeClass, in text: ByteView, from start: Int, _ isEastAsianPart: Bool
    ) -> Int {
        var index = start
        while let (found, length) = character(text, index, isEastAsianPart), found.isAny(classes) {
            index += length
        }
        return index
    }

    /// The end of `[\p{P}\p{S}]+[\r\n]*` after its first character.
    @inline(__always)
    private func punctuationEnd(in text: ByteView, from start: Int, _ isEastAsianPart: Bool) -> Int
    {
        let end = endOfRun(of: .punctuation, in: text, from: start, isEastAsianPart)
        return isEastAsianPart ? end : text.endOfNewlines(from: end)
    }

    /// The end of what no alternative matches, from a character of no class on. Its last character
    /// goes to the word that follows, if one does.
    private func gapEnd(in text: ByteView, from start: Int, length: Int, _ isEastAsianPart: Bool)
        -> Int
    {
        var last = start
        var index = start + length
        while let (classes, length) = character(text, index, isEastAsianPart) {
            if classes.isAny([.letter, .mark]) { return last }
            if classes.isAny([.punctuation, .whitespace]) { return index }
            last = index
            index += length
        }
        return index
    }

    /// Whether the character at `index` is in `[一-龥぀-ゟ゠-ヿ]`: U+4E00 to U+9FA5 and U+3040 to
    /// U+30FF, all of three bytes, which UTF-8 keeps in order.
    @inline(__always)
    private func isEastAsian(_ text: ByteView, _ index: Int, length: Int) -> Bool {
        guard length == 3 else { return false }
        let bytes =
            UInt32(text[index]) << 16 | UInt32(text[index + 1]) << 8 | UInt32(text[index + 2])
        return bytes >= 0xE4_B880 && bytes <= 0xE9_BEA5 || bytes >= 0xE3_8180 && bytes <= 0xE3_83BF
    }

    @inline(__always)
    private func isASCIILetter(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
    }

    @inline(__always)
    private func endOfASCIILetters(in text: ByteView, from start: Int) -> Int {
        var index = start
        while index < text.count, isASCIILetter(text[index]) { index += 1 }
        return index
    }
}
