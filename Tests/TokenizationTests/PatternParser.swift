/// Reads a regular expression into what ``PatternMatcher`` matches.
///
/// It knows what patterns use: alternatives, classes, `()`, `(?:)`, `(?i:)`,
/// `(?!)`, `(?=)`, `$`, and greedy or
/// possessive repetition. A possessive sign behind a counted repetition is read as tiktoken's
/// engine reads it.
struct PatternParser {
    private let expression: [Unicode.Scalar]
    private var position = 0
    private var ignoresCase = false
    private var sets: [PatternMatcher.Set]

    static func node(
        _ expression: String, _ sets: inout [PatternMatcher.Set]
    ) -> PatternMatcher.Node {
        var parser = PatternParser(expression: Array(expression.unicodeScalars), sets: sets)
        let node = parser.choice()
        precondition(parser.next == nil, "not understood to its end")
        sets = parser.sets
        return node
    }

    private init(expression: [Unicode.Scalar], sets: [PatternMatcher.Set]) {
        self.expression = expression
        self.sets = sets
    }

    private var next: Unicode.Scalar? {
        position < expression.count ? expression[position] : nil
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard expression[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    private mutating func choice() -> PatternMatcher.Node {
        let first = sequence()
        return take("|") ? .choice(first, choice()) : first
    }

    private mutating func sequence() -> PatternMatcher.Node {
        guard let next, next != "|", next != ")" else { return .empty }
        let first = quantified(atom())
        return .sequence(first, sequence())
    }

    private mutating func quantified(_ node: PatternMatcher.Node) -> PatternMatcher.Node {
        let bounds: (Int, Int)
        if take("?") {
            bounds = (0, 1)
        } else if take("*") {
            bounds = (0, .max)
        } else if take("+") {
            bounds = (1, .max)
        } else if take("{1,2}") {
            bounds = (1, 2)
        } else if take("{1,3}") {
            bounds = (1, 3)
        } else if take("{3}") {
            bounds = (3, 3)
        } else {
            return node
        }
        return .many(node, least: bounds.0, most: bounds.1, isPossessive: take("+"))
    }

    private mutating func atom() -> PatternMatcher.Node {
        if take("$") { return .end }
        if take("(?i:") {
            ignoresCase = true
            defer { ignoresCase = false }
            return group()
        }
        if take("(?:") { return group() }
        if take("(?!") { return .notFollowedBy(group()) }
        if take("(?=") { return .followedBy(group()) }
        if take("(") { return group() }
        let set: PatternMatcher.Set
        if take("[") {
            let isNegated = take("^")
            var members: [PatternMatcher.Set] = []
            var isHanless = false
            while !take("]") {
                if take(#"&&[^\p{Han}]"#) { isHanless = true } else { members.append(member()) }
            }
            set = { character in
                members.contains { $0(character) } != isNegated
                    && !(isHanless && PinnedUnicode.isHan(character))
            }
        } else {
            set = shorthand() ?? literal(character())
        }
        sets.append(set)
        return .one(sets.count - 1)
    }

    private mutating func group() -> PatternMatcher.Node {
        let node = choice()
        precondition(take(")"), "a group has no end")
        return node
    }

    /// A member of a class: a range, a shorthand or a character.
    private mutating func member() -> PatternMatcher.Set {
        if let shorthand = shorthand() { return shorthand }
        let first = character()
        guard next == "-", position + 1 < expression.count, expression[position + 1] != "]" else {
            return literal(first)
        }
        position += 1
        let last = character()
        return { $0.map { $0 >= first && $0 <= last } ?? false }
    }

    private mutating func shorthand() -> PatternMatcher.Set? {
        if take("\\s") { return isWhitespace }
        if take("\\S") { return { !isWhitespace($0) } }
        if take("\\d") { return { PinnedUnicode.category($0?.value) == "Nd" } }
        guard take("\\p{") else { return nil }
        var name = ""
        while !take("}") { name.unicodeScalars.append(expression[position]); position += 1 }
        if name == "Han" { return PinnedUnicode.isHan }
        return { character in
            PinnedUnicode.category(character?.value)?.hasPrefix(name) ?? false
        }
    }

    private func literal(_ literal: Unicode.Scalar) -> PatternMatcher.Set {
        guard ignoresCase else { return { $0 == literal } }
        return { character in character.map { folded($0) == folded(literal) } ?? false }
    }

    /// A character that stands for itself, with or without a backslash.
    private mutating func character() -> Unicode.Scalar {
        if take("\\r") { return "\r" }
        if take("\\n") { return "\n" }
        _ = take("\\")
        defer { position += 1 }
        return expression[position]
    }
}

private func isWhitespace(_ character: Unicode.Scalar?) -> Bool {
    character?.properties.isWhitespace ?? false
}

/// Case folding, equal for characters that differ in case: U+017F, the long s, becomes s.
private func folded(_ character: Unicode.Scalar) -> String {
    character.properties.uppercaseMapping.lowercased()
}
