import CKernels
import Testing

@Suite struct ProductTests {
    /// A and B with every way of lying in memory.
    struct Layout {
        let transposesA: Bool
        let transposesB: Bool
        static let all = [(false, false), (false, true), (true, false), (true, true)].map {
            Layout(transposesA: $0.0, transposesB: $0.1)
        }
    }

    func multiply(
        _ level: Int32, _ m: Int, _ n: Int, _ k: Int, _ a: Floats, _ b: Floats, _ layout: Layout,
        into c: Floats, row: Int, kind: Int, bias: Floats, other: Floats, second: Floats,
        _ workspace: Floats
    ) {
        var e = unsafe qk_epilogue(
            kind: Int32(kind), bias: bias.base, other: other.base, other_row: row,
            second: second.base, second_row: row)
        unsafe qk_numeric(level).pointee.gemm(
            m, n, k, a.base, layout.transposesA ? 1 : k, layout.transposesA ? m : 1, b.base,
            layout.transposesB ? 1 : n, layout.transposesB ? k : 1, c.base, row, &e,
            workspace.base)
    }

    @Test("the plain product is the triple loop in double")
    func plainProduct() {
        let (m, n, k) = (5, 4, 7)
        let (a, b, c) = (Floats(m * k, seed: 1), Floats(k * n, seed: 2), Floats(m * n))
        let unused = Floats(m * n)
        multiply(
            plain, m, n, k, a, b, Layout.all[0], into: c, row: n, kind: Int(QK_STORE),
            bias: unused, other: unused, second: unused, unused)
        for i in 0..<m {
            for j in 0..<n {
                let sum = (0..<k).reduce(0.0) { $0 + Double(a[i * k + $1]) * Double(b[$1 * n + j]) }
                #expect(c[i * n + j] == Float(sum))
            }
        }
    }

    @Test(
        "every small shape, layout and level gives the plain product, and writes nothing else",
        arguments: productLevels)
    func smallShapes(level: Int32) {
        let workspace = Floats(Int(QK_GEMM_WORKSPACE))
        let none = Floats(1)
        var worst: Float = 0
        var strays = 0
        for m in 1...15 {
            for n in Array(1...20) + [31, 32, 33, 47, 48, 63, 64, 65] {
                for k in [1, 2, 3, 4, 5, 9] {
                    let (a, b) = (Floats(m * k, seed: 3), Floats(k * n, seed: 4))
                    let row = n + 3
                    for layout in Layout.all {
                        let adds = (m + n + k) % 2
                        let start = Floats(m * row, seed: 5)
                        let (c, expected) = (Floats(copying: start), Floats(copying: start))
                        for (level, c) in [(level, c), (twin(of: level), expected)] {
                            multiply(
                                level, m, n, k, a, b, layout, into: c, row: row,
                                kind: adds == 1 ? Int(QK_ADD) : Int(QK_STORE), bias: none,
                                other: none, second: none, workspace)
                        }
                        worst = max(worst, c.error(against: expected))
                        for i in 0..<m where c[i * row + n + 1] != start[i * row + n + 1] {
                            strays += 1
                        }
                    }
                }
            }
        }
        #expect(worst < 1e-6)
        #expect(strays == 0)
    }

    @Test(
        "products larger than a block, and rows that fall on the same sets of the cache",
        arguments: productLevels)
    func blocks(level: Int32) {
        let workspace = Floats(Int(QK_GEMM_WORKSPACE))
        for (m, n, k) in [
            (3, 5, 513), (17, 33, 1100), (2, 300, 700), (130, 3, 512), (15, 34, 1024),
        ] {
            let (a, b) = (Floats(m * k, seed: 6), Floats(k * n, seed: 7))
            for layout in Layout.all {
                for kind in [
                    QK_STORE, QK_ADD, QK_BIAS, QK_BIAS_RESIDUAL, QK_BIAS_GELU, QK_MULTIPLY,
                    QK_RESIDUAL, QK_BIAS_RELU, QK_WHERE_POSITIVE,
                ] {
                    let (bias, other) = (Floats(n, seed: 8), Floats(m * n, seed: 9))
                    let start = Floats(m * n, seed: 10)
                    let (c, expected) = (Floats(copying: start), Floats(copying: start))
                    let (second, expectedSecond) = (Floats(m * n), Floats(m * n))
                    multiply(
                        level, m, n, k, a, b, layout, into: c, row: n, kind: Int(kind), bias: bias,
                        other: other, second: second, workspace)
                    multiply(
                        twin(of: level), m, n, k, a, b, layout, into: expected, row: n,
                        kind: Int(kind),
                        bias: bias, other: other, second: expectedSecond, workspace)
                    #expect(c.error(against: expected) < 1e-5, "\(m) \(n) \(k) kind \(kind)")
                    #expect(second.error(against: expectedSecond) < 1e-4)
                }
            }
        }
    }

