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

    private let slotBuffer: OwnedBuffer<Slot>

    /// A view of the table for the hot loops.
    var lookup: Lookup { Lookup(slots: slotBuffer.view) }

    struct Slot: BitwiseCopyable {
        var key: UInt64
        var rank: UInt32
        var result: UInt32

        static let empty = Slot(key: .max, rank: .max, result: .max)
    }

    /// The way from a pair to its rank.
    struct Lookup {
        fileprivate let slots: BufferView<Slot>

        /// The slot of the pair; one with the rank `UInt32.max` if it does not merge.
        @inline(__always)
        func find(_ left: UInt32, _ right: UInt32) -> Slot {
            let key = UInt64(left) << 32 | UInt64(right)
            var index = MergeTable.position(of: key, in: slots.count)
            while true {
                let slot = slots[index]
                if slot.key == key || slot.key == .max { return slot }
                index = (index + 1) & (slots.count - 1)
            }
        }
    }

    @inline(__always)
    fileprivate static func position(of key: UInt64, in count: Int) -> Int {
        Int(truncatingIfNeeded: foldedProduct(key, 0x9E37_79B9_7F4A_7C15)) & (count - 1)
    }

    /// The table of `pairs`, the first of them with rank 0; every one must make a token of `tokens`.
    init(_ pairs: [MergePair], tokens: TokenTable) throws(TokenizationError) {
        guard pairs.count < Int(UInt32.max) else {
            throw .invalidVocabulary(reason: "it has more than 2³² merges")
        }
        let slots = OwnedBuffer(
            repeating: Slot.empty, count: powerOfTwo(atLeast: max(16, pairs.count * 2)))
        let view = slots.view
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
            let key = UInt64(pair.left) << 32 | UInt64(pair.right)
            var index = Self.position(of: key, in: view.count)
            while view[index].key != .max {
                guard view[index].key != key else {
                    throw .invalidVocabulary(
                        reason: "merges \(view[index].rank) and \(rank) are the same")
                }
                index = (index + 1) & (view.count - 1)
            }
            view[index] = Slot(key: key, rank: UInt32(rank), result: result)
            results.append(result)
        }
        self.pairs = pairs
        self.results = results
        slotBuffer = slots
    }
}
