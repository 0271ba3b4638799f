package import Bytes

/// Cutting of text that goes on behind what is there.
///
/// A scanner looks at its text from the start of a piece on, without a gap, and what it looks at
/// beyond the end of the piece is taken by one of the next three pieces (see ``PieceScanner``). So
/// a piece behind which there are four more did not look at the end of what is there, and ends
/// where it does whatever follows. That needs whole characters: see ``endOfCharacters(in:)``.
extension PieceSplitter {
    /// Pieces at the end of what is there that are not certain; twice as many as need be.
    private static let uncertainCount = 8

    /// Finds pieces from `start` on, where one begins, that no text behind `text` can change; ends
    /// are those of ``next(_:_:from:)``. Returns their number, which is 0 where none is certain.
    /// O(bytes looked at).
    @inline(__always)
    mutating func nextCertain<Scanner: PieceScanner>(
        _ scanner: Scanner, _ text: ByteView, from start: Int
    ) -> Int {
        let text = text.slice(from: 0, to: scanner.endOfCertain(in: text, from: start))
        guard start < text.count else { return 0 }
        let count = next(scanner, text, from: start)
        if count > Self.uncertainCount {
            return wholeCount(scanner, text, from: start, count - Self.uncertainCount)
        }
        // Long pieces: those that follow are looked at, and cut again afterwards.
        var position = start + Int(ends[count - 1])
        var known = count
        while known < count + Self.uncertainCount, position < text.count {
            position = scanner.pieceEnd(in: text, from: position)
            known += 1
        }
        return wholeCount(scanner, text, from: start, max(0, known - Self.uncertainCount))
    }

    /// The most of the first `count` pieces behind which a text of its own can begin: no character
    /// is cut there.
    private func wholeCount(
        _ scanner: some PieceScanner, _ text: ByteView, from start: Int, _ count: Int
    ) -> Int {
        var count = count
        while scanner.cutsCharacters, count > 0 {
            let end = start + Int(ends[count - 1])
            guard end < text.count, text[end] & 0xC0 == 0x80 else { break }
            count -= 1
        }
        return count
    }

    /// The end of the last whole character of `text`, which more bytes could make longer: at most
    /// three bytes before its end.
    static func endOfCharacters(in text: ByteView) -> Int {
        for length in 1...3 where length <= text.count {
            let byte = text[text.count - length]
            if byte & 0xC0 == 0x80 { continue }
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return needed > length ? text.count - length : text.count
        }
        return text.count
    }
}

extension PatternSplitter {
    /// Finds pieces from `start` on, where one begins, that no text behind `text` can change.
    /// Returns their number, which is 0 where none is certain; ``ends`` has the rest. O(bytes
    /// looked at).
    package func nextCertain(_ text: ByteView, from start: Int) -> Int {
        let whole = text.slice(from: 0, to: PieceSplitter.endOfCharacters(in: text))
        var visitor = CertainVisitor(owner: self, text: whole, start: start)
        return pattern.accept(&visitor)
    }

    private struct CertainVisitor: PieceScannerVisitor {
        let owner: PatternSplitter
        let text: ByteView
        let start: Int

        func visit(_ scanner: some PieceScanner) -> Int {
            owner.nextCertain(scanner, text, from: start)
        }
    }
}