    @Test("every epilogue at the edges of a tile", arguments: productLevels)
    func epilogues(level: Int32) {
        let workspace = Floats(Int(QK_GEMM_WORKSPACE))
        let k = 6
        var worst: Float = 0
        for m in [1, 6, 7, 14, 15] {
            for n in [1, 8, 15, 16, 17, 32, 40] {
                for kind in [
                    QK_STORE, QK_ADD, QK_BIAS, QK_BIAS_RESIDUAL, QK_BIAS_GELU, QK_MULTIPLY,
                    QK_RESIDUAL, QK_BIAS_RELU, QK_WHERE_POSITIVE,
                ] {
                    let (a, b) = (Floats(m * k, seed: 11), Floats(k * n, seed: 12))
                    let (bias, other) = (Floats(n, seed: 13), Floats(m * n, seed: 14))
                    let (c, expected) = (Floats(m * n, seed: 15), Floats(m * n, seed: 15))
                    let (second, expectedSecond) = (Floats(m * n), Floats(m * n))
                    multiply(
                        level, m, n, k, a, b, Layout.all[0], into: c, row: n, kind: Int(kind),
                        bias: bias, other: other, second: second, workspace)
                    multiply(
                        twin(of: level), m, n, k, a, b, Layout.all[0], into: expected, row: n,
                        kind: Int(kind), bias: bias, other: other, second: expectedSecond,
                        workspace)
                    worst = max(worst, c.error(against: expected))
                    worst = max(worst, second.error(against: expectedSecond))
                }
            }
        }
        #expect(worst < 2e-6)
    }

    @Test("a B packed before gives the bits of one packed on the way", arguments: productLevels)
    func packed(level: Int32) {
        let workspace = Floats(Int(QK_GEMM_WORKSPACE))
        for (m, n, k) in [(1, 1, 1), (5, 33, 9), (16, 40, 3), (4, 70, 600), (2, 300, 700)] {
            let (a, b) = (Floats(m * k, seed: 16), Floats(k * n, seed: 17))
            for transposed in [false, true] {
                let (row, column) = transposed ? (1, k) : (n, 1)
                let packed = Floats(qk_numeric(level).pointee.packed_count(k, n))
                unsafe qk_numeric(level).pointee.pack(k, n, b.base, row, column, packed.base)
                var e = unsafe qk_epilogue()
                let (c, expected) = (Floats(m * n), Floats(m * n))
                unsafe qk_numeric(level).pointee.gemm_packed(
                    m, n, k, a.base, k, 1, packed.base, c.base, n, &e, workspace.base)
                unsafe qk_numeric(level).pointee.gemm(
                    m, n, k, a.base, k, 1, b.base, row, column, expected.base, n, &e,
                    workspace.base)
                #expect(c.error(against: expected) == 0)
            }
        }
    }

    @Test("the twin of mixed products rounds to the nearest bfloat16, ties to even")
    func rounding() {
        let workspace = Floats(Int(QK_GEMM_WORKSPACE))
        let one = Floats(1)
        one[0] = 1
        // 8 bits of significand: 257/256 and 259/256 lie halfway.
        let cases: [(Float, Float)] = [
            (1, 1), (257 / 256, 1), (259 / 256, 260 / 256), (-259 / 256, -260 / 256),
            (1.003_906_5, 258 / 256), (.greatestFiniteMagnitude, .infinity),
            (Float(bitPattern: 1), 0),
            (.infinity, .infinity),
        ]
        for level in [Int32(QK_PLAIN_MIXED)] + productLevels.filter({ twin(of: $0) != plain }) {
            for (x, expected) in cases {
                let (a, c, unused) = (Floats(1), Floats(1), Floats(1))
                a[0] = x
                multiply(
                    level, 1, 1, 1, a, one, Layout.all[0], into: c, row: 1, kind: Int(QK_STORE),
                    bias: unused, other: unused, second: unused, workspace)
                #expect(c[0] == expected, "\(x) at level \(level)")
            }
        }
    }

    @Test("the peak is a positive number", arguments: fastLevels)
    func peak(level: Int32) { #expect(qk_numeric(level).pointee.peak(100).isFinite) }
}
