import Bytes
import CKernels

/// Two neighbouring tokens that become one.
package struct MergePair: Hashable, Sendable {
    package let left: UInt32
    package let right: UInt32

    /// The pair of `left` and `right`.
    package init(left: UInt32, right: UInt32) {
        self.left = left
        self.right = right
    }
}

/// For every pair of tokens that merges: when, and into what.
package final class MergeTable: Sendable {
    /// The merges in order of rank.
    package let pairs: [MergePair]

    /// Merges before them that are no part of the vocabulary: they make characters of bytes. The
    /// rank of a listed merge is their number more than its place.
    let joins: [MergePair]

    /// The token that each merge makes.
    package let results: [UInt32]

    private let resultBuffer: OwnedBuffer<UInt32>
    private let slots: MergeSlots
    private let bytePairBuffer: OwnedBuffer<Int32>
    private let byteTokenBuffer: OwnedBuffer<UInt32>

    /// Difference between the id of a merge's token and its rank, where it is the same for all
    /// merges; `nil` where it is not.
    private let offset: UInt32?

    /// A view of the table for the hot loops.
    package var lookup: Lookup {
        Lookup(
            slots.slots.view, pilots: slots.pilots.view, multiplier: slots.multiplier,
            results: resultBuffer.view, offset: offset, byteTokens: byteTokenBuffer.view,
            bytePairs: bytePairBuffer.view)
    }

    /// The table of `listed`, the first of them with rank 0; every one must make a token of
    /// `tokens`.
    ///
    /// - Parameter joins: merges that come before those listed and are no part of the vocabulary:
    ///   they make characters of bytes.
    package init(
        _ listed: [MergePair], joins: [MergePair] = [], tokens: TokenTable
    ) throws(TokenizationError) {
        let pairs = joins + listed
        guard pairs.count < 1 << 22 else {
            throw .invalidVocabulary(
                reason: "it has \(pairs.count) merges; the most is \((1 << 22) - 1)")
        }
        let slots: MergeSlots
        do {
            slots = try MergeSlots(pairs)
        } catch {
            let (first, second) = (error.first - joins.count, error.second - joins.count)
            throw .invalidVocabulary(reason: "merges \(first) and \(second) are the same")
        }
        let resultBuffer = OwnedBuffer<UInt32>(repeating: 0, count: pairs.count)
        var results: [UInt32] = []
        results.reserveCapacity(pairs.count)
        // Merges are nearly always listed in the order of what they make, so that the token after
        // the last one is the first to look at.
        var next = 0
        for (rank, pair) in pairs.enumerated() {
            let result: UInt32
            if next < tokens.totalCount, tokens.isJoin(of: pair.left, pair.right, token: next),
                !tokens.isSpecial(UInt32(next))
            {
                result = UInt32(next)
            } else if let found = tokens.join(of: pair.left, pair.right) {
                result = found
            } else {
                let joined = tokens.bytes(of: Int(pair.left)) + tokens.bytes(of: Int(pair.right))
                if tokens.hasSpecial(joined) {
                    throw .invalidVocabulary(
                        reason: Self.namesSpecial(joined, merge: rank - joins.count))
                }
                let name = ByteCharacters.string(for: joined)
                throw .invalidVocabulary(
                    reason: "merge \(rank - joins.count) makes \"\(name)\", which is not a token")
            }
            next = Int(result) + 1
            resultBuffer.view[rank] = result
            results.append(result)
        }
        self.pairs = listed
        self.results = joins.isEmpty ? results : Array(results[joins.count...])
        self.joins = joins
        let first = results.first ?? 0
        let offset =
            results.indices.allSatisfy { results[$0] == first &+ UInt32($0) } ? first : nil
        let byteTokens = OwnedBuffer((0..<256).map { tokens.byteTokens[$0] })
        let bytePairs = OwnedBuffer<Int32>(repeating: .max, count: 1 << 16)
        let lookup = Lookup(
            slots.slots.view, pilots: slots.pilots.view, multiplier: slots.multiplier,
            results: resultBuffer.view, offset: offset, byteTokens: byteTokens.view,
            bytePairs: bytePairs.view)
        for left in 0..<256 {
            for right in 0..<256 {
                if let rank = lookup.rank(byteTokens.view[left], byteTokens.view[right]) {
                    bytePairs.view[left << 8 | right] = Int32(rank) << 7
                }
            }
        }
        self.offset = offset
        self.slots = slots
        self.resultBuffer = resultBuffer
        byteTokenBuffer = byteTokens
        bytePairBuffer = bytePairs
    }
}

