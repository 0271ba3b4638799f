import Bytes

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

    /// The tree of `specials`. O(bytes of the contents).
    init(_ specials: [SpecialToken]) {
        for special in specials {
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
        let contents = specials.map { Array($0.content.utf8) }.filter { !$0.isEmpty }
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

/// A special token in a text.
struct SpecialTokenMatch {
    let range: Range<Int>
    let id: UInt32
}
