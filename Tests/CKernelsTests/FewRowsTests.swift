import CKernels
import Testing

@Suite struct FewRowsTests {
    static let sizes = Array(1...34) + [63, 64, 65, 127, 130, 258]

    @Test("few rows by a matrix, both ways round, every size", arguments: fastLevels)
    func againstPlain(level: Int32) {
        var worst: Float = 0
        var strays = 0
        for n in Self.sizes {
            for k in [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 129] {
                for m in [1, 2, 3, 4, 5, 6, 7, 8, 9, 15] where m < 4 || (n + k) % 3 == 0 {
                    let (x, b) = (Floats(m * (k + 1), seed: 18), Floats(k * n, seed: 19))
                    for (row, column) in [(n, 1), (1, k)] {
                        let adds = Int32((n + k) % 2)
                        let start = Floats(m * (n + 2), seed: 20)
                        let (y, expected) = (Floats(copying: start), Floats(copying: start))
                        for (level, y) in [(level, y), (plain, expected)] {
                            qk_numeric(level).pointee.few_rows(
                                m, n, k, x.base, k + 1, b.base, row, column, y.base, n + 2,
                                adds)
                        }
                        worst = max(worst, y.error(against: expected))
                        for i in 0..<m where y[i * (n + 2) + n] != start[i * (n + 2) + n] {
                            strays += 1
                        }
                    }
                }
            }
        }
        #expect(worst < 2e-6)
        #expect(strays == 0)
    }

