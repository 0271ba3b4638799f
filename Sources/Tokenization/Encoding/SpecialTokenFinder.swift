/// Finds special tokens in a text: the leftmost, and the longest of those that start there.
///
/// The contents make a tree of bytes, so that a place where one may start is looked at once, however
/// many there are; and the places are found by searching for the bytes that contents start with.
struct SpecialTokenFinder: Sendable {
    /// What follows a prefix of some content.
    private struct Node {
        /// The token whose content the prefix is, if there is one.
        var id: UInt32?
        /// The bytes that lead on, and the nodes they lead to.
        var next: [(byte: UInt8, node: Int)] = []
    }

    /// The tree; the empty prefix first.
    private var nodes = [Node()]

    /// The bytes that contents start with.
    var firstBytes: [UInt8] { nodes[0].next.map(\.byte) }

    /// A finder of those of the vocabulary's special tokens that `policy` allows; `nil` if that is
    /// none. O(bytes of the contents).
    init?(_ vocabulary: Vocabulary, _ policy: SpecialTokenPolicy) {
        for special in vocabulary.specialTokens where policy.allows(special) { insert(special) }
        guard nodes.count > 1 else { return nil }
    }

    private mutating func insert(_ special: SpecialToken) {
        var node = 0
        for byte in special.content.utf8 {
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

    private func child(of node: Int, by byte: UInt8) -> Int? {
        nodes[node].next.first { $0.byte == byte }?.node
    }

    /// The longest content that stands at `start`. O(its length).
    func longest(in text: ByteView, at start: Int) -> (end: Int, id: UInt32)? {
        var found: (end: Int, id: UInt32)?
        var node = 0
        var index = start
        while index < text.count, let next = child(of: node, by: text[index]) {
            node = next
            index += 1
            if let id = nodes[node].id { found = (index, id) }
        }
        return found
    }
}

/// The special tokens of one text, one after another.
struct SpecialTokenSearch: ~Copyable {
    private let finder: SpecialTokenFinder
    private let text: ByteView

    /// The bytes that contents start with, and the first place of each that was not passed.
    private var places: [(byte: UInt8, index: Int)]

    /// A search from the start of `text`.
    init(_ finder: SpecialTokenFinder, in text: ByteView) {
        self.finder = finder
        self.text = text
        places = finder.firstBytes.map { ($0, -1) }
    }

    /// The first special token at or after `start`, which must not be before the end of the last.
    /// O(distance), whatever the number of calls.
    mutating func next(from start: Int) -> (range: Range<Int>, id: UInt32)? {
        var index = start
        while true {
            index = nextPlace(from: index)
            guard index < text.count else { return nil }
            if let (end, id) = finder.longest(in: text, at: index) { return (index..<end, id) }
            index += 1
        }
    }

    /// The first place at or after `start` with a byte that some content starts with.
    private mutating func nextPlace(from start: Int) -> Int {
        var nearest = text.count
        for number in places.indices {
            if places[number].index < start {
                places[number].index = text.firstIndex(of: places[number].byte, from: start)
            }
            nearest = min(nearest, places[number].index)
        }
        return nearest
    }
}
