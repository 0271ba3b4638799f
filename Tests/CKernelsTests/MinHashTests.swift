import CKernels
import Testing

@Suite struct MinHashTests {
    private func signature(
        _ level: Int32, _ hashes: [UInt32], _ a: [UInt64], _ b: [UInt64]
    ) -> [UInt32] {
        // One more than is written, so that what must stay as it was is seen.
        var signature = [UInt32](repeating: 0xABCD, count: a.count + 1)
        qk_text(level).pointee.min_hash(hashes.count, hashes, a.count, a, b, &signature)
        return signature
    }

    @Test("each level finds what the plain one does, for any number of permutations and hashes")
    func levels() {
        var random = SystemRandomNumberGenerator()
        let words = (0..<140).map { _ in random.next() >> 3 }
        let hashes = (0..<100).map { _ in UInt32(truncatingIfNeeded: random.next()) }
        for level in availableLevels {
            for permutationCount in Array(1...66) {
                for hashCount in [0, 1, 7, 100] {
                    let a = Array(words[..<permutationCount])
                    let b = Array(words[70..<70 + permutationCount])
                    let some = Array(hashes.prefix(hashCount))
                    #expect(
                        signature(level, some, a, b) == signature(Int32(QK_PLAIN), some, a, b))
                }
            }
        }
    }

    @Test("the remainder is that of the prime, at its edges")
    func edges() {
        let prime: UInt64 = 1 << 61 - 1
        for (a, b, x, expected) in [
            (0, 0, 5, 0), (0, prime, 5, 0),
            (0, prime - 1, 5, UInt32(truncatingIfNeeded: prime - 1)),
            (0, prime + 1, 5, 1), (1, 0, 7, 7), (0, .max, 1, 7), (1, .max, 1, 0),
        ] as [(UInt64, UInt64, UInt32, UInt32)] {
            for level in availableLevels {
                #expect(signature(level, [x], [a], [b]) == [expected, 0xABCD])
            }
        }
    }
}
