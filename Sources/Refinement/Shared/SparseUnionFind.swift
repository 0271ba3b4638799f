/// Disjoint sets of numbers of which few are with others, each named by its least member.
///
/// A number that was never united is a set by itself and takes no memory; one that was takes 20 to
/// 28 bytes. The roots do not depend on the order in which sets were united.
struct SparseUnionFind {
    /// The numbers that were united with others.
    private(set) var members: [UInt64] = []
    private var parents: [UInt32] = []
    /// Places of members, plus one, by open addressing; 0 for none.
    private var slots = [UInt32](repeating: 0, count: 16)

    /// Bytes of memory in use.
    var byteCount: Int { 12 * members.count + 4 * slots.count }

    /// The least member of the set of `number`. Nearly O(1).
    mutating func root(of number: UInt64) -> UInt64 {
        guard let place = place(of: number) else { return number }
        return members[root(at: place)]
    }

    /// Makes the sets of two numbers one.
    mutating func unite(_ one: UInt64, _ other: UInt64) {
        let (one, other) = (root(at: insert(one)), root(at: insert(other)))
        if members[one] < members[other] {
            parents[other] = UInt32(one)
        } else {
            parents[one] = UInt32(other)
        }
    }

    private mutating func root(at place: Int) -> Int {
        var place = place
        while true {
            let parent = Int(parents[place])
            if parent == place { return place }
            parents[place] = parents[parent]
            place = Int(parents[place])
        }
    }

    private func slot(of number: UInt64) -> Int {
        let mask = slots.count - 1
        let product = number &* 0x9E37_79B9_7F4A_7C15
        var slot = Int(truncatingIfNeeded: product >> 32) & mask
        while slots[slot] != 0, members[Int(slots[slot]) - 1] != number { slot = (slot + 1) & mask }
        return slot
    }

    private func place(of number: UInt64) -> Int? {
        let slot = slot(of: number)
        return slots[slot] == 0 ? nil : Int(slots[slot]) - 1
    }

    private mutating func insert(_ number: UInt64) -> Int {
        if let place = place(of: number) { return place }
        if 2 * (members.count + 1) > slots.count {
            slots = Array(repeating: 0, count: 2 * slots.count)
            for place in members.indices { slots[slot(of: members[place])] = UInt32(place + 1) }
        }
        slots[slot(of: number)] = UInt32(members.count + 1)
        members.append(number)
        parents.append(UInt32(members.count - 1))
        return members.count - 1
    }
}
