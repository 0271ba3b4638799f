import CKernels
import Testing

@Suite struct RowTests {
    static let widths = Array(1...34) + [48, 63, 64, 65, 100]

    @Test("LayerNorm, and its gradient added to what was there", arguments: fastLevels)
    func layerNorm(level: Int32) {
        let rows = 3
        for n in Self.widths where n > 1 {
            let x = Floats(rows * n, seed: 1)
            let (weight, bias) = (Floats(n, seed: 2), Floats(n, seed: 3))
            let dOut = Floats(rows * n, seed: 4)
            var results: [[Floats]] = []
            for level in [level, plain] {
                let (out, mean, rstd) = (Floats(rows * n), Floats(rows), Floats(rows))
                unsafe qk_numeric(level).pointee.layer_norm(
                    rows, n, x.base, weight.base, bias.base, 1e-5, out.base, mean.base,
                    rstd.base)
                let dx = Floats(rows * n, seed: 5)
                let (dWeight, dBias) = (Floats(n, seed: 6), Floats(n, seed: 7))
                unsafe qk_numeric(level).pointee.layer_norm_backward(
                    rows, n, dOut.base, x.base, weight.base, mean.base, rstd.base, dx.base,
                    dWeight.base, dBias.base)
                results.append([out, mean, rstd, dx, dWeight, dBias])
            }
            for (found, expected) in zip(results[0], results[1]) {
                #expect(found.error(against: expected) < 2e-5, "width \(n)")
            }
        }
    }

