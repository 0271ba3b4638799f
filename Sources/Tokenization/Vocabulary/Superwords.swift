import Bytes

/// What makes the encoding of a vocabulary of ``SplitPattern/superbpe`` quick: its merges in two
/// parts.
///
/// A merge goes before all that are listed after it, so a text can be given to the first merges
/// alone, and what they make of it to the others. The first, up to the one that first joins two
/// words, meet only within words, which come again and are looked up. Most neighbours of what they
/// make never become one token, so that the rest is done on runs of a few.
final class Superwords: Sendable {
    /// The vocabulary with its first merges only; the tokens have the same ids.
    let words: Vocabulary

    /// Where texts can be cut for those.
    let seams: Seams

    /// Bits of the hashes of all two neighbours that a token of the other merges holds.
    private let bits: OwnedBuffer<UInt64>
    private let shift: UInt64

    /// Neighbouring tokens that may become one, as far as is known.
    struct Bridges {
        fileprivate let bits: BufferView<UInt64>
        fileprivate let shift: UInt64

        /// Whether some merge of the second part may join the neighbours; never false if one does.
        @inline(__always)
        func mayJoin(_ left: UInt32, _ right: UInt32) -> Bool {
            let hash = Superwords.hash(left, right) &>> shift
            return bits[Int(truncatingIfNeeded: hash &>> 6)] &>> (hash & 63) & 1 != 0
        }
    }

    /// A view for the hot loops.
    var bridges: Bridges { Bridges(bits: bits.view, shift: shift) }

    @inline(__always)
    fileprivate static func hash(_ left: UInt32, _ right: UInt32) -> UInt64 {
        MergePair(left: left, right: right).key &* 0x9E37_79B9_7F4A_7C15
    }

    /// The parts of a vocabulary; nil if its merges cannot be parted: because one comes before
    /// those that make its parts, or several make the same token.
    ///
    /// - Parameters:
    ///   - tokens: the tokens.
    ///   - merges: the merges, without joins of characters.
    ///   - specials: the special tokens.
    init?(_ tokens: TokenTable, _ merges: MergeTable, specials: [SpecialToken]) {
        // The tokens of the first part that each token begins and ends with.
        var firsts = [UInt32](repeating: .max, count: tokens.totalCount)
        for byte in 0..<256 {
            let token = tokens.byteTokens[byte]
            firsts[Int(token)] = token
        }
        var lasts = firsts
        var firstCount: Int?
        var bridges: [UInt64] = []
        for (rank, pair) in merges.pairs.enumerated() {
            let (left, right, result) =
                (Int(pair.left), Int(pair.right), merges.results[rank])
            guard firsts[left] != .max, firsts[right] != .max, firsts[Int(result)] == .max else {
                return nil
            }
            if firstCount == nil, Self.joinsWords(tokens, left, right) { firstCount = rank }
            guard firstCount != nil else {
                firsts[Int(result)] = result
                lasts[Int(result)] = result
                continue
            }
            bridges.append(Self.hash(lasts[left], firsts[right]))
            firsts[Int(result)] = firsts[left]
            lasts[Int(result)] = lasts[right]
        }
        let listed = merges.pairs.prefix(firstCount ?? merges.pairs.count)
        guard let table = try? MergeTable(Array(listed), tokens: tokens) else { return nil }
        words = Vocabulary(
            pattern: .whole, mergeSemantics: .listedMerges, specialTokens: specials,
            tokens: tokens, merges: table)
        seams = Seams(tokens, table)
        let bitCount = powerOfTwo(atLeast: max(64, bridges.count * 16))
        shift = UInt64(64 - bitCount.trailingZeroBitCount)
        bits = OwnedBuffer(zeros: bitCount / 64)
        for hash in bridges {
            let bit = hash &>> shift
            bits.view[Int(bit &>> 6)] |= 1 &<< (bit & 63)
        }
    }

    /// Whether a merge puts a space behind something that is none.
    private static func joinsWords(_ tokens: TokenTable, _ left: Int, _ right: Int) -> Bool {
        guard let before = tokens.bytes(of: left).last else { return false }
        return before > 0x20 && tokens.bytes(of: right).first == 0x20
    }
}