extension MergeTable {
    /// The reason to refuse a merge of, or into, a special token.
    static func namesSpecial(_ bytes: [UInt8], merge: Int) -> String {
        "merge \(merge) has to do with \"\(ByteCharacters.string(for: bytes))\", which is a "
            + "special token, so that ordinary text would become one"
    }

    /// Whether no merge makes a token in which a space follows another character, so that what a
    /// text has on both sides of such a place never meets. O(size).
    package func respectsWords(_ tokens: TokenTable) -> Bool {
        results.allSatisfy { id in
            let bytes = tokens.bytes(of: Int(id))
            return zip(bytes, bytes.dropFirst()).allSatisfy { $0 == 0x20 || $1 != 0x20 }
        }
    }

    /// This table for `table`, which has the tokens of `old` and more behind them, so that the
    /// parts have other numbers. O(size).
    func moved(to table: TokenTable, from old: TokenTable) throws(TokenizationError) -> MergeTable {
        guard old.hasParts else { return self }
        let distance = UInt32(table.count - old.count)
        func moved(_ id: UInt32) -> UInt32 { id < old.count ? id : id + distance }
        return try MergeTable(
            pairs, joins: joins.map { MergePair(left: moved($0.left), right: moved($0.right)) },
            tokens: table)
    }

    /// The way from a pair to its rank, and from the bytes of pieces to their tokens; valid as long
    /// as the table lives.
    @safe package struct Lookup {
        private let merges: qk_merges

        init(
            _ slots: BufferView<UInt64>, pilots: BufferView<UInt8>, multiplier: UInt64,
            results: BufferView<UInt32>, offset: UInt32?, byteTokens: BufferView<UInt32>,
            bytePairs: BufferView<Int32>
        ) {
            unsafe merges = qk_merges(
                slots: slots.base, slot_shift: UInt64(slots.count.leadingZeroBitCount + 1),
                pilots: pilots.base, pilot_shift: UInt64(pilots.count.leadingZeroBitCount + 1),
                multiplier: multiplier, results: offset == nil ? results.base : nil,
                offset: offset ?? 0, byte_tokens: byteTokens.base, byte_pairs: bytePairs.base)
        }

        /// The token that the merge of a rank makes.
        @inline(__always)
        package func result(of rank: UInt32) -> UInt32 {
            if let results = unsafe merges.results { return unsafe results[Int(rank)] }
            return unsafe rank &+ merges.offset
        }

        /// The rank of the pair; `nil` if it does not merge.
        @inline(__always)
        package func rank(_ left: UInt32, _ right: UInt32) -> UInt32? {
            let key = MergePair(left: left, right: right).key
            let slot = unsafe withUnsafePointer(to: merges) { merges in
                unsafe merges.pointee.slots[Int(qk_merge_slot(merges, key))]
            }
            return slot &>> 22 == key ? UInt32(truncatingIfNeeded: slot) & 0x3F_FFFF : nil
        }

        /// Merges `count` pieces of `text`, which become tokens in `ids` at the places that each
        /// names, and their numbers in the pieces. O(bytes squared) a piece, of at most 128.
        @inline(__always)
        func merge(
            _ level: Int32, _ text: ByteView, _ pieces: BufferView<qk_merged_piece>, count: Int,
            into ids: BufferView<UInt32>
        ) {
            assert(count <= pieces.count, "too many pieces")
            let textCount = text.count
            unsafe text.withBase { text in
                unsafe withUnsafePointer(to: merges) { merges in
                    unsafe qk_text(level).pointee.merge(
                        merges, text, textCount, pieces.base, count, ids.base)
                }
            }
        }
    }
}

/// Rule by which the merges of a vocabulary turn a piece into tokens.
///
/// Two vocabularies with the same tokens and merges but other semantics give other ids for some
/// pieces, so a vocabulary knows which it has.
public enum MergeSemantics: String, Sendable {
    /// A pair merges only if it is a listed merge; the earliest in the list first, and among equals
    /// the leftmost. What Hugging Face's `BPE` does.
    case listedMerges = "listed-merges"
    /// A piece that is itself a token is taken whole; any other as with ``listedMerges``. What
    /// Hugging Face's `BPE` does when `ignore_merges` is true.
    case wholePieceFirst = "whole-piece-first"
}
