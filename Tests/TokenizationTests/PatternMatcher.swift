@testable import Tokenization

/// The slow twin of the scanners: a backtracking matcher that reads the regular expression itself.
///
/// It knows what the presets use: alternatives, classes, `(?i:)`, `(?!)`, and greedy or possessive
/// repetition, over characters that are code points or single bytes that are no UTF-8.
struct PatternMatcher {
    indirect enum Node {
        case one(Matcher)
        case sequence([Node])
        case choice([Node])
        case many(Node, least: Int, most: Int, isPossessive: Bool)
        case notFollowedBy(Node)
    }

    typealias Matcher = (UInt32?) -> Bool

    private let root: Node

    init(_ expression: String) {
        var parser = Parser(expression: Array(expression.unicodeScalars))
        root = parser.choice()
        precondition(parser.position == parser.expression.count, "not understood to its end")
    }

    /// The pieces of `text`: matches one after another, and whatever lies between them.
    func pieces(of text: [UInt8]) -> [[UInt8]] {
        let characters = Self.characters(of: text)
        let values = characters.map(\.value)
        var pieces: [[UInt8]] = []
        var index = 0
        while index < characters.count {
            guard let end = Self.match(root, values, index, { $0 }), end > index else {
                preconditionFailure("the presets match every character")
            }
            pieces.append(characters[index..<end].flatMap(\.bytes))
            index = end
        }
        return pieces
    }

    /// Code points as the standard library validates them, and single bytes for the rest.
    static func characters(of text: [UInt8]) -> [(value: UInt32?, bytes: [UInt8])] {
        var result: [(value: UInt32?, bytes: [UInt8])] = []
        var index = 0
        while index < text.count {
            var found: (value: UInt32?, bytes: [UInt8]) = (nil, [text[index]])
            for length in 1...4 where index + length <= text.count {
                let bytes = Array(text[index..<index + length])
                if let string = String(validating: bytes, as: UTF8.self),
                    string.unicodeScalars.count == 1
                {
                    found = (string.unicodeScalars.first?.value, bytes)
                }
            }
            result.append(found)
            index += found.bytes.count
        }
        return result
    }

    private static func match(
        _ node: Node, _ text: [UInt32?], _ index: Int, _ rest: (Int) -> Int?
    ) -> Int? {
        switch node {
        case .one(let matches):
            return index < text.count && matches(text[index]) ? rest(index + 1) : nil
        case .sequence(let nodes):
            guard let first = nodes.first else { return rest(index) }
            return match(first, text, index) { next in
                match(.sequence(Array(nodes.dropFirst())), text, next, rest)
            }
        case .choice(let nodes):
            for node in nodes {
                if let end = match(node, text, index, rest) { return end }
            }
            return nil
        case .many(let node, let least, let most, let isPossessive):
            if isPossessive {
                let greedy = Node.many(node, least: least, most: most, isPossessive: false)
                return match(greedy, text, index) { $0 }.flatMap(rest)
            }
            if most > 0 {
                let more = match(node, text, index) { next in
                    match(
                        .many(
                            node, least: max(0, least - 1), most: most == .max ? .max : most - 1,
                            isPossessive: false), text, next, rest)
                }
                if let more { return more }
            }
            return least == 0 ? rest(index) : nil
        case .notFollowedBy(let node):
            return match(node, text, index) { $0 } == nil ? rest(index) : nil
        }
    }
}

private struct Parser {
    let expression: [Unicode.Scalar]
    var position = 0
    var ignoresCase = false

    private var next: Unicode.Scalar? {
        position < expression.count ? expression[position] : nil
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard expression[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    mutating func choice() -> PatternMatcher.Node {
        var nodes = [sequence()]
        while take("|") { nodes.append(sequence()) }
        return .choice(nodes)
    }

    private mutating func sequence() -> PatternMatcher.Node {
        var nodes: [PatternMatcher.Node] = []
        while let next, next != "|", next != ")" {
            let atom = self.atom()
            nodes.append(quantified(atom))
        }
        return .sequence(nodes)
    }

    private mutating func quantified(_ node: PatternMatcher.Node) -> PatternMatcher.Node {
        let bounds: (Int, Int)
        if take("{1,3}") {
            // A sign after a counted repetition is read differently by different engines.
            return .many(node, least: 1, most: 3, isPossessive: false)
        } else if take("?") {
            bounds = (0, 1)
        } else if take("*") {
            bounds = (0, .max)
        } else if take("+") {
            bounds = (1, .max)
        } else {
            return node
        }
        return .many(node, least: bounds.0, most: bounds.1, isPossessive: take("+"))
    }

    private mutating func atom() -> PatternMatcher.Node {
        if take("(?i:") {
            ignoresCase = true
            let node = choice()
            ignoresCase = false
            precondition(take(")"), "a group has no end")
            return node
        }
        if take("(?!") {
            let node = choice()
            precondition(take(")"), "a group has no end")
            return .notFollowedBy(node)
        }
        if take("[") {
            let isNegated = take("^")
            var matchers: [PatternMatcher.Matcher] = []
            while !take("]") { matchers.append(single()) }
            return .one { value in matchers.contains { $0(value) } != isNegated }
        }
        return .one(single())
    }

    private mutating func single() -> PatternMatcher.Matcher {
        let tables = UnicodeClasses.shared.tables
        func matcher(_ classes: UnicodeClass) -> PatternMatcher.Matcher {
            { $0.map { tables.codePoint($0).isAny(classes) } ?? false }
        }
        if take("\\p{L}") { return matcher(.letter) }
        if take("\\p{N}") { return matcher(.number) }
        if take("\\s") { return matcher(.whitespace) }
        if take("\\S") {
            let isSpace = matcher(.whitespace)
            return { !isSpace($0) }
        }
        if take("\\r") { return { $0 == 13 } }
        if take("\\n") { return { $0 == 10 } }
        let literal = expression[position].value
        position += 1
        guard ignoresCase else { return { $0 == literal } }
        return { value in
            guard let scalar = value.flatMap(Unicode.Scalar.init) else { return false }
            return scalar.properties.lowercaseMapping.unicodeScalars.first?.value == literal
                || scalar.value == 0x17F && literal == 0x73
        }
    }
}
