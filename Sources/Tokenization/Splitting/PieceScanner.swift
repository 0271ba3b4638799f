/// One pattern as code.
///
/// A scanner looks at its text only forwards, so that one call costs no more than the longest run
/// it looks across, and a whole text no more than a few passes.
protocol PieceScanner {
    init(tables: UnicodeClasses.Tables)

    var tables: UnicodeClasses.Tables { get }

    /// How blocks of text are cut, where the pattern is such that they can be.
    static var blockRules: BlockRules? { get }

    /// Where the piece that starts at `start` ends: after `start`, and at most at the text's end.
    func pieceEnd(in text: ByteView, from start: Int) -> Int
}

extension PieceScanner {
    static var blockRules: BlockRules? { nil }
}

extension UnicodeClasses.Tables {
    /// The end of the run of characters that have any of `classes`. O(length of the run).
    @inline(__always)
    func endOfRun(of classes: UnicodeClass, in text: ByteView, from start: Int) -> Int {
        var index = start
        while index < text.count {
            let (found, length) = character(text, index)
            guard found.isAny(classes) else { break }
            index += length
        }
        return index
    }

    /// The end of the run of characters that have none of `classes`. O(length of the run).
    @inline(__always)
    func endOfRun(outside classes: UnicodeClass, in text: ByteView, from start: Int) -> Int {
        var index = start
        while index < text.count {
            let (found, length) = character(text, index)
            if found.isAny(classes) { break }
            index += length
        }
        return index
    }

    /// The end of `\s+(?!\S)|\s+` at a whitespace character: the whole run at the end of the text,
    /// otherwise all but its last character, which the next piece may take. O(length of the run).
    @inline(__always)
    func endOfWhitespace(in text: ByteView, from start: Int) -> Int {
        var last = start
        var index = start
        while index < text.count {
            let (found, length) = character(text, index)
            guard found.isAny(.whitespace) else { return last > start ? last : index }
            last = index
            index += length
        }
        return index
    }
}
