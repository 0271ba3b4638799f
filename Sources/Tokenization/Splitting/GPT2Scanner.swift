/// ``SplitPattern/gpt2``: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
struct GPT2Scanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let first = text[start]
        if first == UInt8(ascii: "'") {
            let end = contractionEnd(in: text, from: start)
            if end > start { return end }
        }
        // A space in front belongs to whatever it introduces, unless that is whitespace too.
        var index = start
        var (classes, length) = tables.character(text, start)
        if first == UInt8(ascii: " "), start + 1 < text.count {
            let (next, nextLength) = tables.character(text, start + 1)
            if !next.isAny(.whitespace) {
                (classes, length) = (next, nextLength)
                index = start + 1
            }
        }
        if classes.isAny(.letter) {
            return tables.endOfRun(of: .letter, in: text, from: index + length)
        }
        if classes.isAny(.number) {
            return tables.endOfRun(of: .number, in: text, from: index + length)
        }
        if !classes.isAny(.whitespace) {
            return tables.endOfRun(
                outside: [.whitespace, .letter, .number], in: text, from: index + length)
        }
        return tables.endOfWhitespace(in: text, from: start)
    }

    /// The end of a contraction at an apostrophe, or `start` if there is none. Lower case only.
    @inline(__always)
    private func contractionEnd(in text: ByteView, from start: Int) -> Int {
        guard start + 1 < text.count else { return start }
        let second = text[start + 1]
        switch second {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
            guard start + 2 < text.count else { return start }
            let expected = second == UInt8(ascii: "l") ? UInt8(ascii: "l") : UInt8(ascii: "e")
            return text[start + 2] == expected ? start + 3 : start
        default:
            return start
        }
    }
}
