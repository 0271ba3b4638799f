import CKernels
import Testing

/// Keys and values in binary16.
@Suite struct NarrowTests {
    /// Bits of `numbers` in binary16, by a level.
    private func narrow(_ level: Int32, _ numbers: Floats) -> [UInt16] {
        var bits = [UInt16](repeating: 0xFFFF, count: numbers.count)
        qk_numeric(level).pointee.narrow(numbers.count, numbers.base, &bits)
        return bits
    }

    @Test("every binary16, the middles between them and their neighbours round as plainly do")
    func rounding() {
        var bits: [UInt16] = []
        for magnitude in 0..<UInt16(0x7C00) { bits += [magnitude, magnitude | 0x8000] }
        let values = Floats(bits.count)
        qk_numeric(plain).pointee.widen(bits.count, bits, values.base)
        for (index, bits) in bits.enumerated() {
            #expect(values[index].bitPattern == Float(Float16(bitPattern: bits)).bitPattern)
        }
        let around = Floats(4 * bits.count + 3)
        for index in 0..<bits.count {
            let value = values[index]
            let last = bits[index] & 0x7FFF == 0x7BFF
            let next = last ? value * 2 : Float(Float16(bitPattern: bits[index] + 1))
            let middle = last ? (value < 0 ? -65_520 : 65_520) : (value + next) / 2
            for (place, number) in [value, middle.nextDown, middle, middle.nextUp].enumerated() {
                around[4 * index + place] = number
            }
        }
        for (place, number) in [Float.greatestFiniteMagnitude, -1e9, 1e-38].enumerated() {
            around[4 * bits.count + place] = number
        }
        let expected = narrow(plain, around)
        for index in 0..<around.count {
            let nearest = Float(Float16(around[index]))
            let most = nearest.isFinite ? nearest : around[index] < 0 ? -65_504 : 65_504
            #expect(Float(Float16(bitPattern: expected[index])) == most, "of \(around[index])")
        }
        for level in fastLevels {
            #expect(narrow(level, around) == expected)
            let wide = Floats(bits.count)
            qk_numeric(level).pointee.widen(bits.count, bits, wide.base)
            for index in 0..<bits.count {
                #expect(wide[index].bitPattern == values[index].bitPattern)
            }
        }
    }

    @Test(
        "a step is that of the plain loop over the widened numbers", arguments: fastLevels + [plain]
    )
    func againstPlain(level: Int32) {
        for (heads, d) in [(1, 64), (1, 8), (2, 20), (3, 64), (4, 128), (7, 5), (9, 80)] {
            for count in [1, 2, 3, 4, 5, 31, 32, 33, 70, 131] {
                // Rows of a cache may have room behind them, which is not looked at.
                let row = d + 3
                let (q, keys) = (Floats(heads * d, seed: 4), Floats(count * row, seed: 5))
                let values = Floats(count * row, seed: 6)
                let (k, v) = (narrow(plain, keys), narrow(plain, values))
                qk_numeric(plain).pointee.widen(k.count, k, keys.base)
                qk_numeric(plain).pointee.widen(v.count, v, values.base)
                let (out, expected) = (Floats(heads * d), Floats(heads * d))
                let scores = Floats(heads * count)
                qk_numeric(level).pointee.attention_step_narrow(
                    heads, count, d, q.base, k, v, row, out.base, scores.base)
                qk_numeric(plain).pointee.attention_step(
                    heads, count, d, q.base, keys.base, values.base, row, expected.base,
                    scores.base)
                #expect(out.error(against: expected) < 2e-6)
            }
        }
    }

    @Test("heads that share keys have the bits of each alone", arguments: fastLevels)
    func shared(level: Int32) {
        for (heads, t, d) in [(2, 9, 64), (5, 21, 12), (8, 70, 128)] {
            let q = Floats(heads * d, seed: 4)
            let keys = narrow(level, Floats(t * d, seed: 5))
            let values = narrow(level, Floats(t * d, seed: 6))
            let (out, scores) = (Floats(heads * d), Floats(heads * t))
            qk_numeric(level).pointee.attention_step_narrow(
                heads, t, d, q.base, keys, values, d, out.base, scores.base)
            for head in 0..<heads {
                let alone = Floats(d)
                qk_numeric(level).pointee.attention_step_narrow(
                    1, t, d, q.base + head * d, keys, values, d, alone.base, scores.base)
                for c in 0..<d { #expect(out[head * d + c] == alone[c]) }
            }
        }
    }
}
