/// Disjoint sets of numbers, each named by its least member (Tarjan, 1975, with path halving).
///
/// Memory is 4 bytes a number.
struct UnionFind {
    private var parents: [UInt32]

    /// `count` sets of one number each.
    init(count: Int) {
        parents = (0..<UInt32(count)).map { $0 }
    }

    /// The least member of the set of `number`. Nearly O(1).
    mutating func root(of number: Int) -> Int {
        var number = number
        while true {
            let parent = Int(parents[number])
            if parent == number { return number }
            parents[number] = parents[parent]
            number = Int(parents[number])
        }
    }

    /// Makes the sets of two numbers one.
    mutating func unite(_ one: Int, _ other: Int) {
        let (one, other) = (root(of: one), root(of: other))
        parents[max(one, other)] = UInt32(min(one, other))
    }
}
