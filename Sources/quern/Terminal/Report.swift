import Files

/// Result of a command: a table for a person and JSON for a program, made of the same values.
///
/// ```swift
/// var report = Report()
/// report.row("train", "\(count: 48, "train_documents") documents, \(bytes: 9_000, "train_bytes")")
/// report.text  // train  48 documents, 9.00 kB
/// report.json  // {"train_bytes": 9000, "train_documents": 48}
/// ```
struct Report {
    /// Members of the JSON object.
    private var members: [String: JSONValue] = [:]
    private var parts: [Part] = []

    /// A part of the text: rows that share their columns, or lines as they are.
    private enum Part {
        case rows([[String]], alignRight: Bool, indent: Int)
        case lines(String)
    }

    /// The text for a person.
    var text: String {
        parts.map {
            switch $0 {
            case .rows(let rows, let alignRight, let indent):
                Table.text(rows, indent: indent, alignRight: alignRight)
            case .lines(let text): text
            }
        }.joined()
    }

    /// The JSON object.
    var value: JSONValue { .object(members) }

    /// The JSON object's text, with sorted keys.
    var json: String {
        get throws { try FileReplacement.json(of: value) + "\n" }
    }

    /// Adds a row of a title and what stands behind it, below the row before.
    mutating func row(
        _ title: String, _ cell: ReportText, alignRight: Bool = false, indent: Int = 0
    ) {
        row([title, cell.text], alignRight: alignRight, indent: indent)
        members.merge(cell.members) { $1 }
    }

    /// Adds a row with a column for each of several cells.
    ///
    /// - Parameter key: the key of the list of the cells' values, or of their objects where a cell
    ///   has several.
    mutating func row(_ title: String, _ cells: [ReportText], key: String) {
        row([title] + cells.map(\.text), alignRight: true)
        members[key] = .array(cells.map(\.value))
    }

    /// Adds a row that is of no use to a program.
    mutating func row(_ cells: [String], alignRight: Bool = false, indent: Int = 0) {
        if case .rows(let rows, let old, let oldIndent) = parts.last, old == alignRight,
            oldIndent == indent
        {
            parts[parts.count - 1] = .rows(rows + [cells], alignRight: alignRight, indent: indent)
        } else {
            parts.append(.rows([cells], alignRight: alignRight, indent: indent))
        }
    }

    /// Adds a table, an object a row in the list called `key`: one by itself with a line of titles,
    /// or rows below those that are there.
    ///
    /// - Parameters:
    ///   - shownCount: the most rows that a person sees; a program gets all.
    ///   - rest: the line for rows that are not shown, which is given their number.
    ///   - total: a last row, which is the object `total` of a program.
    mutating func table(
        _ key: String, _ titles: [String]?, _ rows: [[ReportText]], alignRight: Bool = false,
        indent: Int = 0, shownCount: Int = .max, rest: (Int) -> String = { "\($0) more" },
        total: [ReportText]? = nil
    ) {
        func object(_ row: [ReportText]) -> JSONValue {
            .object(row.reduce(into: [:]) { $0.merge($1.members) { $1 } })
        }
        var shown = (titles.map { [$0] } ?? []) + rows.prefix(shownCount).map { $0.map(\.text) }
        if rows.count > shownCount { shown.append([rest(rows.count - shownCount)]) }
        if let total {
            shown.append(total.map(\.text))
            members["total"] = object(total)
        }
        if titles == nil {
            for cells in shown { row(cells, alignRight: alignRight, indent: indent) }
        } else {
            parts.append(.rows(shown, alignRight: alignRight, indent: indent))
        }
        members[key] = .array(rows.map(object))
    }

    /// Adds lines for a person alone.
    mutating func lines(_ text: String) { parts.append(.lines(text)) }

    /// Adds a note, which a program finds in the list "remarks".
    mutating func note(_ text: String) {
        lines("note: \(text)\n")
        if case .array(let notes) = members["remarks"] {
            members["remarks"] = .array(notes + [.text(text)])
        } else {
            members["remarks"] = .array([.text(text)])
        }
    }

    /// Adds files that were written, one a line.
    mutating func written(_ files: [String]) {
        for (number, file) in files.enumerated() { row([number == 0 ? "written" : "", file]) }
        members["written"] = .array(files.map(JSONValue.text))
    }

    /// Adds a value for a program alone.
    mutating func member(_ key: String, _ value: some Encodable) {
        members[key] = .encodable(value)
    }
}

/// A cell of a report: its text, and the values in it by their keys.
///
/// ```swift
/// let cell: ReportText = "\(count: 1_204, "steps") steps, \(time: 62, "seconds")"
/// ```
struct ReportText: ExpressibleByStringInterpolation {
    let text: String
    let members: [String: JSONValue]

    init(stringLiteral text: String) { (self.text, members) = (text, [:]) }

    /// Text for a person alone.
    init(_ text: String) { self.init(stringLiteral: text) }

    init(stringInterpolation: StringInterpolation) {
        (text, members) = (stringInterpolation.text, stringInterpolation.members)
    }

    /// The only value, or an object of all.
    var value: JSONValue {
        members.count == 1 ? members.first?.value ?? .null : .object(members)
    }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""
        fileprivate var members: [String: JSONValue] = [:]

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { text += literal }

        /// Text for a person alone.
        mutating func appendInterpolation(_ text: String) { self.text += text }

        /// A count, with separators.
        mutating func appendInterpolation(count: Int, _ key: String) {
            add(Figures.count(count), key, .whole(count))
        }

        /// Bytes, in a unit that suits.
        mutating func appendInterpolation(bytes: Int, _ key: String) {
            add(Figures.bytes(Double(bytes)), key, .whole(bytes))
        }

        /// A number with some digits behind the point.
        mutating func appendInterpolation(_ number: Double, digits: Int, _ key: String) {
            add(Figures.fixed(number, digits), key, .number(number))
        }

        /// A number with k, M or G behind it.
        mutating func appendInterpolation(short number: Double, _ key: String) {
            add(Figures.short(number), key, .number(number))
        }

        /// A share, as a percentage.
        mutating func appendInterpolation(share: Double, _ key: String) {
            add(Figures.percent(share), key, .number(share))
        }

        /// Seconds, as a span of time.
        mutating func appendInterpolation(time seconds: Double, _ key: String) {
            add(Figures.time(seconds), key, .number(seconds))
        }

        /// Words.
        mutating func appendInterpolation(word: String, _ key: String) {
            add(word, key, .text(word))
        }

        /// A value that a person reads otherwise.
        mutating func appendInterpolation(_ text: String, as value: some Encodable, _ key: String) {
            add(text, key, .encodable(value))
        }

        private mutating func add(_ text: String, _ key: String, _ value: JSONValue) {
            self.text += text
            members[key] = value
        }
    }
}

/// A value of a JSON document.
enum JSONValue: Encodable {
    case null
    case whole(Int)
    /// A number; one that is not finite is null, for JSON has none.
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])
    case encodable(any Encodable)

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .array(let values): return try values.encode(to: encoder)
        case .object(let members): return try members.encode(to: encoder)
        case .encodable(let value): return try value.encode(to: encoder)
        case .null, .whole, .number, .text: break
        }
        var container = encoder.singleValueContainer()
        switch self {
        case .whole(let value): try container.encode(value)
        case .number(let value) where value.isFinite: try container.encode(value)
        case .text(let value): try container.encode(value)
        default: try container.encodeNil()
        }
    }
}
