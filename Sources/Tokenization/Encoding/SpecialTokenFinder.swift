import Bytes

/// Finds special tokens in texts: the leftmost, and the longest of those that start there.
///
/// Those that are searched last are found only in what the others leave.
struct SpecialTokenFinder: Sendable {
    /// Those that are searched in the text as it is.
    let first: SpecialTokenTree

    /// Those that are searched in what the others leave, after it was normalized.
    let last: SpecialTokenTree

    /// Whether the text around some token matters.
    let minds: Bool

    /// A finder of those of the vocabulary's special tokens that `policy` allows; `nil` if that is
    /// none. O(bytes of the contents).
    init?(_ vocabulary: Vocabulary, _ policy: SpecialTokenPolicy) {
        let allowed = vocabulary.specialTokens.filter { policy.allows($0) }
        guard !allowed.isEmpty else { return nil }
        first = SpecialTokenTree(allowed.filter { !$0.isSearchedLast })
        let rules = vocabulary.rules
        // The normalizer is applied to what they look for, too.
        last = SpecialTokenTree(allowed.filter(\.isSearchedLast)) { content in
            ByteView.with(content.span) { rules.normalized($0) } ?? content
        }
        minds = allowed.contains(where: \.minds)
    }
}

/// The special tokens of one text, from its start to its end.
struct SpecialTokenSearch: ~Copyable {
    private let text: ByteView
    private var first: TreeSearch
    private var last: TreeSearch

    /// The next match of those that are searched first; `nil` if there is none.
    private var nextOfFirst: SpecialTokenMatch?
    private var hasSearchedFirst = false

    /// A search from the start of `text`.
    init(_ finder: SpecialTokenFinder, in text: ByteView) {
        self.text = text
        first = TreeSearch(finder.first)
        last = TreeSearch(finder.last)
    }

    /// The first special token at or after `start`, which must not be before the end of the one
    /// found last. O(distance), whatever the number of calls.
    mutating func next(from start: Int) -> SpecialTokenMatch? {
        if !hasSearchedFirst || nextOfFirst.map({ $0.range.lowerBound < start }) == true {
            nextOfFirst = first.next(in: text, from: start, to: text.count)
            hasSearchedFirst = true
        }
        let end = nextOfFirst?.range.lowerBound ?? text.count
        return last.next(in: text, from: start, to: end) ?? nextOfFirst
    }
}

/// A search for the contents of one tree, by their anchors.
private struct TreeSearch {
    private let tree: SpecialTokenTree

    /// The anchors, and for each the first place not passed where a content with it would start.
    private var places: [(byte: UInt8, index: Int)]

    init(_ tree: SpecialTokenTree) {
        self.tree = tree
        places = tree.anchors.map { ($0, -1) }
    }

    /// The first match between `start` and `end`.
    mutating func next(in text: ByteView, from start: Int, to end: Int) -> SpecialTokenMatch? {
        var index = start
        while true {
            index = nextPlace(in: text, from: index)
            guard index < end else { return nil }
            if tree.mayStand(in: text, at: index),
                let match = tree.longest(in: text, at: index, to: end)
            {
                return match
            }
            index += 1
        }
    }

    /// The first place at or after `start` where a content would start by its anchor; the end of
    /// the text if there is none.
    private mutating func nextPlace(in text: ByteView, from start: Int) -> Int {
        var nearest = text.count
        for number in places.indices {
            if places[number].index < start {
                let offset = tree.anchorOffset
                let found = text.firstIndex(of: places[number].byte, from: start + offset)
                places[number].index = found < text.count ? found - offset : text.count
            }
            nearest = min(nearest, places[number].index)
        }
        return nearest
    }
}

/// Contents of special tokens as a tree of bytes, so that a place where one may start is looked at
/// once, however many there are.
struct SpecialTokenTree: Sendable {
    /// Node of the tree: a prefix of some content, and the bytes that may follow it.
    private struct Node {
        /// The token whose content the prefix is, if there is one.
        var id: UInt32?
        /// The bytes that lead on, and the nodes they lead to.
        var next: [(byte: UInt8, node: Int)] = []
    }

    /// The tree; the empty prefix first.
    private var nodes = [Node()]

    /// For every byte whether a content may have it second, or be over before it.
    private var isSecondByte = [Bool](repeating: false, count: 256)

    /// Contents are searched by one of their bytes: the one at this place.
    private(set) var anchorOffset = 0

    /// The bytes that contents have at ``anchorOffset``.
    private(set) var anchors: Set<UInt8> = []

    /// The tokens whose surroundings matter, by number.
    private var minding: [UInt32: SpecialToken] = [:]

    /// Whether there are no contents.
    var isEmpty: Bool { anchors.isEmpty }

