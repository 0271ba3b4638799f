/// ``SplitPattern/gpt4``:
/// `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`.
struct GPT4Scanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let (classes, length) = tables.character(text, start)
        if classes.isAny(.letter) {
            return tables.endOfRun(of: .letter, in: text, from: start + length)
        }
        if classes.isAny(.number) {
            return numbersEnd(in: text, from: start + length)
        }
        let second = start + length
        if text[start] == UInt8(ascii: "'") {
            let end = contractionEnd(in: text, from: start)
            if end > start { return end }
        }
        guard second < text.count else { return second }
        let (next, nextLength) = tables.character(text, second)
        if next.isAny(.letter), !classes.isAny(.newline) {
            return tables.endOfRun(of: .letter, in: text, from: second + nextLength)
        }
        if !classes.isAny(.whitespace) {
            return punctuationEnd(in: text, from: second)
        }
        if text[start] == UInt8(ascii: " "), !next.isAny([.whitespace, .letter, .number]) {
            return punctuationEnd(in: text, from: second + nextLength)
        }
        return whitespaceEnd(in: text, from: start)
    }

    /// The end of `\p{N}{1,3}` after its first character.
    @inline(__always)
    private func numbersEnd(in text: ByteView, from start: Int) -> Int {
        var index = start
        for _ in 0..<2 where index < text.count {
            let (classes, length) = tables.character(text, index)
            guard classes.isAny(.number) else { break }
            index += length
        }
        return index
    }

    /// The end of `[^\s\p{L}\p{N}]++[\r\n]*` after its first character.
    @inline(__always)
    private func punctuationEnd(in text: ByteView, from start: Int) -> Int {
        var index = tables.endOfRun(
            outside: [.whitespace, .letter, .number], in: text, from: start)
        while index < text.count, isNewline(text[index]) { index += 1 }
        return index
    }

    /// The end of `\s*[\r\n]|\s+(?!\S)|\s+` at a whitespace character: through the last line break of
    /// the run if it has one.
    @inline(__always)
    private func whitespaceEnd(in text: ByteView, from start: Int) -> Int {
        var afterNewline = start
        var last = start
        var index = start
        while index < text.count {
            let (classes, length) = tables.character(text, index)
            guard classes.isAny(.whitespace) else { break }
            last = index
            index += length
            if classes.isAny(.newline) { afterNewline = index }
        }
        if afterNewline > start { return afterNewline }
        return index == text.count || last == start ? index : last
    }

    /// The end of a contraction at an apostrophe, or `start` if there is none. Any case; U+017F, the
    /// long s, folds to s and nothing else folds to one of these letters.
    @inline(__always)
    private func contractionEnd(in text: ByteView, from start: Int) -> Int {
        guard start + 1 < text.count else { return start }
        switch text[start + 1] | 0x20 {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            // Setting the bit also folds control characters, never onto these letters.
            return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            guard start + 2 < text.count else { return start }
            return text[start + 2] | 0x20 == UInt8(ascii: "e") ? start + 3 : start
        case UInt8(ascii: "l"):
            guard start + 2 < text.count else { return start }
            return text[start + 2] | 0x20 == UInt8(ascii: "l") ? start + 3 : start
        default:
            guard start + 2 < text.count, text[start + 1] == 0xC5, text[start + 2] == 0xBF else {
                return start
            }
            return start + 3
        }
    }

    @inline(__always)
    private func isNewline(_ byte: UInt8) -> Bool {
        byte == 0x0A || byte == 0x0D
    }
}
