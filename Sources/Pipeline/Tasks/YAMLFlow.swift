import Bytes

/// What stands in one line of YAML: a text, or lists and maps in brackets.
struct YAMLFlow {
    private let text: [Unicode.Scalar]
    private let line: Int
    /// The place that is read next.
    var index = 0

    init(_ text: [Unicode.Scalar], line: Int) {
        self.text = text
        self.line = line
    }

    /// The next character.
    var next: Unicode.Scalar? { index < text.count ? text[index] : nil }

    mutating func skipSpaces() {
        while next == " " || next == "\t" { index += 1 }
    }

    private func fault(_ reason: String) -> SmallYAML.Fault {
        .init(line: line, reason: reason)
    }

    /// Throws unless nothing but a comment is left.
    mutating func finish() throws(SmallYAML.Fault) {
        let start = index
        skipSpaces()
        if let next, next != "#" || index == start {
            throw fault("something follows the value")
        }
    }

    /// Reads a value.
    ///
    /// - Parameters:
    ///   - depth: how many brackets may be opened yet.
    ///   - isNested: whether it stands in brackets, which end it.
    mutating func value(depth: Int, isNested: Bool) throws(SmallYAML.Fault) -> JSONValue {
        guard depth > 0 else { throw fault("the nesting is too deep") }
        switch next {
        case "[": return .array(try list(depth))
        case "{": return .object(try map(depth))
        case "\"", "'": return .string(try quoted())
        case "&", "*", "!", ">", "|", "%", "@", "`":
            throw fault(
                "what begins with \"\(next.map { String($0) } ?? "")\" is not known; put a text in "
                    + "quotes")
        default: return plain(isNested: isNested)
        }
    }

    private mutating func list(_ depth: Int) throws(SmallYAML.Fault) -> [JSONValue] {
        var elements: [JSONValue] = []
        try brackets("]") { (flow) throws(SmallYAML.Fault) in
            elements.append(try flow.value(depth: depth - 1, isNested: true))
        }
        return elements
    }

    private mutating func map(_ depth: Int) throws(SmallYAML.Fault) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        var keys: Set<String> = []
        try brackets("}") { (flow) throws(SmallYAML.Fault) in
            let key =
                flow.next == "\"" || flow.next == "'" ? try flow.quoted() : flow.word(until: ":")
            flow.skipSpaces()
            guard flow.next == ":" else { throw flow.fault("expected a key with a colon") }
            guard keys.insert(key).inserted else {
                throw flow.fault("the key \"\(key)\" appears twice")
            }
            flow.index += 1
            flow.skipSpaces()
            members.append(
                .init(key: key, value: try flow.value(depth: depth - 1, isNested: true)))
        }
        return members
    }

    /// Reads what stands between brackets, with commas between.
    private mutating func brackets(
        _ end: Unicode.Scalar,
        _ element: (inout YAMLFlow) throws(SmallYAML.Fault) -> Void
    ) throws(SmallYAML.Fault) {
        index += 1
        while true {
            skipSpaces()
            guard let next else { throw fault("a bracket is not closed in its line") }
            if next == end { break }
            try element(&self)
            skipSpaces()
            if self.next == "," {
                index += 1
            } else if self.next != end {
                throw fault("expected a comma or the closing bracket")
            }
        }
        index += 1
    }

    /// The characters up to one of those that end a plain text in brackets.
    private mutating func word(until extra: Unicode.Scalar? = nil) -> String {
        let ends: Set<Unicode.Scalar> = [",", "]", "}", "[", "{"]
        let start = index
        while let next, !ends.contains(next), next != extra { index += 1 }
        return trimmed(start..<index)
    }

    private func trimmed(_ range: Range<Int>) -> String {
        var end = range.upperBound
        while end > range.lowerBound, text[end - 1] == " " || text[end - 1] == "\t" { end -= 1 }
        return String(String.UnicodeScalarView(text[range.lowerBound..<end]))
    }

    private mutating func plain(isNested: Bool) -> JSONValue {
        guard !isNested else { return Self.resolved(word()) }
        let start = index
        while let next {
            // A comment begins behind a space.
            if next == "#", index > start, text[index - 1] == " " { break }
            index += 1
        }
        let word = trimmed(start..<index)
        if index < text.count { index -= 1 }
        return Self.resolved(word)
    }

    /// The value that a plain text means.
    private static func resolved(_ word: String) -> JSONValue {
        switch word {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
            return .bool(false)
        default: break
        }
        var digits = Substring(word)
        if digits.first == "-" || digits.first == "+" { digits = digits.dropFirst() }
        let isNumber =
            digits.first.map { $0.isASCII && $0.isNumber } == true
            && digits.allSatisfy { $0.isASCII && ($0.isNumber || ".eE+-".contains($0)) }
            && Double(word) != nil
        return isNumber ? .number(word) : .string(word)
    }

    // MARK: Quotes

    /// Reads a text in quotes of either kind.
    mutating func quoted() throws(SmallYAML.Fault) -> String {
        let quote = text[index]
        index += 1
        var result = String.UnicodeScalarView()
        while let next {
            index += 1
            if next == quote {
                guard quote == "'", self.next == "'" else { return String(result) }
                result.append("'")
                index += 1
            } else if next == "\\", quote == "\"" {
                result.append(try escape())
            } else {
                result.append(next)
            }
        }
        throw fault("a quote is not closed in its line")
    }

    private mutating func escape() throws(SmallYAML.Fault) -> Unicode.Scalar {
        guard let next else { throw fault("a quote is not closed in its line") }
        index += 1
        switch next {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "0": return "\0"
        case "\"", "\\", "/", " ": return next
        case "x": return try code(2)
        case "u": return try code(4)
        case "U": return try code(8)
        default: throw fault("the escape \\\(next) is not known")
        }
    }

    private mutating func code(_ count: Int) throws(SmallYAML.Fault) -> Unicode.Scalar {
        let end = index + count
        guard end <= text.count,
            text[index..<end].allSatisfy({ $0.properties.isASCIIHexDigit }),
            let number = UInt32(String(String.UnicodeScalarView(text[index..<end])), radix: 16),
            let scalar = Unicode.Scalar(number)
        else { throw fault("an escape does not name a character") }
        index = end
        return scalar
    }
}
