/// Two neighbouring tokens that become one.
struct MergePair: Hashable, Sendable {
    let left: UInt32
    let right: UInt32
}

/// For every pair of tokens that merges: when, and into what.
final class MergeTable: Sendable {
    /// The merges in order of rank.
    let pairs: [MergePair]

    /// The token that each merge makes.
    let results: [UInt32]

    private let resultBuffer: OwnedBuffer<UInt32>

    /// A merge a slot: the two tokens, 21 bits each, and its rank in the lowest 22.
    private let slotBuffer: OwnedBuffer<UInt64>

    private static let empty = UInt64.max

    /// A view of the table for the hot loops.
    var lookup: Lookup {
        Lookup(slots: slotBuffer.view, results: resultBuffer.view, offset: offset)
    }

    private let offset: UInt32?

    /// The way from a pair to its rank.
    struct Lookup {
        private let slots: BufferView<UInt64>
        private let shift: UInt64

        private let results: BufferView<UInt32>

        /// What is added to every rank to make the result, where that is the same for all; `nil` where
        /// it is not.
        private let offset: UInt32?

        fileprivate init(slots: BufferView<UInt64>, results: BufferView<UInt32>, offset: UInt32?) {
            self.slots = slots
            self.results = results
            self.offset = offset
            shift = UInt64(slots.count.leadingZeroBitCount + 1)
        }

        /// The token that the merge of a rank makes.
        @inline(__always)
        func result(of rank: UInt32) -> UInt32 {
            if let offset { return rank &+ offset }
            return results[Int(rank)]
        }

        @inline(__always)
        private func place(of key: UInt64) -> Int {
            Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> shift)
        }

        /// Asks for the memory that ``rank(_:_:)`` will read.
        @inline(__always)
        func prefetch(_ left: UInt32, _ right: UInt32) {
            slots.prefetch(place(of: UInt64(left) &<< 21 | UInt64(right)))
        }

        /// The rank of the pair; `nil` if it does not merge.
        @inline(__always)
        func rank(_ left: UInt32, _ right: UInt32) -> UInt32? {
            let key = UInt64(left) &<< 21 | UInt64(right)
            var index = place(of: key)
            while true {
                let slot = slots[index]
                if slot &>> 22 == key { return UInt32(truncatingIfNeeded: slot) & 0x3F_FFFF }
                if slot == MergeTable.empty { return nil }
                index = (index &+ 1) & (slots.count - 1)
            }
        }

        /// Adds a pair; false if it is there already.
        fileprivate func insert(_ pair: MergePair, rank: Int) -> Bool {
            guard self.rank(pair.left, pair.right) == nil else { return false }
            let key = UInt64(pair.left) << 21 | UInt64(pair.right)
            var index = place(of: key)
            while slots[index] != MergeTable.empty { index = (index + 1) & (slots.count - 1) }
            slots[index] = key << 22 | UInt64(rank)
            return true
        }
    }

    /// The table of `pairs`, the first of them with rank 0; every one must make a token of `tokens`.
    init(_ pairs: [MergePair], tokens: TokenTable) throws(TokenizationError) {
        guard pairs.count < 1 << 22 else {
            throw .invalidVocabulary(
                reason: "it has \(pairs.count) merges; the most is \((1 << 22) - 1)")
        }
        let slots = OwnedBuffer(
            repeating: Self.empty, count: powerOfTwo(atLeast: max(16, pairs.count * 2)))
        let resultBuffer = OwnedBuffer<UInt32>(repeating: 0, count: pairs.count)
        let lookup = Lookup(slots: slots.view, results: resultBuffer.view, offset: nil)
        var results: [UInt32] = []
        results.reserveCapacity(pairs.count)
        // Merges are nearly always listed in the order of what they make, so that the token after
        // the last one is the first to look at.
        var next = 0
        for (rank, pair) in pairs.enumerated() {
            let result: UInt32
            if next < tokens.count, tokens.isJoin(of: pair.left, pair.right, token: next),
                !tokens.isSpecial(UInt32(next))
            {
                result = UInt32(next)
            } else if let found = tokens.join(of: pair.left, pair.right) {
                result = found
            } else {
                let joined = tokens.bytes(of: Int(pair.left)) + tokens.bytes(of: Int(pair.right))
                throw .invalidVocabulary(
                    reason: "merge \(rank) makes \"\(ByteCharacters.string(for: joined))\", "
                        + "which is not a token")
            }
            next = Int(result) + 1
            guard lookup.insert(pair, rank: rank) else {
                let other = lookup.rank(pair.left, pair.right) ?? 0
                throw .invalidVocabulary(reason: "merges \(other) and \(rank) are the same")
            }
            resultBuffer.view[rank] = result
            results.append(result)
        }
        self.pairs = pairs
        self.results = results
        self.resultBuffer = resultBuffer
        let first = results.first ?? 0
        offset =
            results.indices.allSatisfy { results[$0] == first &+ UInt32($0) } ? first : nil
        slotBuffer = slots
    }
}
