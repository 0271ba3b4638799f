import Bytes

/// ``SplitPattern/bytes``: every byte is a piece.
struct ByteScanner: PieceScanner {
    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        start + 1
    }
}

/// ``SplitPattern/whole``: the text is a piece.
struct WholeScanner: PieceScanner {
    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        text.count
    }
}

/// ``SplitPattern/sentencePiece``, ` *[^ ]+| +`, and ``SplitPattern/metaspace``, ` ?[^ ]*`.
struct SpaceScanner: PieceScanner {
    /// Whether all spaces before a word belong to it.
    let takesAllSpaces: Bool

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        var index = start
        if takesAllSpaces {
            while index < text.count, text[index] == 0x20 { index += 1 }
            if index == text.count { return index }
        }
        return endOfWord(in: text, from: index + 1)
    }
}

extension SpaceScanner {
    /// The first space at or after `start`, or the end: eight bytes at a time, as words are short.
    @inline(__always)
    private func endOfWord(in text: ByteView, from start: Int) -> Int {
        var index = start
        while index &+ 8 <= text.count {
            // A byte that is a space is 0 here, and the lowest 0 is marked in its highest bit.
            let word = text.word(at: index) ^ 0x2020_2020_2020_2020
            let marks = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < text.count, text[index] != 0x20 { index &+= 1 }
        return index
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
