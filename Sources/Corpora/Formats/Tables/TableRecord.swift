import Bytes

/// The way in which a table's fields are written.
struct TableDialect {
    /// The byte between fields.
    let delimiter: UInt8
    /// Whether a field may stand in quotes, and then have line ends, quotes and delimiters in it.
    let isQuoted: Bool

    /// CSV. Source: RFC 4180.
    static let commaSeparated = TableDialect(delimiter: UInt8(ascii: ","), isQuoted: true)
    /// TSV. Source: IANA's registration of text/tab-separated-values.
    static let tabSeparated = TableDialect(delimiter: UInt8(ascii: "\t"), isQuoted: false)
    /// CSV with tabs for commas.
    static let quotedTabSeparated = TableDialect(delimiter: UInt8(ascii: "\t"), isQuoted: true)

    /// The same with other quotes, where they are said.
    func with(_ quotes: TableQuotes?) -> TableDialect {
        TableDialect(delimiter: delimiter, isQuoted: quotes.map { $0 == .double } ?? isQuoted)
    }
}

/// Takes fields out of a record of a table, strictly.
struct TableRecord {
    let dialect: TableDialect

    /// All fields. O(count).
    func fields(_ record: Span<UInt8>) throws(RecordFault) -> [[UInt8]] {
        var fields: [[UInt8]] = []
        try scan(record) { number, field, isEscaped in
            fields.append(text(record.extracting(field), isEscaped))
        }
        return fields
    }

    /// The field at `index`, of `count` that there must be. O(count of the bytes).
    func field(at index: Int, of count: Int, _ record: Span<UInt8>) throws(RecordFault) -> [UInt8] {
        var wanted: (range: Range<Int>, isEscaped: Bool) = (0..<0, false)
        var found = 0
        try scan(record) { number, field, isEscaped in
            if number == index { wanted = (field, isEscaped) }
            found += 1
        }
        guard found == count else {
            let hint =
                dialect.isQuoted
                ? ""
                : dialect.delimiter == UInt8(ascii: "\t")
                    ? "; if the table is quoted as CSV is, its format is \"quoted-tsv\""
                    : "; if fields stand in quotes, say corpus.quotes = double"
            throw RecordFault(
                reason: "the record has \(found) fields, and the header \(count)\(hint)", offset: 0)
        }
        return text(record.extracting(wanted.range), wanted.isEscaped)
    }

    /// Calls `body` with the number and the place of each field, and whether it has doubled quotes.
    private func scan(
        _ record: Span<UInt8>, _ body: (Int, Range<Int>, Bool) -> Void
    ) throws(RecordFault) {
        let (quote, delimiter) = (UInt8(ascii: "\""), dialect.delimiter)
        // The line end of the format is CR LF, and LF was cut off.
        let isMarked = record.count > 0 && record[record.count - 1] == UInt8(ascii: "\r")
        let end = record.count - (isMarked ? 1 : 0)
        var place = 0
        var number = 0
        while true {
            if dialect.isQuoted, place < end, record[place] == quote {
                let start = place + 1
                var isEscaped = false
                place = start
                while true {
                    let rest = record.extracting(place..<end)
                    guard let distance = firstOffset(of: quote, in: rest) else {
                        throw RecordFault(
                            reason: "the quoted field is not closed", offset: start - 1)
                    }
                    place += distance + 1
                    guard place < end, record[place] == quote else { break }
                    isEscaped = true
                    place += 1
                }
                body(number, start..<place - 1, isEscaped)
                guard place == end || record[place] == delimiter else {
                    throw RecordFault(
                        reason: "something follows the closing quote of a field", offset: place)
                }
            } else {
                let start = place
                while place < end, record[place] != delimiter {
                    let isFault = record[place] == quote || record[place] == UInt8(ascii: "\r")
                    if isFault, dialect.isQuoted {
                        throw RecordFault(
                            reason: "a field with a quote or a line end must stand in quotes, its "
                                + "own quotes doubled: \"say \"\"so\"\"\"; in a table without "
                                + "quoted fields, say corpus.quotes = none",
                            offset: place)
                    }
                    place += 1
                }
                body(number, start..<place, false)
            }
            if place == end { return }
            place += 1
            number += 1
        }
    }

    /// The bytes of a field, with one quote for two.
    private func text(_ field: Span<UInt8>, _ isEscaped: Bool) -> [UInt8] {
        guard isEscaped else { return Array(copying: field) }
        var text: [UInt8] = []
        text.reserveCapacity(field.count)
        var start = 0
        while start < field.count {
            let rest = field.extracting(droppingFirst: start)
            guard let distance = firstOffset(of: UInt8(ascii: "\""), in: rest) else {
                text.append(copying: rest)
                break
            }
            text.append(copying: rest.extracting(first: distance + 1))
            start += distance + 2
        }
        return text
    }
}
