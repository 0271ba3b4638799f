import Bytes

/// One pattern as code.
///
/// The end of a piece depends on nothing before the piece, so a scanner looks at its text only
/// forwards, and can begin at any place where a piece starts.
///
/// No text is slow: whatever a scanner looks at beyond the end of a piece is taken by one of the
/// next three pieces, so that a text costs a few looks at each of its bytes, however long its runs
/// are.
protocol PieceScanner {
    /// Rules by which the kernels cut blocks of text; nil where the pattern cannot be cut so.
    var blockRules: BlockRules? { get }

    /// End of the piece that starts at `start`: after `start`, and at most at the text's end.
    ///
    /// - Parameter start: where a piece starts, below the count of `text`.
    func pieceEnd(in text: ByteView, from start: Int) -> Int
}

extension PieceScanner {
    var blockRules: BlockRules? { nil }
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