    @Test("a number has the same bits beside others and alone", arguments: fastLevels)
    func alone(level: Int32) {
        let (m, n, k) = (15, 300, 140)
        let (x, b) = (Floats(m * k, seed: 21), Floats(k * n, seed: 22))
        for (row, column) in [(n, 1), (1, k)] {
            let together = Floats(m * n)
            qk_numeric(level).pointee.few_rows(
                m, n, k, x.base, k, b.base, row, column, together.base, n, 0)
            for i in 0..<m {
                for first in stride(from: 0, to: n, by: 64) {
                    let count = min(64, n - first)
                    let part = Floats(count)
                    qk_numeric(level).pointee.few_rows(
                        1, count, k, x.base + i * k, k, b.base + first * column, row,
                        column, part.base, count, 0)
                    for j in 0..<count { #expect(part[j] == together[i * n + first + j]) }
                }
            }
        }
    }

    static let formats = [QK_BFLOAT16, QK_FLOAT16].map { Int32($0) }

    /// A matrix in 16 bits, and what it stands for.
    func reduce(
        _ format: Int32, _ k: Int, _ n: Int, _ b: Floats, _ row: Int, _ column: Int
    ) -> ([UInt8], Floats) {
        var reduced = [UInt8](repeating: 0, count: qk_reduced_bytes(format, k, n))
        qk_reduce(format, k, n, b.base, row, column, &reduced)
        let values = Floats(k * n)
        qk_numeric(plain).pointee.pack_reduced(format, k, n, reduced, values.base)
        return (reduced, values)
    }

    @Test("bfloat16 rounds to the nearest, ties to even")
    func bfloat16() {
        let (k, n) = (37, 41)
        let b = Floats(k * n, seed: 23)
        b[0] = Float(bitPattern: 0x3F80_8000)
        b[1] = Float(bitPattern: 0x3F81_8000)
        let (_, values) = reduce(Int32(QK_BFLOAT16), k, n, b, n, 1)
        #expect(values[0].bitPattern == 0x3F80_0000)
        #expect(values[1].bitPattern == 0x3F82_0000)
        for index in 0..<k * n {
            #expect(values[index].bitPattern & 0xFFFF == 0)
            #expect(abs(values[index] - b[index]) <= abs(b[index]) / 256)
        }
    }

    /// The value of a finite binary16, as IEEE 754 says it.
    private func value(ofBinary16 bits: Int) -> Float {
        let (exponent, fraction) = (bits >> 10 & 0x1F, Float(bits & 0x3FF))
        let magnitude =
            exponent == 0
            ? Float(sign: .plus, exponent: -24, significand: fraction)
            : Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }

    @Test("float16 rounds every number to the nearest, ties to even, at every level")
    func float16() {
        let format = Int32(QK_FLOAT16)
        // Each finite one, what lies half way to the next, and the neighbours of that.
        let finite = Array(0..<0x7C00)
        var numbers: [Float] = []
        var expected: [Float] = []
        for bits in finite {
            let low = value(ofBinary16: bits)
            let high = bits == 0x7BFF ? 65_536 : value(ofBinary16: bits + 1)
            let even = bits.isMultiple(of: 2) ? low : high
            let middle = (low + high) / 2
            numbers += [low, middle.nextDown, middle, middle.nextUp]
            // Values beyond the largest become the largest.
            expected += [low, low, even, high].map { min($0, 65_504) }
        }
        numbers += [65_536, 1e9, .greatestFiniteMagnitude, 1e-30, 0x1p-25, Float(0x1p-25).nextUp]
        expected += [65_504, 65_504, 65_504, 0, 0, 0x1p-24]
        numbers += numbers.map { -$0 }
        expected += expected.map { -$0 }
        let n = 32
        let k = (numbers.count + n - 1) / n
        let b = Floats(k * n)
        for (index, number) in numbers.enumerated() { b[index] = number }
        let (reduced, values) = reduce(format, k, n, b, n, 1)
        for (index, number) in expected.enumerated() {
            #expect(values[index].bitPattern == number.bitPattern, "of \(numbers[index])")
        }
        for level in fastLevels {
            let count = qk_numeric(level).pointee.packed_count(k, n)
            let (found, packed) = (Floats(count), Floats(count))
            qk_numeric(level).pointee.pack_reduced(format, k, n, reduced, found.base)
            qk_numeric(level).pointee.pack(k, n, values.base, n, 1, packed.base)
            #expect(found.error(against: packed) == 0)
        }
    }

    @Test("reduced rows have the same bits beside others and alone", arguments: fastLevels, formats)
    func reducedAlone(level: Int32, format: Int32) {
        let (m, n, k) = (15, 70, 76)
        let x = Floats(m * k, seed: 21)
        let (reduced, _) = reduce(format, k, n, Floats(k * n, seed: 22), n, 1)
        let alone = Floats(m * n)
        for i in 0..<m {
            qk_numeric(level).pointee.few_rows_reduced(
                format, 1, n, k, x.base + i * k, k, reduced, alone.base + i * n, n, 0)
        }
        for count in 1...m {
            let together = Floats(m * n)
            qk_numeric(level).pointee.few_rows_reduced(
                format, count, n, k, x.base, k, reduced, together.base, n, 0)
            for index in 0..<count * n { #expect(together[index] == alone[index]) }
        }
    }

    @Test(
        "reduced products are those of what the weights stand for", arguments: fastLevels, formats)
    func reduced(level: Int32, format: Int32) {
        var worst: Float = 0
        for n in [1, 7, 31, 32, 33, 64, 100, 300] {
            for k in [1, 2, 31, 32, 33, 70] {
                let b = Floats(k * n, seed: 25)
                let (reduced, values) = reduce(format, k, n, b, n, 1)
                for m in [1, 2, 3, 4, 6] {
                    let x = Floats(m * k, seed: 26)
                    let (y, expected) = (Floats(m * n, seed: 27), Floats(m * n, seed: 27))
                    let adds = Int32((n + k) % 2)
                    qk_numeric(level).pointee.few_rows_reduced(
                        format, m, n, k, x.base, k, reduced, y.base, n, adds)
                    qk_numeric(plain).pointee.few_rows(
                        m, n, k, x.base, k, values.base, n, 1, expected.base, n, adds)
                    worst = max(worst, y.error(against: expected))
                    let twin = Floats(m * n, seed: 27)
                    qk_numeric(plain).pointee.few_rows_reduced(
                        format, m, n, k, x.base, k, reduced, twin.base, n, adds)
                    worst = max(worst, twin.error(against: expected))
                }
            }
        }
        #expect(worst < 2e-6)
    }

    @Test("reduced weights are packed as what they stand for", arguments: fastLevels, formats)
    func packed(level: Int32, format: Int32) {
        for (k, n) in [(1, 1), (5, 33), (40, 96), (64, 70)] {
            let (reduced, values) = reduce(format, k, n, Floats(k * n, seed: 28), n, 1)
            let count = qk_numeric(level).pointee.packed_count(k, n)
            let (found, expected) = (Floats(count), Floats(count))
            qk_numeric(level).pointee.pack_reduced(format, k, n, reduced, found.base)
            qk_numeric(level).pointee.pack(k, n, values.base, n, 1, expected.base)
            #expect(found.error(against: expected) == 0)
        }
    }
}
