import CKernels
import Testing

@Suite struct PieceLookupTests {
    /// Bytes that look random and are the same each time.
    private let text: [UInt8] = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 >> 3) }

    /// Ends of pieces of 1 to 20 bytes from `start` on.
    private func ends(_ count: Int, from start: UInt32) -> [UInt32] {
        var end = start
        return (0..<count).map { index in
            end += 1 + UInt32(text[index * 7 % 4096] % (index % 5 == 0 ? 20 : 8))
            return end
        }
    }

    @Test("a key is the bytes of a piece and its length, and no more, at every level")
    func keys() {
        let entries = [qk_piece_entry](repeating: qk_piece_entry(), count: 64)
        for count in [0, 1, 7, 8, 9, 100, 256] {
            let start: UInt32 = 5
            let ends = ends(count, from: start)
            for level in availableLevels {
                var keys = [qk_piece_key](repeating: qk_piece_key(), count: 256)
                var places = [UInt64](repeating: 0, count: 256)
                var longer = [UInt32](repeating: 0, count: 264)
                let longCount = qk_text(level).pointee.piece_keys(
                    text, UInt64(start), ends, count, entries, 63 * 32, &keys, &places,
                    &longer)
                var expectedLonger: [UInt32] = []
                for index in 0..<count {
                    let from = Int(index == 0 ? start : ends[index - 1])
                    let bytes = text[from..<Int(ends[index])]
                    var padded = [UInt8](repeating: 0, count: 16)
                    padded[15] = UInt8(min(bytes.count, 16))
                    if bytes.count <= 15 {
                        padded.replaceSubrange(0..<bytes.count, with: bytes)
                    } else {
                        expectedLonger.append(UInt32(index))
                    }
                    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
                        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
                    }
                    #expect(keys[index].low == word(padded[..<8]))
                    #expect(keys[index].high == word(padded[8...]))
                    #expect(places[index] == qk_piece_place(keys[index], 63 * 32))
                }
                #expect(Array(longer.prefix(longCount)) == expectedLonger)
            }
        }
    }

    private let knownKeys = (0..<40).map { qk_piece_key(low: UInt64($0) * 3, high: 1 << 56) }
    private let knownPlaces = (0..<40).map { UInt64($0) * 32 }

    /// Entries of ``knownKeys``, each with 0 to 4 ids; that of a piece stands where its number with
    /// the bits of `offset` turned over says.
    private func entries(offset: Int) -> [qk_piece_entry] {
        (0..<40).map { place in
            let index = place ^ offset
            let (count, first) = (UInt32(index % 5), UInt32(index * 10))
            return qk_piece_entry(
                key: knownKeys[index], ids: (first, first + 1, first + 2, first + 3 | count << 24))
        }
    }

    @Test(
        "ids are copied up to the first piece without an entry at its places, at every level",
        arguments: 0..<4)
    func known(offset: Int) {
        for missing in [0, 1, 3, 4, 5, 38, 39, 40] {
            var entries = entries(offset: offset)
            if missing < 40 { entries[missing ^ offset].key.low ^= 1 << 63 }
            for level in availableLevels {
                for first in 0...min(missing, 6) {
                    var ids = [UInt32](repeating: 0, count: 200)
                    var written = 2
                    let index = qk_text(level).pointee.known_pieces(
                        entries, knownKeys, knownPlaces, first, 40, &ids, &written)
                    #expect(index == missing)
                    let expected = (first..<missing).flatMap { index in
                        (0..<index % 5).map { UInt32(index * 10 + $0) }
                    }
                    #expect(Array(ids[2..<written]) == expected)
                }
            }
        }
    }

    @Test("pieces whose entries are not at their first places are listed in order")
    func displaced() {
        for elsewhere in [[], [0], [39], [1, 2, 5, 38], Array(0..<40)] as [[Int]] {
            var entries = entries(offset: 0)
            for (number, index) in elsewhere.enumerated() {
                // In either word of the key.
                if number % 2 == 0 {
                    entries[index].key.low ^= 1 << 40
                } else {
                    entries[index].key.high ^= 1
                }
            }
            for range in [0..<40, 0..<0, 1..<39, 2..<3] {
                for level in availableLevels {
                    var numbers = [UInt32](repeating: 0, count: 41)
                    let count = qk_text(level).pointee.displaced_pieces(
                        entries, knownKeys, knownPlaces, range.lowerBound, range.upperBound,
                        &numbers)
                    let expected = elsewhere.filter(range.contains)
                    #expect(numbers.prefix(count).map { Int($0) } == expected)
                }
            }
        }
    }
}
