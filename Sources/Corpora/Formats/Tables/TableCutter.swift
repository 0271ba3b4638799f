/// Finds the ends of records of comma-separated values: line ends outside of quotes.
///
/// Source: RFC 4180. Only a quote at the start of a field opens a quoted one, so that a stray quote does
/// not take the records behind it along.
struct TableCutter: SegmentCutter {
    /// What stands between fields.
    let delimiter: UInt8
    /// Line ends so far, those in quotes included.
    private(set) var lineCount = 0

    private enum State { case fieldStart, plain, quoted, afterQuote }
    private var state = State.fieldStart

    init(delimiter: UInt8) { self.delimiter = delimiter }

    mutating func look(through bytes: Span<UInt8>) -> SegmentFinding {
        let quote = UInt8(ascii: "\"")
        var index = 0
        while index < bytes.count {
            if state == .quoted {
                let rest = bytes.extracting(droppingFirst: index)
                let count = firstOffset(of: quote, in: rest) ?? rest.count
                lineCount += lineEndCount(in: rest.extracting(first: count))
                index += count
                if index == bytes.count { break }
                state = .afterQuote
                index += 1
                continue
            }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") {
                state = .fieldStart
                lineCount += 1
                return .end(index, next: index + 1)
            }
            if byte == quote, state == .fieldStart || state == .afterQuote {
                state = .quoted
            } else {
                state = byte == delimiter ? .fieldStart : .plain
            }
            index += 1
        }
        return .inside(kept: 0)
    }
}

private func lineEndCount(in bytes: Span<UInt8>) -> Int {
    var count = 0
    for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") { count += 1 }
    return count
}
