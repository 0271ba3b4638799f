import Bytes

/// ``SplitPattern/gpt2``:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
struct GPT2Scanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let first = text[start]
        if first == UInt8(ascii: "'") {
            let end = text.endOfContraction(from: start, anyCase: false)
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
        let run = WhitespaceRun(tables, in: text, from: start)
        return run.pieceEnd(atEndOfText: run.end == text.count)
    }
}

/// ``SplitPattern/starcoder``: every `\p{N}` is a piece, and ``SplitPattern/gpt2`` cuts what stands
/// between them.
///
/// A part between two numbers is a text of its own, so whitespace in front of a number stands at an
/// end: it is the only piece that differs from GPT-2's, since all others end where a number begins
/// anyway.
struct StarCoderScanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let (classes, length) = tables.character(text, start)
        if classes.isAny(.number) { return start + length }
        if classes.isAny(.whitespace) {
            let end = tables.endOfRun(of: .whitespace, in: text, from: start + length)
            if end < text.count, tables.character(text, end).classes.isAny(.number) { return end }
        }
        return GPT2Scanner(tables: tables).pieceEnd(in: text, from: start)
    }
}
