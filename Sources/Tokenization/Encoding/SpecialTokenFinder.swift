import Bytes

/// Finds special tokens in texts: the leftmost, and the longest of those that start there.
///
/// Those that are searched last are found only in what the others leave.
struct SpecialTokenFinder: Sendable {
    fileprivate let first: SpecialTokenTree
    fileprivate let last: SpecialTokenTree

    /// A finder of those of the vocabulary's special tokens that `policy` allows; `nil` if that is
    /// none. O(bytes of the contents).
    init?(_ vocabulary: Vocabulary, _ policy: SpecialTokenPolicy) {
        let allowed = vocabulary.specialTokens.filter { policy.allows($0) }
        guard !allowed.isEmpty else { return nil }
        first = SpecialTokenTree(allowed.filter { !$0.isSearchedLast })
        last = SpecialTokenTree(allowed.filter(\.isSearchedLast))
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
