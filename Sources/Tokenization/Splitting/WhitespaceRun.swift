import Bytes

/// A run of whitespace from the start of a piece to the first other character, and the places in it
/// that patterns cut at.
///
/// A run costs at most three looks along it, however long it is: patterns take all of it, or all
/// through its last line break, or all but its last character, and none cuts twice in one way.
struct WhitespaceRun {
    /// Offset of the first character.
    let start: Int
    /// Offset of the last character.
    private(set) var last: Int
    /// End of the run: the end of the text, or a character that is no whitespace.
    private(set) var end: Int
    /// Behind its last carriage return or line feed; `start` if it has none.
    private(set) var afterNewline: Int

    /// The run at `start`, where a whitespace character is. O(length of the run).
    @inline(__always)
    init(_ tables: UnicodeClasses.Tables, in text: ByteView, from start: Int) {
        self.start = start
        last = start
        end = start
        afterNewline = start
        while end < text.count {
            let (classes, length) = tables.character(text, end)
            guard classes.isAny(.whitespace) else { break }
            last = end
            end += length
            if classes.isAny(.newline) { afterNewline = end }
        }
    }

    /// The end of `\s+(?!\S)|\s+`: the whole run where nothing follows, otherwise all but its last
    /// character, which the next piece may take.
    @inline(__always)
    func pieceEnd(atEndOfText isAtEnd: Bool) -> Int {
        isAtEnd || last == start ? end : last
    }

    /// The end of `\s*[\r\n]+|\s+(?!\S)|\s+`: through the last line break, if there is one.
    @inline(__always)
    func pieceEndAfterNewlines(atEndOfText isAtEnd: Bool) -> Int {
        afterNewline > start ? afterNewline : pieceEnd(atEndOfText: isAtEnd)
    }
}
