import Work

/// All n-grams of one length: the nodes of a trie's level, numbered in the order in which they were
/// first seen.
///
/// A node is found by its parent, which is the n-gram without its last token, and by that token.
/// Open addressing with linear probing; at most three quarters of the slots are taken.
struct NGramTable: Sendable {
    /// Parent in the upper half and token in the lower, by node.
    private(set) var keys: [UInt64] = []
    /// A node's number and one, or 0 for a free slot; their number is a power of two.
    private var slots: [UInt32]
    /// Nodes that there is room for.
    private(set) var capacity: Int
    /// Occurrences of each n-gram.
    var counts: [UInt32] = []
    /// Tokens that each n-gram was seen behind, each counted once, and its occurrences at the
    /// beginning of a text: what a shorter n-gram counts in Kneser and Ney's smoothing.
    var continuations: [UInt32] = []

    private static let firstCapacity = 192

    /// An empty table.
    init() {
        capacity = Self.firstCapacity
        slots = Array(repeating: 0, count: Self.firstCapacity / 3 * 4)
    }

    /// Nodes.
    var count: Int { keys.count }

    /// Bytes of a table with room for `capacity` nodes.
    static func byteCount(capacity: Int) -> Int { capacity * (8 + 4 + 4) + capacity / 3 * 4 * 4 }

    /// Bytes of the table.
    var byteCount: Int { Self.byteCount(capacity: capacity) }

    /// Bytes of the table that takes this one's place when it is full.
    var grownByteCount: Int { Self.byteCount(capacity: 2 * capacity) }

    /// Whether the next node needs a larger table.
    var isFull: Bool { count == capacity }

    /// The node of `token` below `parent`; nil if there is none.
    func node(_ parent: UInt32, _ token: UInt32) -> UInt32? {
        let key = UInt64(parent) << 32 | UInt64(token)
        let found = slots[slot(of: key)]
        return found == 0 ? nil : found - 1
    }

    /// The node of `token` below `parent`, which is made if there is none.
    ///
    /// - Precondition: the table is not full.
    mutating func insert(_ parent: UInt32, _ token: UInt32) -> (node: UInt32, isNew: Bool) {
        let key = UInt64(parent) << 32 | UInt64(token)
        let slot = slot(of: key)
        if slots[slot] > 0 { return (slots[slot] - 1, false) }
        keys.append(key)
        counts.append(0)
        continuations.append(0)
        slots[slot] = UInt32(count)
        return (UInt32(count - 1), true)
    }

    /// Makes room for twice as many nodes. O(capacity).
    mutating func grow() {
        capacity *= 2
        keys.reserveCapacity(capacity)
        counts.reserveCapacity(capacity)
        continuations.reserveCapacity(capacity)
        slots = Array(repeating: 0, count: capacity / 3 * 4)
        for (node, key) in keys.enumerated() { slots[slot(of: key)] = UInt32(node + 1) }
    }

    /// The slot that has `key`, or the free one that it belongs in.
    private func slot(of key: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: SplitMix64.mix(key)) & mask
        while slots[slot] > 0, keys[Int(slots[slot] - 1)] != key { slot = (slot + 1) & mask }
        return slot
    }
}

/// Sums over the n-grams that extend a context by one token.
struct NGramContexts: Sendable {
    /// Sum of the counts, by context.
    private(set) var totals: [UInt32]
    /// Sum of what is taken off them, by context: the weight of the shorter context's prediction.
    private(set) var discounts: [Double]

    /// Sums `counts` of the n-grams of `table`, whose parents are `contextCount` contexts.
    /// O(nodes).
    init(
        _ table: NGramTable, _ counts: [UInt32], contextCount: Int, _ discount: NGramDiscount
    ) {
        totals = Array(repeating: 0, count: contextCount)
        discounts = Array(repeating: 0, count: contextCount)
        for (key, count) in zip(table.keys, counts) {
            totals[Int(key >> 32)] += count
            discounts[Int(key >> 32)] += discount[count]
        }
    }

    /// Bytes of the sums of a context.
    static let byteCount = 12
}

/// What modified Kneser–Ney smoothing takes off the counts of n-grams of one length: one number for
/// those seen once, one for twice, and one for more often.
struct NGramDiscount: Sendable, Equatable {
    let values: [Double]  // of counts 0, 1, 2, and 3 or more

    /// The estimates of Chen and Goodman from the numbers of n-grams seen once to four times; where
    /// there are too few for that, 0.5, 1 and 1.5. O(counts).
    init(_ counts: [UInt32]) {
        var seen = [0.0, 0, 0, 0, 0]
        for count in counts where count <= 4 { seen[Int(count)] += 1 }
        let y = seen[1] / (seen[1] + 2 * seen[2])
        let estimates = (1...3).map { count in
            Double(count) - Double(count + 1) * y * seen[count + 1] / seen[count]
        }
        let areSound = zip(1...3, estimates).allSatisfy { $1 > 0 && $1 <= Double($0) }
        values = [0] + (areSound ? estimates : [0.5, 1, 1.5])
    }

    /// Discount of a count.
    subscript(count: UInt32) -> Double { values[Int(min(count, 3))] }
}
