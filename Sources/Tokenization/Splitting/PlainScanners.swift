import Bytes

/// ``SplitPattern/bytes``: every byte is a piece.
struct ByteScanner: PieceScanner {
    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        start + 1
    }
}

/// ``SplitPattern/character``: every character is a piece.
struct CharacterScanner: PieceScanner {
    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        start + decodeCodePoint(text, start).length
    }
}

/// ``SplitPattern/word``: the parts that `([,.:;?_!"()']|--|\s)` cuts a text into, separators kept.
struct WordScanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let length = separatorLength(in: text, at: start)
        if length > 0 { return start + length }
        var index = start
        while index < text.count, separatorLength(in: text, at: index) == 0 {
            index += decodeCodePoint(text, index).length
        }
        return index
    }

    /// The length of the separator at `index`, 0 if there is none.
    private func separatorLength(in text: ByteView, at index: Int) -> Int {
        switch text[index] {
        case UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: ";"),
            UInt8(ascii: "?"), UInt8(ascii: "_"), UInt8(ascii: "!"), UInt8(ascii: "\""),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "'"):
            return 1
        case UInt8(ascii: "-"):
            return index + 1 < text.count && text[index + 1] == UInt8(ascii: "-") ? 2 : 0
        default:
            let (classes, length) = tables.character(text, index)
            return classes.isAny(.whitespace) ? length : 0
        }
    }
}