    /// The tree of `specials`. O(bytes of the contents).
    ///
    /// - Parameter form: what is looked for, for a content.
    init(_ specials: [SpecialToken], form: ([UInt8]) -> [UInt8] = { $0 }) {
        for special in specials where special.minds {
            minding[special.id.rawValue] = special
        }
        let specials = specials.map { (id: $0.id, content: form(Array($0.content.utf8))) }
        for special in specials {
            var node = 0
            for byte in special.content {
                if let next = child(of: node, by: byte) {
                    node = next
                } else {
                    nodes[node].next.append((byte, nodes.count))
                    node = nodes.count
                    nodes.append(Node())
                }
            }
            if node > 0 { nodes[node].id = special.id.rawValue }
        }
        let contents = specials.map(\.content).filter { !$0.isEmpty }
        anchors = Set(contents.map { $0[0] })
        guard contents.allSatisfy({ $0.count > 1 }) else {
            isSecondByte = Array(repeating: true, count: 256)
            return
        }
        let seconds = Set(contents.map { $0[1] })
        for byte in seconds { isSecondByte[Int(byte)] = true }
        // The fewer bytes to search for the better; and "|" is rarer than "<", which markup is full
        // of.
        if seconds.count <= anchors.count { (anchors, anchorOffset) = (seconds, 1) }
    }

    /// Whether a content may stand at `index`, by its second byte. Most often it may not, and one
    /// look tells.
    @inline(__always)
    func mayStand(in text: ByteView, at index: Int) -> Bool {
        index + 1 >= text.count || isSecondByte[Int(text[index + 1])]
    }

    private func child(of node: Int, by byte: UInt8) -> Int? {
        nodes[node].next.first { $0.byte == byte }?.node
    }

    /// The longest content that stands at `start` and ends at `end` or before. O(its length).
    func longest(in text: ByteView, at start: Int, to end: Int) -> SpecialTokenMatch? {
        var found: SpecialTokenMatch?
        var node = 0
        var index = start
        while index < end, let next = child(of: node, by: text[index]) {
            node = next
            index += 1
            if let id = nodes[node].id { found = SpecialTokenMatch(range: start..<index, id: id) }
        }
        return found
    }
}

extension SpecialTokenTree {
    /// Calls `body` with the parts of `text` in order: special tokens with their numbers, each with
    /// the white space that it takes, and what lies between them, unless that is empty. O(count).
    ///
    /// As `tokenizers` does it in `find_matches` of `added_vocabulary.rs`, where a token that lies
    /// in white space that another has taken is found all the same.
    func cut<Failure: Error>(
        _ text: ByteView, _ body: (Range<Int>, UInt32?) throws(Failure) -> Void
    ) throws(Failure) {
        var search = TreeSearch(self)
        var (from, taken) = (0, 0)
        while let match = search.next(in: text, from: from, to: text.count) {
            from = match.range.upperBound
            var (start, end) = (match.range.lowerBound, match.range.upperBound)
            if let special = minding[match.id] {
                if special.isSingleWord, text.isInWord(at: start) || text.isInWord(from: end) {
                    continue
                }
                if special.stripsLeft { start = max(text.startOfSpace(before: start), taken) }
                if special.stripsRight { end = text.endOfSpace(from: end) }
            }
            if taken < start { try body(taken..<start, nil) }
            try body(start..<max(start, end), match.id)
            taken = end
        }
        if taken < text.count { try body(taken..<text.count, nil) }
    }
}

extension ByteView {
    /// The start of the character that ends at `end`.
    private func startOfCharacter(before end: Int) -> Int {
        let start = NormalForms.startOfCharacter(in: self, before: end, from: 0)
        return start < end ? start : end - 1
    }

    /// Whether the character that ends at `end` is one of a word.
    fileprivate func isInWord(at end: Int) -> Bool {
        guard end > 0 else { return false }
        return isInWord(from: startOfCharacter(before: end))
    }

    /// Whether the character that begins at `start` is one of a word.
    fileprivate func isInWord(from start: Int) -> Bool {
        guard start < count, let point = decodeCodePoint(self, start).value else { return false }
        return NormalForms.shared.isOfWord(point)
    }

    /// The start of the white space that ends at `end`. O(length).
    fileprivate func startOfSpace(before end: Int) -> Int {
        let tables = UnicodeClasses.shared.tables
        var start = end
        while start > 0 {
            let before = startOfCharacter(before: start)
            guard tables.character(self, before).classes.isAny(.whitespace) else { break }
            start = before
        }
        return start
    }

    /// The end of the white space that begins at `start`. O(length).
    fileprivate func endOfSpace(from start: Int) -> Int {
        UnicodeClasses.shared.tables.endOfRun(of: .whitespace, in: self, from: start)
    }
}

/// A special token in a text.
struct SpecialTokenMatch {
    let range: Range<Int>
    let id: UInt32
}