    @Test("RMSNorm over parts of rows, its gradient written or added", arguments: fastLevels)
    func rmsNorm(level: Int32) {
        let rows = 3
        for n in Self.widths {
            let row = n + 2
            let (x, weight) = (Floats(rows * row, seed: 1), Floats(n, seed: 2))
            let dOut = Floats(rows * row, seed: 4)
            for (adds, offset) in [(Int32(0), Float(0)), (1, 0), (0, 1), (1, 1)] {
                var results: [[Floats]] = []
                for level in [level, plain] {
                    let (out, rstd) = (Floats(rows * row), Floats(rows))
                    unsafe qk_numeric(level).pointee.rms_norm(
                        rows, n, x.base, row, weight.base, offset, 1e-5, out.base, row, rstd.base)
                    let (dx, dWeight) = (Floats(rows * row, seed: 5), Floats(n, seed: 6))
                    unsafe qk_numeric(level).pointee.rms_norm_backward(
                        rows, n, dOut.base, row, x.base, row, weight.base, offset, rstd.base,
                        dx.base, row, adds, dWeight.base)
                    results.append([out, rstd, dx, dWeight])
                    // In place: the output over the input, the gradient over that of the output.
                    let (own, dOwn) = (Floats(copying: x), Floats(copying: dOut))
                    unsafe qk_numeric(level).pointee.rms_norm(
                        rows, n, own.base, row, weight.base, offset, 1e-5, own.base, row,
                        rstd.base)
                    unsafe qk_numeric(level).pointee.rms_norm_backward(
                        rows, n, dOwn.base, row, x.base, row, weight.base, offset, rstd.base,
                        dOwn.base, row, 0, dWeight.base)
                    for r in 0..<rows {
                        for i in 0..<n {
                            #expect(own[r * row + i] == out[r * row + i])
                            if adds == 0 { #expect(dOwn[r * row + i] == dx[r * row + i]) }
                        }
                    }
                }
                for (found, expected) in zip(results[0], results[1]) {
                    #expect(found.error(against: expected) < 2e-5, "width \(n)")
                }
            }
        }
    }

    @Test("a row of equal numbers has norm zero, not infinity", arguments: fastLevels)
    func flatRow(level: Int32) {
        let (x, out, statistics) = (Floats(20), Floats(20), Floats(2))
        let (weight, bias) = (Floats(20), Floats(20))
        x.fill(3)
        weight.fill(1)
        unsafe qk_numeric(level).pointee.layer_norm(
            1, 20, x.base, weight.base, bias.base, 1e-5, out.base, statistics.base,
            statistics.base + 1)
        #expect(out.error(against: Floats(20)) < 1e-3)
    }

    @Test("activations and their slopes from -20 to 20", arguments: fastLevels, activations)
    func activate(level: Int32, activation: Int32) {
        let count = 1601
        let x = Floats(count)
        for index in 0..<count { x[index] = Float(index - 800) / 40 }
        let (out, slope) = (Floats(count), Floats(count))
        let (expected, expectedSlope) = (Floats(count), Floats(count))
        unsafe qk_numeric(level).pointee.activate(
            activation, count, x.base, out.base, slope.base)
        unsafe qk_numeric(plain).pointee.activate(
            activation, count, x.base, expected.base, expectedSlope.base)
        for index in 0..<count {
            #expect(abs(out[index] - expected[index]) < 3e-7 * max(1, abs(x[index])))
        }
        #expect(slope.error(against: expectedSlope) < 5e-6)
        // In place, and without slopes.
        unsafe qk_numeric(level).pointee.activate(activation, count, x.base, x.base, nil)
        #expect((0..<count).allSatisfy { x[$0] == out[$0] })
    }

    @Test("activations of a few numbers, by their formulas", arguments: fastLevels + [plain])
    func formulas(level: Int32) {
        for (activation, expected) in [
            (QK_GELU_TANH, [-0.158808, 0, 0.841192, 1.954598]),
            (QK_GELU, [-0.158655, 0, 0.841345, 1.954500]), (QK_RELU, [0, 0, 1, 2]),
            (QK_SILU, [-0.268941, 0, 0.731059, 1.761594]),
        ] {
            let (x, out) = (Floats(4), Floats(4))
            (x[0], x[1], x[2], x[3]) = (-1, 0, 1, 2)
            unsafe qk_numeric(level).pointee.activate(
                Int32(activation), 4, x.base, out.base, nil)
            for (index, value) in expected.enumerated() {
                #expect(abs(Double(out[index]) - value) < 1e-6)
            }
        }
    }

    @Test("the loss, its gradient, and rows that are not scored", arguments: fastLevels)
    func crossEntropy(level: Int32) {
        for n in Self.widths {
            for scale in [Float(0), 0.25] {
                let row = n + 5
                let start = Floats(4 * row, seed: 8)
                for index in 0..<start.count { start[index] *= 30 }
                let targets: [Int32] = [0, Int32(n - 1), -1, Int32(n / 2)]
                var results: [(logits: Floats, losses: Floats)] = []
                for level in [level, plain] {
                    let (logits, losses) = (Floats(copying: start), Floats(4, seed: 9))
                    unsafe targets.withUnsafeBufferPointer { targets in
                        unsafe qk_numeric(level).pointee.cross_entropy(
                            4, n, logits.base, row, targets.baseAddress, scale, losses.base)
                    }
                    results.append((logits, losses))
                }
                #expect(results[0].losses.error(against: results[1].losses) < 1e-6)
                #expect(results[0].losses[2] == 0)
                guard scale != 0 else { continue }
                #expect(results[0].logits.error(against: results[1].logits) < 1e-6)
                for index in 0..<n { #expect(results[0].logits[2 * row + index] == 0) }
            }
        }
    }

    @Test("softmax sums to one, also of large numbers", arguments: fastLevels)
    func softmax(level: Int32) {
        for n in Self.widths {
            let start = Floats(n, seed: 10)
            for index in 0..<n { start[index] *= 1000 }
            let (x, expected) = (Floats(copying: start), Floats(copying: start))
            unsafe qk_numeric(level).pointee.softmax(n, x.base, 0.1)
            unsafe qk_numeric(plain).pointee.softmax(n, expected.base, 0.1)
            #expect(x.error(against: expected) < 1e-5)
            #expect(abs((0..<n).reduce(Float(0)) { $0 + x[$1] } - 1) < 1e-5)
        }
    }
}
