/// Token of a template's source.
struct TemplateToken: Equatable {
    /// Kind of a token, with what it says.
    enum Kind: Equatable {
        /// Text between tags.
        case data([UInt32])
        /// The beginning of `{{ … }}`.
        case outputBegin
        /// The beginning of `{% … %}`.
        case tagBegin
        /// The end of either.
        case end
        case name(String)
        case string([UInt32])
        case integer(Int)
        case real(Double)
        case symbol(String)
    }

    let kind: Kind
    /// Place of its first character in the source.
    let place: Int
}

/// Cuts the source of a template into tokens, as Jinja's lexer does with `trim_blocks` and
/// `lstrip_blocks`, which transformers sets: the first line break behind a tag goes, and so do
/// spaces between the beginning of a line and a tag.
///
/// Source: <https://jinja.palletsprojects.com/en/stable/templates/#whitespace-control>.
struct TemplateLexer {
    private let source: [UInt32]
    private var place = 0
    private var tokens: [TemplateToken] = []
    /// Whether a line begins at ``place``, behind a tag.
    private var isAtLineStart = true

    /// The source with line breaks of one kind, and without the last one.
    static func normalized(_ text: String) -> [UInt32] {
        var source: [UInt32] = []
        source.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            if scalar == "\n", source.last == 0x0D {
                source[source.count - 1] = 0x0A
            } else {
                if source.last == 0x0D { source[source.count - 1] = 0x0A }
                source.append(scalar.value)
            }
        }
        if source.last == 0x0D { source[source.count - 1] = 0x0A }
        if source.last == 0x0A { source.removeLast() }
        return source
    }

    /// The tokens of a normalised source. O(count).
    static func tokens(of source: [UInt32]) throws(TemplateFault) -> [TemplateToken] {
        var lexer = TemplateLexer(source: source)
        try lexer.run()
        return lexer.tokens
    }

    private init(source: [UInt32]) { self.source = source }

    // MARK: Between tags

    private enum Opening {
        case output, tag, comment
    }

    private mutating func run() throws(TemplateFault) {
        while place < source.count {
            let start = place
            var next = start
            var opening: Opening?
            while next + 1 < source.count {
                if source[next] == "{" {
                    opening =
                        switch Unicode.Scalar(source[next + 1]) {
                        case "{": .output
                        case "%": .tag
                        case "#": .comment
                        default: nil
                        }
                    if opening != nil { break }
                }
                next += 1
            }
            guard let opening else {
                add(.data(Array(source[start...])), start)
                return
            }
            try open(opening, textFrom: start, at: next)
        }
    }

    private mutating func open(
        _ opening: Opening, textFrom start: Int, at begin: Int
    ) throws(TemplateFault) {
        place = begin + 2
        let sign = place < source.count ? source[place] : 0
        if sign == "-" || sign == "+" { place += 1 }
        data(start..<begin, sign: sign, isTag: opening != .output)
        isAtLineStart = false
        switch opening {
        case .comment: try comment(begin)
        case .output:
            add(.outputBegin, begin)
            try inside(begin, close: "}")
        case .tag:
            if let end = word("raw", from: place), let after = tagEnd(end, trimsLine: false) {
                place = after
                isAtLineStart = source[after - 1] == "\n"
                try raw(begin)
            } else {
                add(.tagBegin, begin)
                try inside(begin, close: "%")
            }
        }
    }

    /// Adds the text before a tag, without what the tag takes away.
    private mutating func data(_ range: Range<Int>, sign: UInt32, isTag: Bool) {
        var end = range.upperBound
        if sign == "-" {
            while end > range.lowerBound, Self.isSpace(source[end - 1]) { end -= 1 }
        } else if sign != "+", isTag {
            var lineStart = end
            while lineStart > range.lowerBound, source[lineStart - 1] != "\n" { lineStart -= 1 }
            let isWholeLine = lineStart > range.lowerBound || isAtLineStart
            if isWholeLine, source[lineStart..<end].allSatisfy(Self.isSpace) { end = lineStart }
        }
        if end > range.lowerBound {
            add(.data(Array(source[range.lowerBound..<end])), range.lowerBound)
        }
    }

    private mutating func comment(_ begin: Int) throws(TemplateFault) {
        while place + 1 < source.count {
            if source[place] == "#", source[place + 1] == "}" {
                // A sign before the end is a part of it.
                let sign = source[place - 1]
                place += 2
                skip(after: place > begin + 4 ? sign : 0)
                return
            }
            place += 1
        }
        throw TemplateFault(.syntax, "a comment does not end", at: begin)
    }

    private mutating func raw(_ begin: Int) throws(TemplateFault) {
        let start = place
        while place + 1 < source.count {
            if source[place] == "{", source[place + 1] == "%" {
                var name = place + 2
                let sign = name < source.count ? source[name] : 0
                if sign == "-" || sign == "+" { name += 1 }
                if let end = word("endraw", from: name), let after = tagEnd(end, trimsLine: true) {
                    data(start..<place, sign: sign, isTag: true)
                    place = after
                    isAtLineStart = source[after - 1] == "\n"
                    return
                }
            }
            place += 1
        }
        throw TemplateFault(.syntax, "a raw block does not end", at: begin)
    }

    /// The place behind a word and the spaces around it.
    private func word(_ word: String, from start: Int) -> Int? {
        var index = start
        while index < source.count, Self.isSpace(source[index]) { index += 1 }
        for scalar in word.unicodeScalars {
            guard index < source.count, source[index] == scalar.value else { return nil }
            index += 1
        }
        while index < source.count, Self.isSpace(source[index]) { index += 1 }
        return index
    }

    /// The place behind `%}` at `start`, with what it takes away; nil if it does not stand there.
    private func tagEnd(_ start: Int, trimsLine: Bool) -> Int? {
        var index = start
        let sign = index < source.count ? source[index] : 0
        if sign == "-" || sign == "+" && trimsLine { index += 1 }
        guard index + 1 < source.count, source[index] == "%", source[index + 1] == "}" else {
            return nil
        }
        index += 2
        if sign == "-" {
            while index < source.count, Self.isSpace(source[index]) { index += 1 }
        } else if sign != "+", trimsLine, index < source.count, source[index] == "\n" {
            index += 1
        }
        return index
    }

    /// Passes over what an end with `sign` before it takes away.
    private mutating func skip(after sign: UInt32) {
        let start = place
        if sign == "-" {
            while place < source.count, Self.isSpace(source[place]) { place += 1 }
        } else if sign != "+", place < source.count, source[place] == "\n" {
            place += 1
        }
        isAtLineStart = place > start && source[place - 1] == "\n"
    }

    // MARK: Inside of tags

    /// Reads the tokens of a tag up to its end, `%}` or `}}`.
    private mutating func inside(
        _ begin: Int, close: Unicode.Scalar
    ) throws(TemplateFault) {
        var brackets: [String] = []
        while place < source.count {
            let scalar = source[place]
            if brackets.isEmpty, let after = outputOrTagEnd(close) {
                add(.end, place)
                isAtLineStart = source[after - 1] == "\n"
                place = after
                return
            }
            if Self.isSpace(scalar) {
                place += 1
            } else if Self.isDigit(scalar) {
                try number()
            } else if Self.isWord(scalar) {
                name()
            } else if scalar == "'" || scalar == "\"" {
                try string(scalar)
            } else {
                try symbol(&brackets)
            }
        }
        throw TemplateFault(.syntax, "a tag does not end", at: begin)
    }

    /// The place behind the end of what is open, where it stands here.
    private func outputOrTagEnd(_ close: Unicode.Scalar) -> Int? {
        if close == "%" { return tagEnd(place, trimsLine: true) }
        let sign = source[place] == "-" ? 1 : 0
        guard place + sign + 1 < source.count, source[place + sign] == "}",
            source[place + sign + 1] == "}"
        else { return nil }
        var index = place + sign + 2
        while sign == 1, index < source.count, Self.isSpace(source[index]) { index += 1 }
        return index
    }

    private mutating func name() {
        let start = place
        while place < source.count, Self.isWord(source[place]) { place += 1 }
        add(.name(Self.text(source[start..<place])), start)
    }

    private mutating func number() throws(TemplateFault) {
        let start = place
        var isReal = false
        func digits(_ index: inout Int) {
            while index < source.count, Self.isDigit(source[index]) || source[index] == "_" {
                index += 1
            }
        }
        digits(&place)
        let follows = tokens.last.map { $0.kind == .symbol(".") } ?? false
        if !follows {
            if place + 1 < source.count, source[place] == ".", Self.isDigit(source[place + 1]) {
                place += 1
                digits(&place)
                isReal = true
            }
            if place < source.count, source[place] == "e" || source[place] == "E" {
                var index = place + 1
                if index < source.count, source[index] == "+" || source[index] == "-" { index += 1 }
                if index < source.count, Self.isDigit(source[index]) {
                    place = index
                    digits(&place)
                    isReal = true
                }
            }
        }
        let spelling = Self.text(source[start..<place]).filter { $0 != "_" }
        if isReal, let number = Double(spelling), number.isFinite {
            add(.real(number), start)
        } else if !isReal, let number = Int(spelling) {
            add(.integer(number), start)
        } else {
            throw TemplateFault(.unsupported, "the number \(spelling.prefix(40))", at: start)
        }
    }

    private mutating func string(_ quote: UInt32) throws(TemplateFault) {
        let start = place
        var scalars: [UInt32] = []
        place += 1
        while place < source.count {
            let scalar = source[place]
            place += 1
            if scalar == quote {
                add(.string(scalars), start)
                return
            }
            if scalar == "\\" { try escape(&scalars) } else { scalars.append(scalar) }
        }
        throw TemplateFault(.syntax, "a string does not end", at: start)
    }

    /// Reads what stands behind a backslash in a string of Python.
    private mutating func escape(_ scalars: inout [UInt32]) throws(TemplateFault) {
        guard place < source.count else { return }
        let scalar = source[place]
        place += 1
        switch Unicode.Scalar(scalar) {
        case "\n": break
        case "n": scalars.append(0x0A)
        case "t": scalars.append(0x09)
        case "r": scalars.append(0x0D)
        case "a": scalars.append(0x07)
        case "b": scalars.append(0x08)
        case "f": scalars.append(0x0C)
        case "v": scalars.append(0x0B)
        case "\\", "'", "\"": scalars.append(scalar)
        case "x": try hexadecimal(2, &scalars)
        case "u": try hexadecimal(4, &scalars)
        case "U": try hexadecimal(8, &scalars)
        case "0", "1", "2", "3", "4", "5", "6", "7":
            var value = scalar - 0x30
            for _ in 0..<2 where place < source.count && (0x30...0x37).contains(source[place]) {
                value = value * 8 + source[place] - 0x30
                place += 1
            }
            scalars.append(value)
        case "N": throw TemplateFault(.unsupported, "a character by its name", at: place - 2)
        default: scalars += [0x5C, scalar]
        }
    }

    private mutating func hexadecimal(
        _ count: Int, _ scalars: inout [UInt32]
    ) throws(TemplateFault) {
        let digits = Self.text(source[place..<min(place + count, source.count)])
        guard digits.utf8.count == count, let value = UInt32(digits, radix: 16),
            Unicode.Scalar(value) != nil
        else { throw TemplateFault(.syntax, "an escape stands for no character", at: place - 2) }
        scalars.append(value)
        place += count
    }

    private static let symbols = [
        "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
        "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ].map { Array($0.unicodeScalars.map(\.value)) }

    private mutating func symbol(_ brackets: inout [String]) throws(TemplateFault) {
        let rest = source[place...]
        guard let symbol = Self.symbols.first(where: { rest.starts(with: $0) }) else {
            throw TemplateFault(
                .syntax, "\"\(Self.text(rest.prefix(1)))\" belongs to no expression", at: place)
        }
        let text = Self.text(symbol[...])
        switch text {
        case "{": brackets.append("}")
        case "(": brackets.append(")")
        case "[": brackets.append("]")
        case "}", ")", "]":
            guard brackets.popLast() == text else {
                throw TemplateFault(.syntax, "a bracket closes none that is open", at: place)
            }
        default: break
        }
        add(.symbol(text), place)
        place += symbol.count
    }

    // MARK: Characters

    private mutating func add(_ kind: TemplateToken.Kind, _ place: Int) {
        tokens.append(TemplateToken(kind: kind, place: place))
    }

    private static func isSpace(_ scalar: UInt32) -> Bool {
        TemplateText.Character(scalar, .template).isSpace
    }

    private static func isDigit(_ scalar: UInt32) -> Bool { (0x30...0x39).contains(scalar) }

    private static func isWord(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        case 0x80...: Unicode.Scalar(scalar)?.properties.isXIDContinue ?? false
        default: false
        }
    }

    static func text(_ scalars: ArraySlice<UInt32>) -> String {
        var view = String.UnicodeScalarView()
        for scalar in scalars { view.append(Unicode.Scalar(scalar) ?? "\u{FFFD}") }
        return String(view)
    }
}

/// Whether a number is that of a scalar.
func == (number: UInt32, scalar: Unicode.Scalar) -> Bool { number == scalar.value }

/// Whether a number is not that of a scalar.
func != (number: UInt32, scalar: Unicode.Scalar) -> Bool { number != scalar.value }
