import CKernels
import Testing

@Suite struct IntegerProductTests {
    static let formats = [QK_INT8, QK_Q4_0].map { Int32($0) }

    @Test("int8 is off by half a step of its block at most")
    func int8() {
        let (k, n) = (70, 33)
        let b = Floats(k * n, seed: 24)
        for p in 0..<32 { b[p * n + 5] = 0 }
        for (row, column) in [(n, 1), (1, k)] {
            let values = IntegerMatrix(Int32(QK_INT8), k, n, b, row, column).values
            for j in 0..<n {
                for start in stride(from: 0, to: k, by: 32) {
                    let block = start..<min(start + 32, k)
                    let most = block.map { abs(b[$0 * row + j * column]) }.max() ?? 0
                    for p in block {
                        let error = abs(values[p * n + j] - b[p * row + j * column])
                        #expect(error <= most / 127 * 0.505)
                    }
                }
            }
        }
    }

    @Test("four bits are off by half a step of their block, or a step at its other end")
    func quarters() {
        let (k, n) = (70, 33)
        let b = Floats(k * n, seed: 24)
        for p in 0..<32 { b[p * n + 5] = 0 }
        for (row, column) in [(n, 1), (1, k)] {
            let values = IntegerMatrix(Int32(QK_Q4_0), k, n, b, row, column).values
            for j in 0..<n {
                for start in stride(from: 0, to: k, by: 32) {
                    let block = (start..<min(start + 32, k)).map {
                        (value: values[$0 * n + j], number: b[$0 * row + j * column])
                    }
                    let farthest = block.map(\.number).max { abs($0) < abs($1) } ?? 0
                    let step = Float(Float16(farthest / -8))
                    for (value, number) in block {
                        // From -8 to 7 steps: what is nearest to 8 of them becomes 7.
                        let nearest = min((number / step + 0.5).rounded(.down), 7)
                        #expect(step == 0 ? value == 0 : abs(value / step - nearest) < 1.001)
                        #expect(abs(value - number) <= abs(step) * 1.01)
                        if number == farthest { #expect(value == -8 * step) }
                    }
                }
            }
        }
    }

    /// Y of a level, whose rows are two floats apart, with numbers there before.
    private func product(
        _ level: Int32, _ b: IntegerMatrix, _ x: Floats, rows: Range<Int>, columns: Range<Int>,
        adding: Bool = false
    ) -> [UInt32] {
        let (m, n) = (rows.count, columns.count)
        var rounded = [UInt8](repeating: 0xA5, count: m * qk_rounded_bytes(b.k))
        let y = Floats(m * (n + 2), seed: 27)
        let before = (0..<m).map { y[$0 * (n + 2) + n] }
        qk_numeric(level).pointee.round_rows(
            b.format, m, b.k, x.base + rows.lowerBound * (b.k + 1), b.k + 1, &rounded)
        let start = qk_reduced_bytes(b.format, b.k, columns.lowerBound)
        b.bytes.withUnsafeBufferPointer { bytes in
            qk_numeric(level).pointee.rounded_product(
                b.format, m, n, b.k, rounded, bytes.baseAddress! + start, y.base, n + 2,
                adding ? 1 : 0)
        }
        for i in 0..<m { #expect(y[i * (n + 2) + n] == before[i]) }
        return (0..<m * n).map { y[$0 / n * (n + 2) + $0 % n].bitPattern }
    }

    @Test("every level has the bits of the plain one, every size", arguments: fastLevels, formats)
    func againstPlain(level: Int32, format: Int32) {
        var differing = 0
        for n in Array(1...34) + [63, 64, 65, 100, 300] {
            for k in [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 63, 64, 65, 140] {
                let b = IntegerMatrix(format, k, n, Floats(k * n, seed: 25), n, 1)
                for m in [1, 2, 3, 4, 5, 7, 8, 9, 17] where m < 4 || (n + k) % 3 == 0 {
                    let x = Floats(m * (k + 1), seed: 26)
                    let adds = (n + k).isMultiple(of: 2)
                    let found = product(
                        level, b, x, rows: 0..<m, columns: 0..<n, adding: adds)
                    let expected = product(
                        plain, b, x, rows: 0..<m, columns: 0..<n, adding: adds)
                    if found != expected { differing += 1 }
                }
            }
        }
        #expect(differing == 0)
    }

    @Test(
        "rows have the same bits in any company, and columns by themselves", arguments: fastLevels,
        formats)
    func alone(level: Int32, format: Int32) {
        let (m, n, k) = (37, 140, 776)
        let x = Floats(m * (k + 1), seed: 21)
        let b = IntegerMatrix(format, k, n, Floats(k * n, seed: 22), n, 1)
        let whole = product(level, b, x, rows: 0..<m, columns: 0..<n)
        #expect(whole == product(plain, b, x, rows: 0..<m, columns: 0..<n))
        for count in 1...m {
            for first in stride(from: 0, to: m - count + 1, by: 11) {
                let part = product(level, b, x, rows: first..<first + count, columns: 0..<n)
                #expect(part == Array(whole[first * n..<(first + count) * n]))
            }
        }
        for columns in [0..<32, 32..<96, 64..<140, 128..<139] {
            let part = product(level, b, x, rows: 0..<m, columns: columns)
            let expected = (0..<m).flatMap { row in columns.map { whole[row * n + $0] } }
            #expect(part == expected)
        }
    }

    @Test("products are those of what both sides stand for", arguments: formats)
    func values(format: Int32) {
        let (m, n, k) = (5, 40, 110)
        let x = Floats(m * (k + 1), seed: 31)
        // The sizes of blocks differ by far, so that one scale for a row would not do.
        for i in 0..<m { for p in 0..<k where p / 32 == 1 { x[i * (k + 1) + p] *= 1_000 } }
        let b = IntegerMatrix(format, k, n, Floats(k * n, seed: 32), n, 1)
        let found = product(plain, b, x, rows: 0..<m, columns: 0..<n)
        for i in 0..<m {
            for j in 0..<n {
                var (sum, size) = (0.0, 0.0)
                for start in stride(from: 0, to: k, by: 32) {
                    let block = start..<min(start + 32, k)
                    let row = block.map { x[i * (k + 1) + $0] }
                    let scale = row.map(abs).max()! / 127
                    for (p, number) in zip(block, row) {
                        let steps = (number / scale).rounded(.toNearestOrEven)
                        let term = Double(steps * scale) * Double(b.values[p * n + j])
                        sum += term
                        size += abs(term)
                    }
                }
                #expect(abs(Double(Float(bitPattern: found[i * n + j])) - sum) < size * 1e-5)
            }
        }
    }

    @Test("rows of extreme numbers have the bits of the plain level", arguments: formats)
    func extremes(format: Int32) {
        let (n, k) = (34, 70)
        let b = IntegerMatrix(format, k, n, Floats(k * n, seed: 33), n, 1)
        let largest = Float.greatestFiniteMagnitude
        let rows: [(Int) -> Float] = [
            { _ in 0 }, { _ in -0.0 }, { _ in 1 }, { _ in -3.5 }, { $0 == 40 ? 1e30 : 1 },
            { $0 == 3 ? -largest : Float($0) }, { _ in .leastNonzeroMagnitude },
            { Float($0) * 1e-40 }, { _ in 0x1p-119 }, { _ in Float(0x1p-119).nextDown },
            { _ in .leastNormalMagnitude }, { Float($0) - 31.5 }, { Float($0 % 2) - 0.5 },
        ]
        let x = Floats(rows.count * (k + 1))
        for (i, row) in rows.enumerated() { for p in 0..<k { x[i * (k + 1) + p] = row(p) } }
        let expected = product(plain, b, x, rows: 0..<rows.count, columns: 0..<n)
        for row in [0, 1, 6, 7, 9, 10] {
            for j in 0..<n { #expect(Float(bitPattern: expected[row * n + j]) == 0) }
        }
        for row in [2, 8] {
            for j in 0..<n { #expect(Float(bitPattern: expected[row * n + j]) != 0) }
        }
        for level in fastLevels {
            #expect(product(level, b, x, rows: 0..<rows.count, columns: 0..<n) == expected)
        }
    }

    @Test("a number that is not finite makes its row no numbers, and no other", arguments: formats)
    func notFinite(format: Int32) {
        let (m, n, k) = (9, 34, 70)
        let b = IntegerMatrix(format, k, n, Floats(k * n, seed: 34), n, 1)
        for stray in [Float.nan, .infinity, -.infinity] {
            for place in [0, 31, 45, 69] {
                let x = Floats(m * (k + 1), seed: 35)
                let clean = product(plain, b, x, rows: 0..<m, columns: 0..<n)
                x[4 * (k + 1) + place] = stray
                for level in [plain] + fastLevels {
                    let found = product(level, b, x, rows: 0..<m, columns: 0..<n)
                    for index in 0..<m * n {
                        if index / n == 4 {
                            #expect(Float(bitPattern: found[index]).isNaN)
                        } else {
                            #expect(found[index] == clean[index])
                        }
                    }
                }
            }
        }
    }
}

/// A matrix (k, n) of integers with scales, and what it stands for, as `numeric.h` describes it.
struct IntegerMatrix {
    let format: Int32
    let k: Int
    let n: Int
    let bytes: [UInt8]
    let values: Floats

    init(
        _ format: Int32, _ k: Int, _ n: Int, _ b: Floats, _ row: Int, _ column: Int
    ) {
        var bytes = [UInt8](repeating: 0, count: qk_reduced_bytes(format, k, n))
        qk_reduce(format, k, n, b.base, row, column, &bytes)
        (self.format, self.k, self.n, self.bytes) = (format, k, n, bytes)
        values = Floats(k * n)
        let isInt8 = format == Int32(QK_INT8)
        let blockBytes = isInt8 ? 64 + 1_024 : 64 + 512
        for j in 0..<n {
            for p in 0..<k {
                let block = (j / 32 * ((k + 31) / 32) + p / 32) * blockBytes
                let scale = block + j % 32 * 2
                let bits = UInt16(bytes[scale]) | UInt16(bytes[scale + 1]) << 8
                let place = p % 32
                if isInt8 {
                    let byte = bytes[block + 64 + place / 4 * 128 + j % 32 * 4 + place % 4]
                    values[p * n + j] =
                        Float(bitPattern: UInt32(bits) << 16) * Float(Int(byte) - 128)
                } else {
                    let byte = bytes[block + 64 + place / 8 * 128 + j % 32 * 4 + place % 4]
                    let half = place % 8 < 4 ? byte & 0xF : byte >> 4
                    values[p * n + j] = Float(Float16(bitPattern: bits)) * Float(Int(half) - 8)
                }
            }
        }
    }
}
