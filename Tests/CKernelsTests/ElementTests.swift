import CKernels
import Testing

@Suite struct ElementTests {
    @Test("rows of a table and their gradient, ids that repeat among them", arguments: fastLevels)
    func embed(level: Int32) {
        let ids: [Int32] = [3, 0, 3, 1]
        for n in [1, 4, 16, 19, 33] {
            let (table, dOut) = (Floats(5 * n, seed: 1), Floats(4 * n, seed: 3))
            for adds in [Int32(0), 1] {
                var results: [[Floats]] = []
                for level in [level, plain] {
                    let (out, dTable) = (Floats(4 * n, seed: 2), Floats(5 * n, seed: 4))
                    unsafe ids.withUnsafeBufferPointer { ids in
                        unsafe qk_numeric(level).pointee.embed(
                            4, n, ids.baseAddress, table.base, 1.5, out.base, adds)
                        unsafe qk_numeric(level).pointee.embed_backward(
                            4, n, ids.baseAddress, dOut.base, 0.75, dTable.base)
                    }
                    results.append([out, dTable])
                }
                for (found, expected) in zip(results[0], results[1]) {
                    #expect(found.error(against: expected) < 1e-6)
                }
            }
        }
    }

    @Test("sums of slices and of rows", arguments: fastLevels)
    func sums(level: Int32) {
        for n in [1, 7, 16, 63, 64, 65, 130] {
            let x = Floats(5 * (n + 2), seed: 6)
            let (y, expected) = (Floats(n, seed: 7), Floats(n, seed: 7))
            unsafe qk_numeric(level).pointee.add(n, x.base, y.base)
            unsafe qk_numeric(plain).pointee.add(n, x.base, expected.base)
            #expect(y.error(against: expected) == 0)
            unsafe qk_numeric(level).pointee.add_rows(5, n, x.base, n + 2, y.base)
            unsafe qk_numeric(plain).pointee.add_rows(5, n, x.base, n + 2, expected.base)
            #expect(y.error(against: expected) < 1e-6)
            let squares = unsafe qk_numeric(level).pointee.sum_of_squares(n, x.base)
            let truth = unsafe qk_numeric(plain).pointee.sum_of_squares(n, x.base)
            #expect(abs(squares - truth) < 1e-12 * truth)
        }
    }

    @Test("AdamW, three steps", arguments: fastLevels)
    func adamW(level: Int32) {
        for n in [1, 15, 16, 40] {
            var results: [[Floats]] = []
            for level in [level, plain] {
                let (p, m, v) = (Floats(n, seed: 8), Floats(n), Floats(n))
                for step in 1...3 {
                    let gradient = Floats(n, seed: UInt64(10 + step))
                    var constants = qk_adamw_step(
                        rate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay: 0.1,
                        gradient_scale: 0.5, correction1: [10, 5.26, 3.69][step - 1],
                        correction2: [20, 10.26, 7.01][step - 1])
                    unsafe qk_numeric(level).pointee.adamw(
                        n, p.base, gradient.base, m.base, v.base, &constants)
                }
                results.append([p, m, v])
            }
            for (found, expected) in zip(results[0], results[1]) {
                #expect(found.error(against: expected) < 1e-6)
            }
        }
    }

    @Test("a first step of AdamW by hand: the sign of the gradient, times the rate")
    func byHand() {
        let (p, g, m, v) = (Floats(2), Floats(2), Floats(2), Floats(2))
        (p[0], p[1], g[0], g[1]) = (1, 1, 4, -4)
        var step = qk_adamw_step(
            rate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 0, decay: 0, gradient_scale: 1,
            correction1: 10, correction2: 100)
        unsafe qk_numeric(plain).pointee.adamw(2, p.base, g.base, m.base, v.base, &step)
        #expect(abs(p[0] - 0.9) < 1e-6)
        #expect(abs(p[1] - 1.1) < 1e-6)
    }
}
