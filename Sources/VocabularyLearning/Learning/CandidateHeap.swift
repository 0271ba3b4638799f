/// Pairs that may be merged next, the best on top: the most frequent, and among equals the one with
/// the smallest key.
///
/// A binary heap in one array. Counts may be out of date: the top is checked before it is used.
struct CandidateHeap {
    /// A pair with a count that it had.
    struct Candidate {
        var count: UInt64
        var key: UInt64

        @inline(__always)
        func isBetter(than other: Candidate) -> Bool {
            count == other.count ? key < other.key : count > other.count
        }
    }

    private var elements: [Candidate] = []

    /// The best; `nil` if there are none.
    var top: Candidate? { elements.first }

    /// Adds a candidate. O(log n), and mostly O(1).
    mutating func insert(_ candidate: Candidate) {
        var index = elements.count
        elements.append(candidate)
        while index > 0 {
            let parent = (index - 1) / 2
            guard candidate.isBetter(than: elements[parent]) else { break }
            elements[index] = elements[parent]
            index = parent
        }
        elements[index] = candidate
    }

    /// Removes the best. O(log n).
    mutating func removeTop() {
        guard let last = elements.popLast(), !elements.isEmpty else { return }
        replaceTop(last)
    }

    /// Puts `candidate` in place of the best. O(log n).
    mutating func replaceTop(_ candidate: Candidate) {
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < elements.count else { break }
            if child + 1 < elements.count, elements[child + 1].isBetter(than: elements[child]) {
                child += 1
            }
            guard elements[child].isBetter(than: candidate) else { break }
            elements[index] = elements[child]
            index = child
        }
        elements[index] = candidate
    }
}
