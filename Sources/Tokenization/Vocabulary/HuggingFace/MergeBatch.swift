import Bytes

/// A few merges that have been read but not looked up.
///
/// Looking up is waiting for memory: done for many names in a row, the waits overlap.
struct MergeBatch: ~Copyable {
    /// The names, one after another: two a merge.
    var names = ByteArena(capacity: 1 << 12)

    /// For each merge, where its second name begins and where it ends, and its place in the file.
    private var merges: [(middle: Int, end: Int, position: Int)] = []

    private static let capacity = 64

    /// Number of merges.
    var count: Int { merges.count }

    /// Whether it is time to look up.
    var isFull: Bool { merges.count >= Self.capacity }

    /// The last bytes, from the end of the merge before, are a merge.
    mutating func end(middle: Int, position: Int) {
        merges.append((middle, names.count, position))
    }

    /// Looks up all names, appends the merges to `pairs` and forgets them. O(size).
    mutating func take(
        _ tokens: TokenTable, into pairs: inout [MergePair], path: String
    ) throws(TokenizationError) {
        var start = 0
        let text = names.bytes
        for merge in merges {
            guard let left = tokens.id(of: text, from: start, to: merge.middle),
                let right = tokens.id(of: text, from: merge.middle, to: merge.end)
            else { throw Self.failure(pairs.count, at: merge.position, path: path) }
            pairs.append(MergePair(left: left, right: right))
            start = merge.end
        }
        merges.removeAll(keepingCapacity: true)
        names.truncate(to: 0)
    }

    /// The error that merge `index` is none.
    static func failure(_ index: Int, at position: Int, path: String) -> TokenizationError {
        .malformed(
            path: path, offset: position,
            reason: "merge \(index) does not name two tokens of the vocabulary")
    }
}
