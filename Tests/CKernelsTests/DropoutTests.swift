import CKernels
import Testing

@Suite struct DropoutTests {
    /// Whether each number of a row is kept.
    func kept(_ level: Int32, _ masks: qk_dropout, rows: Int, n: Int) -> [Bool] {
        let (x, out) = (Floats(rows * n), Floats(rows * n))
        x.fill(1)
        var masks = masks
        unsafe qk_numeric(level).pointee.drop(rows, n, x.base, nil, out.base, &masks)
        return (0..<rows * n).map { index in
            #expect(out[index] == 0 || out[index] == masks.scale)
            return out[index] != 0
        }
    }

    func masks(
        rate: Double, key: (UInt32, UInt32) = (1, 2), counter: (UInt32, UInt32) = (3, 4)
    ) -> qk_dropout {
        qk_dropout(
            key: key, counter: counter, threshold: UInt32(rate * 0x1p32),
            scale: Float(1 / (1 - rate)))
    }

    @Test("the generator's published answers", arguments: fastLevels + [plain])
    func published(level: Int32) {
        // From Random123's kat_vectors: key, counter, words. Number 16·w of row c₁ sees word w of
        // block c₀ = 0; it is kept by the threshold that equals the word, and not by the next.
        let answers: [(UInt32, [UInt32])] = [
            (0, [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
        ]
        for (value, words) in answers {
            for (number, word) in words.enumerated() {
                for (threshold, isKept) in [(word, true), (word + 1, false)] {
                    let masks = qk_dropout(
                        key: (value, value), counter: (value, value), threshold: threshold,
                        scale: 2)
                    #expect(kept(level, masks, rows: 1, n: 64)[16 * number] == isKept)
                }
            }
        }
    }

    @Test("every level drops the same numbers", arguments: fastLevels)
    func levels(level: Int32) {
        for n in [1, 5, 16, 63, 64, 65, 130] {
            let expected = kept(plain, masks(rate: 0.3), rows: 3, n: n)
            #expect(kept(level, masks(rate: 0.3), rows: 3, n: n) == expected)
        }
    }

    @Test("the share that is dropped is the rate, in every row and for every key")
    func share() {
        for rate in [0.1, 0.5, 0.9] {
            for key in 0..<3 as Range<UInt32> {
                let kept = kept(
                    fastLevels[0], masks(rate: rate, key: (key, 0)), rows: 4, n: 4096)
                for row in 0..<4 {
                    let count = kept[row * 4096..<(row + 1) * 4096].count { !$0 }
                    #expect(abs(Double(count) / 4096 - rate) < 0.035)
                }
            }
        }
    }

    @Test("other keys, counters and rows drop other numbers")
    func differ() {
        let first = kept(plain, masks(rate: 0.5), rows: 2, n: 256)
        #expect(first[..<256] != first[256...])
        for other in [
            masks(rate: 0.5, key: (2, 2)), masks(rate: 0.5, key: (1, 3)),
            masks(rate: 0.5, counter: (4, 4)), masks(rate: 0.5, counter: (3, 5)),
        ] { #expect(kept(plain, other, rows: 2, n: 256) != first) }
    }

    @Test("what is kept is scaled and added to", arguments: fastLevels + [plain])
    func adding(level: Int32) {
        let (x, other, out) = (Floats(100, seed: 1), Floats(100, seed: 2), Floats(100))
        var masks = masks(rate: 0.25)
        let kept = kept(plain, masks, rows: 1, n: 100)
        unsafe qk_numeric(level).pointee.drop(1, 100, x.base, other.base, out.base, &masks)
        for index in 0..<100 {
            let expected = (kept[index] ? x[index] * masks.scale : 0) + other[index]
            #expect(abs(out[index] - expected) < 1e-6)
        }
        let own = Floats(copying: x)
        unsafe qk_numeric(level).pointee.drop(1, 100, own.base, other.base, own.base, &masks)
        #expect(own.error(against: out) == 0)
    }
}
