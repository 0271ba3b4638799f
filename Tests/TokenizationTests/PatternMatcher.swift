@testable import Tokenization

/// The slow twin of the scanners: a backtracking matcher that reads the regular expressions
/// themselves.
///
/// A text is a list of characters: code points, and single bytes that are no UTF-8. Each expression
/// is applied to every part of the text that the one before it left: its matches are parts, and so
/// is what lies between them.
final class PatternMatcher {
    indirect enum Node {
        /// One character that is in the set with this number.
        case one(Int)
        /// The empty text.
        case empty
        case sequence(Node, Node)
        case choice(Node, Node)
        case many(Node, least: Int, most: Int, isPossessive: Bool)
        case notFollowedBy(Node)
        case followedBy(Node)
        /// The empty text, at the end of the text.
        case end
    }

    /// Whether a character, `nil` for a byte that is no UTF-8, is in a set.
    typealias Set = (Unicode.Scalar?) -> Bool

    private let roots: [Node]
    private let sets: [Set]
    private var memberships: [Unicode.Scalar?: UInt64] = [:]

    init(_ expressions: [String]) {
        var sets: [Set] = []
        roots = expressions.map { PatternParser.node($0, &sets) }
        precondition(sets.count <= UInt64.bitWidth)
        self.sets = sets
    }

    /// The pieces of `text`.
    func pieces(of text: [UInt8]) -> [[UInt8]] {
        let characters = Self.characters(of: text)
        // For every character a bit for each set that it is in.
        let members = characters.map { membership($0.value) }
        var parts = characters.isEmpty ? [] : [0..<characters.count]
        for root in roots {
            parts = parts.flatMap { part in
                let ends = Self.parts(root, Array(members[part])).map { part.lowerBound + $0 }
                return zip([part.lowerBound] + ends, ends).map { $0..<$1 }
            }
        }
        return parts.map { characters[$0].flatMap(\.bytes) }
    }

    private func membership(_ character: Unicode.Scalar?) -> UInt64 {
        if let known = memberships[character] { return known }
        var result: UInt64 = 0
        for (number, contains) in sets.enumerated() where contains(character) {
            result |= 1 << number
        }
        memberships[character] = result
        return result
    }

    /// Code points as the standard library validates them, and single bytes for the rest.
    static func characters(of text: [UInt8]) -> [(value: Unicode.Scalar?, bytes: [UInt8])] {
        var result: [(value: Unicode.Scalar?, bytes: [UInt8])] = []
        var index = 0
        while index < text.count {
            var found: (value: Unicode.Scalar?, bytes: [UInt8]) = (nil, [text[index]])
            for length in 1...4 where index + length <= text.count {
                let bytes = Array(text[index..<index + length])
                if let string = String(validating: bytes, as: UTF8.self) {
                    found = (string.unicodeScalars.first, bytes)
                    break
                }
            }
            result.append(found)
            index += found.bytes.count
        }
        return result
    }

    /// The ends of the matches and of what lies between them.
    private static func parts(_ root: Node, _ text: [UInt64]) -> [Int] {
        var ends: [Int] = []
        var index = 0
        while index < text.count {
            let end = match(root, text, index) { $0 }
            // A match of nothing is a place to cut.
            if end != nil, index > ends.last ?? 0 { ends.append(index) }
            if let end, end > index {
                ends.append(end)
                index = end
            } else {
                index += 1
            }
        }
        if text.count > ends.last ?? 0 { ends.append(text.count) }
        return ends
    }

    /// The end of the first match at `index` in the order of the engine, with which `rest` matches.
    private static func match(
        _ node: Node, _ text: [UInt64], _ index: Int, _ rest: (Int) -> Int?
    ) -> Int? {
        switch node {
        case .one(let set):
            return index < text.count && text[index] >> set & 1 == 1 ? rest(index + 1) : nil
        case .empty:
            return rest(index)
        case .sequence(let first, let second):
            return match(first, text, index) { match(second, text, $0, rest) }
        case .choice(let first, let second):
            return match(first, text, index, rest) ?? match(second, text, index, rest)
        case .many(let node, let least, let most, true):
            let greedy = Node.many(node, least: least, most: most, isPossessive: false)
            return match(greedy, text, index) { $0 }.flatMap(rest)
        case .many(let node, let least, let most, false):
            if most > 0 {
                let more = match(node, text, index) { next in
                    let left = Node.many(
                        node, least: max(0, least - 1), most: most == .max ? .max : most - 1,
                        isPossessive: false)
                    return match(left, text, next, rest)
                }
                if let more { return more }
            }
            return least == 0 ? rest(index) : nil
        case .notFollowedBy(let node):
            return match(node, text, index) { $0 } == nil ? rest(index) : nil
        case .followedBy(let node):
            return match(node, text, index) { $0 } == nil ? nil : rest(index)
        case .end:
            return index == text.count ? rest(index) : nil
        }
    }
}
