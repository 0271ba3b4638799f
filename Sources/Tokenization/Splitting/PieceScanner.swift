import Bytes

/// One pattern as code.
///
/// The end of a piece depends on nothing before the character in which it begins, so a scanner
/// looks at its text only forwards, and can begin at any place where a piece starts.
///
/// No text is slow: whatever a scanner looks at beyond the end of a piece is taken by one of the
/// next three pieces, so that a text costs a few looks at each of its bytes, however long its runs
/// are.
protocol PieceScanner {
    /// Rules by which the kernels cut blocks of text; nil where the pattern cannot be cut so.
    var blockRules: BlockRules? { get }

    /// Whether pieces may end within characters of well-formed UTF-8. What begins there is another
    /// piece if the beginning of the character is missing.
    var cutsCharacters: Bool { get }

    /// The end of what can be cut without knowing what follows `text`, but for the last pieces:
    /// mostly that of the text.
    func endOfCertain(in text: ByteView, from start: Int) -> Int

    /// End of the piece that starts at `start`: after `start`, and at most at the text's end.
    ///
    /// - Parameter start: where a piece starts, below the count of `text`.
    func pieceEnd(in text: ByteView, from start: Int) -> Int

    /// Writes the ends of the pieces that begin in `count` bytes from `start` on, where one begins,
    /// and returns how many they are. O(bytes looked at).
    ///
    /// - Parameters:
    ///   - count: at least one, and no more than `text` has from `start` on.
    ///   - ends: where they go, counted from `start`; at least `count` of them.
    func writeEnds(
        in text: ByteView, from start: Int, count: Int, into ends: BufferView<UInt32>
    ) -> Int
}

extension PieceScanner {
    var blockRules: BlockRules? { nil }

    var cutsCharacters: Bool { false }

    func endOfCertain(in text: ByteView, from start: Int) -> Int { text.count }

    @inline(__always)
    func writeEnds(
        in text: ByteView, from start: Int, count: Int, into ends: BufferView<UInt32>
    ) -> Int {
        var (position, written) = (start, 0)
        while position < start + count {
            position = pieceEnd(in: text, from: position)
            ends[written] = UInt32(position - start)
            written += 1
        }
        return written
    }
}

/// Work to be done with the scanner of a pattern, whichever that is: generic, so that its loop is
/// compiled for each.
protocol PieceScannerVisitor {
    /// Result of the work.
    associatedtype Result

    /// Does the work.
    mutating func visit(_ scanner: some PieceScanner) -> Result
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

    /// The end of `\p{N}{1,longest}` whose first character ends at `start`.
    @inline(__always)
    func endOfNumber(longest: Int, in text: ByteView, from start: Int) -> Int {
        var index = start
        var count = 1
        while count < longest, index < text.count {
            let (found, length) = character(text, index)
            guard found.isAny(.number) else { break }
            index += length
            count += 1
        }
        return index
    }
}

extension ByteView {
    /// The end of `[\r\n]*`. O(length of the run).
    @inline(__always)
    func endOfNewlines(from start: Int) -> Int {
        var index = start
        while index < count, self[index] == 0x0A || self[index] == 0x0D { index += 1 }
        return index
    }
}

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
