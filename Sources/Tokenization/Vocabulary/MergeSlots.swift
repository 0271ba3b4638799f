import Bytes
import CKernels

/// A perfect hash table of merges: for every pair of tokens there is one slot to look at, and no
/// second, so that looking up has no branch that could be guessed wrongly.
///
/// Pairs are put into small groups by one hash. For each group, the largest first, a pilot is
/// searched with which another hash puts all its pairs into free slots (Belazzougui, Botelho and
/// Dietzfelbinger, Hash, displace, and compress, 2009).
struct MergeSlots: ~Copyable {
    /// A merge a slot: the two tokens, 21 bits each, and its rank in the lowest 22.
    let slots: OwnedBuffer<UInt64>

    /// A group's pilot each.
    let pilots: OwnedBuffer<UInt8>

    let multiplier: UInt64

    static let empty = UInt64.max

    /// Pairs in a group: with more the pilots are harder to find, with fewer there are more of
    /// them.
    private static let groupCount = 3

    /// Failing is so rare that it needs no better plan than a larger table.
    private static let attemptsBeforeGrowth = 4

    /// Error for a pair that is listed twice, at the ranks `first` and `second`.
    struct Duplicate: Error {
        let first: Int
        let second: Int
    }

    /// The table of `pairs`; the rank of each is its index. O(count).
    init(_ pairs: [MergePair]) throws(Duplicate) {
        var slotCount = powerOfTwo(atLeast: max(16, pairs.count + pairs.count / 4))
        let pilotCount = powerOfTwo(atLeast: max(2, pairs.count / Self.groupCount))
        var multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
        var attempts = 0
        while true {
            let slots = OwnedBuffer(repeating: Self.empty, count: slotCount)
            let pilots = OwnedBuffer<UInt8>(repeating: 0, count: pilotCount)
            let builder = Builder(
                pairs: pairs, slots: slots.view, pilots: pilots.view, multiplier: multiplier)
            if try builder.fill() {
                self.slots = slots
                self.pilots = pilots
                self.multiplier = multiplier
                return
            }
            attempts += 1
            multiplier = multiplier &* 0xD134_2543_DE82_EF95 | 1
            if attempts % Self.attemptsBeforeGrowth == 0 { slotCount *= 2 }
        }
    }

    private struct Builder {
        let pairs: [MergePair]
        let slots: BufferView<UInt64>
        let pilots: BufferView<UInt8>
        let multiplier: UInt64

        /// Puts all pairs into slots; false if some group has no pilot.
        func fill() throws(Duplicate) -> Bool {
            let pilotShift = UInt64(pilots.count.leadingZeroBitCount + 1)
            let products = pairs.map { $0.key &* multiplier }
            // The pairs in order of their groups, and where each group begins.
            var starts = [Int32](repeating: 0, count: pilots.count + 1)
            for product in products { starts[Int(product >> pilotShift) + 1] += 1 }
            var groupsOfSize: [[Int32]] = []
            for group in 0..<pilots.count {
                let size = Int(starts[group + 1])
                while groupsOfSize.count <= size { groupsOfSize.append([]) }
                groupsOfSize[size].append(Int32(group))
                starts[group + 1] += starts[group]
            }
            var members = [Int32](repeating: 0, count: pairs.count)
            var next = starts
            for (index, product) in products.enumerated() {
                let group = Int(product >> pilotShift)
                members[Int(next[group])] = Int32(index)
                next[group] += 1
            }
            for groups in groupsOfSize.dropFirst().reversed() {
                for group in groups {
                    let range = Int(starts[Int(group)])..<Int(starts[Int(group) + 1])
                    let pilot = try pilot(of: members[range], products)
                    guard let pilot else { return false }
                    pilots[Int(group)] = pilot
                }
            }
            return true
        }

        /// The first pilot with which all members of a group get slots of their own, which they are
        /// then in; `nil` if there is none.
        private func pilot(
            of members: ArraySlice<Int32>, _ products: [UInt64]
        ) throws(Duplicate) -> UInt8? {
            for (place, member) in members.enumerated() {
                for other in members.prefix(place)
                where products[Int(other)] == products[Int(member)] {
                    // The multiplier is odd, so equal products are equal pairs.
                    throw Duplicate(first: Int(other), second: Int(member))
                }
            }
            let shift = UInt64(slots.count.leadingZeroBitCount + 1)
            for pilot in UInt8.min...UInt8.max {
                var placed = 0
                for member in members {
                    let slot = Int(qk_slot_of_product(products[Int(member)], UInt64(pilot), shift))
                    guard slots[slot] == MergeSlots.empty else { break }
                    slots[slot] = pairs[Int(member)].key << 22 | UInt64(member)
                    placed += 1
                }
                if placed == members.count { return pilot }
                for member in members.prefix(placed) {
                    let slot = Int(qk_slot_of_product(products[Int(member)], UInt64(pilot), shift))
                    slots[slot] = MergeSlots.empty
                }
            }
            return nil
        }
    }
}

extension MergePair {
    /// Both tokens in one number of 42 bits.
    @inline(__always)
    var key: UInt64 { UInt64(left) &<< 21 | UInt64(right) }
}
