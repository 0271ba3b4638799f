import Bytes

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
