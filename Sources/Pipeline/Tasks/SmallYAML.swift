import Bytes

/// A reader of the part of YAML that files of settings are written in: maps and lists by
/// indentation or in brackets, texts plain, in quotes or as literal blocks, and comments. What it
/// does not know it refuses: anchors, tags, folded blocks, texts that go on in another line, and
/// several documents.
///
/// Numbers keep their spelling; words such as `yes` are truth values, as PyYAML has them.
struct SmallYAML {
    /// The reason why a text is refused, and its line, counted from 1.
    struct Fault: Error, Equatable {
        let line: Int
        let reason: String
    }

    private struct Line {
        var indent: Int
        var text: [Unicode.Scalar]
        let number: Int

        var isBlank: Bool { text.first.map { $0 == "#" } ?? true }
        var isElement: Bool { text.first == "-" && (text.count == 1 || text[1] == " ") }
    }

    private var lines: [Line] = []
    private var index = 0
    private var depth = 0

    private static let depthLimit = 32

    /// The value that `text` holds. O(length).
    static func value(of text: String) throws(Fault) -> JSONValue {
        var reader = try SmallYAML(text)
        guard let first = reader.peek() else { return .null }
        let value = try reader.block(first.indent)
        if let line = reader.peek() {
            throw reader.fault("it stands further to the left than what it belongs to", line)
        }
        return value
    }

    private init(_ text: String) throws(Fault) {
        var number = 0
        for part in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            var scalars = Array(part)
            while let last = scalars.last, last == " " || last == "\r" || last == "\t" {
                scalars.removeLast()
            }
            let indent = scalars.prefix { $0 == " " }.count
            let line = Line(indent: indent, text: Array(scalars[indent...]), number: number)
            if line.text.first == "\t" { throw fault("a tab cannot indent", line) }
            if indent == 0, line.text.starts(with: "---".unicodeScalars),
                lines.allSatisfy(\.isBlank), line.text.count == 3
            {
                continue
            }
            lines.append(line)
        }
    }

    private func fault(_ reason: String, _ line: Line) -> Fault {
        Fault(line: line.number, reason: reason)
    }

    /// The next line that says something.
    private mutating func peek() -> Line? {
        while index < lines.count, lines[index].isBlank { index += 1 }
        return index < lines.count ? lines[index] : nil
    }

    // MARK: Blocks

    private mutating func block(_ indent: Int) throws(Fault) -> JSONValue {
        guard let line = peek() else { return .null }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw fault("the nesting is deeper than \(Self.depthLimit)", line)
        }
        if line.isElement { return try list(indent) }
        if try Self.key(of: line) != nil { return try map(indent) }
        index += 1
        return try scalar(line.text, line)
    }

    private mutating func list(_ indent: Int) throws(Fault) -> JSONValue {
        var elements: [JSONValue] = []
        while let line = peek(), line.indent == indent, line.isElement {
            let spaces = line.text.dropFirst().prefix { $0 == " " }.count
            let rest = Array(line.text.dropFirst(1 + spaces))
            if rest.isEmpty || rest.first == "#" {
                index += 1
                elements.append(try nested(below: indent, orElement: false))
            } else {
                // What follows the dash is a block of its own, further to the right.
                let inner = indent + 1 + spaces
                lines[index] = Line(indent: inner, text: rest, number: line.number)
                elements.append(try block(inner))
            }
        }
        if let line = peek(), line.indent > indent {
            throw fault("it stands further to the right than the element before", line)
        }
        return .array(elements)
    }

    private mutating func map(_ indent: Int) throws(Fault) -> JSONValue {
        var members: [JSONValue.Member] = []
        var keys: Set<String> = []
        while let line = peek(), line.indent == indent, !line.isElement {
            guard let (key, rest) = try Self.key(of: line) else {
                throw fault("expected a key with a colon", line)
            }
            guard keys.insert(key).inserted else {
                throw fault("the key \"\(key)\" appears twice", line)
            }
            index += 1
            let value: JSONValue
            if rest.isEmpty || rest.first == "#" {
                value = try nested(below: indent, orElement: true)
            } else if rest.first == "|" {
                value = try literal(rest, indent, line)
            } else {
                value = try scalar(rest, line)
            }
            members.append(.init(key: key, value: value))
        }
        if let line = peek(), line.indent > indent {
            throw fault("it stands further to the right than the key before", line)
        }
        return .object(members)
    }

    /// The block below a key or a dash; nothing where there is none.
    private mutating func nested(
        below indent: Int, orElement isKey: Bool
    ) throws(Fault) -> JSONValue {
        guard let line = peek() else { return .null }
        if line.indent > indent { return try block(line.indent) }
        // A list may stand as far to the left as its key.
        return isKey && line.indent == indent && line.isElement ? try list(indent) : .null
    }

    /// A block whose lines are taken as they are.
    private mutating func literal(
        _ head: [Unicode.Scalar], _ indent: Int, _ line: Line
    ) throws(Fault) -> JSONValue {
        let mark = String(String.UnicodeScalarView(head))
        guard mark == "|" || mark == "|-" else {
            throw fault("of blocks of text only | and |- are known", line)
        }
        var texts: [String] = []
        let inner = lines[index...].first { !$0.text.isEmpty }?.indent ?? 0
        while index < lines.count, lines[index].text.isEmpty || lines[index].indent >= inner,
            inner > indent
        {
            let next = lines[index]
            let spaces = String(repeating: " ", count: max(0, next.indent - inner))
            texts.append(
                next.text.isEmpty ? "" : spaces + String(String.UnicodeScalarView(next.text)))
            index += 1
        }
        while texts.last == "" { texts.removeLast() }
        return .string(
            texts.joined(separator: "\n") + (mark == "|" && !texts.isEmpty ? "\n" : ""))
    }

    /// The key with which a line begins, and what follows its colon; nil where there is none.
    private static func key(
        of line: Line
    ) throws(Fault) -> (key: String, rest: [Unicode.Scalar])? {
        var flow = YAMLFlow(line.text, line: line.number)
        guard let first = line.text.first, first != "[", first != "{" else { return nil }
        let key: String
        if first == "\"" || first == "'" {
            key = try flow.quoted()
            flow.skipSpaces()
            guard flow.next == ":" else { return nil }
        } else {
            let end = line.text.indices.first {
                line.text[$0] == ":"
                    && ($0 + 1 == line.text.count || line.text[$0 + 1] == " ")
            }
            guard let end else { return nil }
            key = String(String.UnicodeScalarView(line.text[..<end]))
            flow.index = end
        }
        let rest = line.text[(flow.index + 1)...].drop { $0 == " " }
        return (key, Array(rest))
    }

    private func scalar(_ text: [Unicode.Scalar], _ line: Line) throws(Fault) -> JSONValue {
        var flow = YAMLFlow(text, line: line.number)
        let value = try flow.value(depth: Self.depthLimit - depth, isNested: false)
        try flow.finish()
        return value
    }
}
