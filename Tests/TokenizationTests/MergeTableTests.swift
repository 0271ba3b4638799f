import Bytes
import CKernels
import Testing

@testable import Tokenization

@Suite struct MergeTableTests {
    private func lookup(_ slots: borrowing MergeSlots) -> MergeTable.Lookup {
        let nothing = OwnedBuffer<UInt32>(repeating: 0, count: 1)
        let noPairs = OwnedBuffer<Int32>(repeating: 0, count: 1)
        return MergeTable.Lookup(
            slots.slots.view, pilots: slots.pilots.view, multiplier: slots.multiplier,
            results: nothing.view, offset: 0, byteTokens: nothing.view, bytePairs: noPairs.view)
    }

    @Test(
        "every pair is found with its rank, and no other",
        arguments: [0, 1, 2, 3, 15, 16, 17, 100, 1000, 20_000])
    func perfect(count: Int) throws {
        var generator = SeededGenerator(UInt64(count))
        var seen: Set<MergePair> = []
        var pairs: [MergePair] = []
        while pairs.count < count {
            // Small numbers close together, as vocabularies have them, and the greatest there are.
            let most = UInt32(pairs.count % 7 == 0 ? TokenTable.maximumCount : 600)
            let pair = MergePair(
                left: .random(in: 0..<most, using: &generator),
                right: .random(in: 0..<most, using: &generator))
            if seen.insert(pair).inserted { pairs.append(pair) }
        }
        let slots = try MergeSlots(pairs)
        let lookup = lookup(slots)
        for (rank, pair) in pairs.enumerated() {
            #expect(lookup.rank(pair.left, pair.right) == UInt32(rank))
            let other = MergePair(left: pair.right, right: pair.left)
            if !seen.contains(other) { #expect(lookup.rank(other.left, other.right) == nil) }
        }
        extendLifetime(slots)
    }

    @Test("the same pair twice is refused, and both places are named")
    func duplicate() {
        let pairs = (0..<100).map { MergePair(left: $0, right: $0 % 7) }
        let error = #expect(throws: MergeSlots.Duplicate.self) {
            _ = try MergeSlots(pairs + [pairs[40]])
        }
        #expect(error?.first == 40)
        #expect(error?.second == 100)
    }

    @Test(
        "at every level pieces of every length become the tokens of the definition",
        arguments: availableLevels)
    func levels(level: Int32) throws {
        var generator = SeededGenerator(17)
        let alphabet = ["a", "b", "ab", "ba", "aab"].map { Array($0.utf8) }
        for round in 0..<4 {
            let texts = (0..<10).map { _ in Samples.text(alphabet, count: 40, using: &generator) }
            let learned = try Samples.vocabulary(of: texts, size: 265 + 40 * round)
            for vocabulary in [learned, try reordered(learned)] {
                let naive = NaiveEncoder(vocabulary)
                let text = (0..<80).flatMap { _ in
                    Samples.text(alphabet, count: 10, using: &generator)
                }
                let pieces = OwnedBuffer(repeating: qk_merged_piece(), count: 200)
                let ids = OwnedBuffer<UInt32>(repeating: 0, count: 200 * 128)
                // All lengths at once, so that short ones and long ones take turns.
                for index in 0..<200 {
                    let length = index < 128 ? index + 1 : .random(in: 1...20, using: &generator)
                    let start = Int.random(in: 0...text.count - length, using: &generator)
                    pieces.view[index] = qk_merged_piece(
                        start: UInt32(start), length: UInt32(length), place: UInt32(index * 128),
                        count: 0)
                }
                ByteView.with(text.span) {
                    vocabulary.merges.lookup.merge(
                        level, $0, pieces.view, count: 200, into: ids.view)
                }
                for index in 0..<200 {
                    let piece = pieces.view[index]
                    let bytes = text[Int(piece.start)..<Int(piece.start + piece.length)]
                    let found = (0..<Int(piece.count)).map {
                        TokenID(ids.view[Int(piece.place) + $0])
                    }
                    #expect(found == naive.encodePiece(Array(bytes)))
                }
            }
        }
    }

    /// The vocabulary with its tokens above the bytes in the opposite order, so that ranks and
    /// tokens do not go together.
    private func reordered(_ vocabulary: Vocabulary) throws -> Vocabulary {
        let count = vocabulary.tokens.count
        func other(_ id: UInt32) -> UInt32 { id < 256 ? id : UInt32(count + 255) - id }
        var arena: [UInt8] = []
        var offsets = [0]
        for id in 0..<count {
            arena += vocabulary.tokens.bytes(of: Int(other(UInt32(id))))
            offsets.append(arena.count)
        }
        let tokens = try TokenTable(arena: arena, offsets: offsets, specialIDs: [])
        let pairs = vocabulary.merges.pairs.map {
            MergePair(left: other($0.left), right: other($0.right))
        }
        return Vocabulary(
            pattern: vocabulary.pattern, mergeSemantics: .listedMerges, specialTokens: [],
            tokens: tokens, merges: try MergeTable(pairs, tokens: tokens))
    }
}
