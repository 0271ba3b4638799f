/// Finds special tokens in a text: the leftmost, and the longest of those that start there.
///
/// Those that are searched last are found only in what the others leave. One finder a text, from
/// its start to its end.
struct SpecialTokenFinder {
    /// A special token in a text.
    struct Match {
        let range: Range<Int>
        let id: UInt32
    }

    private let first: ContentSet
    private let last: ContentSet

    /// The next match of those that are searched first; `nil` if there is none.
    private var nextOfFirst: Match?
    private var hasSearchedFirst = false

    /// A finder of those of the vocabulary's special tokens that `policy` allows; `nil` if that is
    /// none.
    init?(_ vocabulary: Vocabulary, _ policy: SpecialTokenPolicy) {
        let allowed = vocabulary.specialTokens.filter { special in
            switch policy {
            case .none: special.recognition == .everywhere
            case .all: true
            case .only(let contents):
                special.recognition == .everywhere || contents.contains(special.content)
            }
        }
        guard !allowed.isEmpty else { return nil }
        first = ContentSet(allowed.filter { !$0.isSearchedLast })
        last = ContentSet(allowed.filter(\.isSearchedLast))
    }

    /// The first special token at or after `start`, which is never before the end of the last one
    /// found. O(distance) on average.
    mutating func next(in text: ByteView, from start: Int) -> Match? {
        if !hasSearchedFirst || nextOfFirst.map({ $0.range.lowerBound < start }) == true {
            nextOfFirst = first.next(in: text, from: start, to: text.count)
            hasSearchedFirst = true
        }
        let end = nextOfFirst?.range.lowerBound ?? text.count
        return last.next(in: text, from: start, to: end) ?? nextOfFirst
    }
}

/// Special tokens that are searched together.
private struct ContentSet {
    /// The contents looked for, longest first.
    private let contents: [(bytes: [UInt8], id: UInt32)]

    /// Whether some content starts with each byte.
    private let isFirstByte: [Bool]

    init(_ specials: [SpecialToken]) {
        contents = specials.map { (Array($0.content.utf8), $0.id.rawValue) }
            .sorted { $0.bytes.count > $1.bytes.count }
        var isFirstByte = [Bool](repeating: false, count: 256)
        for content in contents { isFirstByte[Int(content.bytes[0])] = true }
        self.isFirstByte = isFirstByte
    }

    /// The first match between `start` and `end`. O(distance) on average.
    func next(in text: ByteView, from start: Int, to end: Int) -> SpecialTokenFinder.Match? {
        guard !contents.isEmpty else { return nil }
        var index = start
        while index < end {
            if isFirstByte[Int(text[index])] {
                for (bytes, id) in contents
                where index + bytes.count <= end && text.hasPrefix(bytes, at: index) {
                    return .init(range: index..<index + bytes.count, id: id)
                }
            }
            index += 1
        }
        return nil
    }
}
