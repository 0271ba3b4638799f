import CKernels
import Testing

@Suite struct GateTests {
    @Test("turns by position, there and back", arguments: fastLevels + [plain])
    func rotation(level: Int32) {
        let places: [Int32] = [0, 3, 1, 3]
        for d in [2, 4, 6, 16, 30, 64, 128] {
            let (heads, row) = (3, 3 * d + 5)
            // Any table of points on the circle will do.
            let table = Floats(4 * d, seed: 1)
            for place in 0..<4 {
                for i in 0..<d / 2 {
                    let (c, s) = (place * d + i, place * d + d / 2 + i)
                    let length = (table[c] * table[c] + table[s] * table[s]).squareRoot()
                    (table[c], table[s]) = (table[c] / length, table[s] / length)
                }
            }
            let start = Floats(4 * row, seed: 2)
            let (x, expected) = (Floats(copying: start), Floats(copying: start))
            unsafe places.withUnsafeBufferPointer { places in
                unsafe qk_numeric(level).pointee.rotate(
                    4, heads, d, x.base, row, places.baseAddress, table.base, 0)
                unsafe qk_numeric(plain).pointee.rotate(
                    4, heads, d, expected.base, row, places.baseAddress, table.base, 0)
                #expect(x.error(against: expected) < 1e-6)
                unsafe qk_numeric(level).pointee.rotate(
                    4, heads, d, x.base, row, places.baseAddress, table.base, 1)
            }
            #expect(x.error(against: start) < 1e-6)
            for r in 0..<4 { #expect(x[r * row + 3 * d] == start[r * row + 3 * d]) }
        }
    }

    @Test("a quarter turn by hand: (1, 0) becomes (0, 1)", arguments: fastLevels + [plain])
    func quarter(level: Int32) {
        let (x, table, place) = (Floats(2), Floats(2), [Int32(0)])
        (x[0], x[1], table[0], table[1]) = (1, 0, 0, 1)
        unsafe place.withUnsafeBufferPointer { place in
            unsafe qk_numeric(level).pointee.rotate(
                1, 1, 2, x.base, 2, place.baseAddress, table.base, 0)
        }
        #expect(x[0] == 0 && x[1] == 1)
    }

    @Test("SwiGLU and its gradient, in place too", arguments: fastLevels)
    func swiGLU(level: Int32) {
        for n in Array(1...34) + [48, 65, 100] {
            let (rows, row, narrow) = (3, 2 * n + 3, n + 1)
            let gates = Floats(rows * row, seed: 3)
            for index in 0..<gates.count { gates[index] *= 20 }
            let dOut = Floats(rows * narrow, seed: 4)
            var results: [[Floats]] = []
            for level in [level, plain] {
                let (out, dGates) = (Floats(rows * narrow), Floats(rows * row))
                unsafe qk_numeric(level).pointee.swiglu(rows, n, gates.base, row, out.base, narrow)
                unsafe qk_numeric(level).pointee.swiglu_backward(
                    rows, n, dOut.base, narrow, gates.base, row, dGates.base, row)
                let own = Floats(copying: gates)
                unsafe qk_numeric(level).pointee.swiglu_backward(
                    rows, n, dOut.base, narrow, own.base, row, own.base, row)
                for r in 0..<rows {
                    for i in 0..<2 * n { #expect(own[r * row + i] == dGates[r * row + i]) }
                }
                results.append([out, dGates])
            }
            for (found, expected) in zip(results[0], results[1]) {
                #expect(found.error(against: expected) < 1e-6, "width \(n)")
            }
        }
    }

    @Test("gates of every activation and their gradients, in place too", arguments: fastLevels)
    func gates(level: Int32) {
        for activation in activations {
            for n in [1, 7, 16, 33, 100] {
                let (rows, row, narrow) = (3, 2 * n + 3, n + 1)
                let gates = Floats(rows * row, seed: 3)
                for index in 0..<gates.count { gates[index] *= 8 }
                let dOut = Floats(rows * narrow, seed: 4)
                var results: [[Floats]] = []
                for level in [level, plain] {
                    let (out, dGates) = (Floats(rows * narrow), Floats(copying: gates))
                    unsafe qk_numeric(level).pointee.gate(
                        activation, rows, n, gates.base, row, out.base, narrow)
                    unsafe qk_numeric(level).pointee.gate_backward(
                        activation, rows, n, dOut.base, narrow, dGates.base, row, dGates.base, row)
                    results.append([out, dGates])
                }
                for (found, expected) in zip(results[0], results[1]) {
                    #expect(found.error(against: expected) < 5e-6, "\(activation), width \(n)")
                }
            }
        }
    }

    @Test("a gate of silu is SwiGLU", arguments: fastLevels + [plain])
    func siluGate(level: Int32) {
        let (gates, out, other) = (Floats(40, seed: 5), Floats(20), Floats(20))
        unsafe qk_numeric(level).pointee.gate(
            Int32(QK_SILU), 1, 20, gates.base, 40, out.base, 20)
        unsafe qk_numeric(level).pointee.swiglu(1, 20, gates.base, 40, other.base, 20)
        #expect(out.error(against: other) < 1e-6)
    }

    @Test("silu far from zero is its argument or nothing", arguments: fastLevels + [plain])
    func ends(level: Int32) {
        let (gates, out) = (Floats(4), Floats(2))
        (gates[0], gates[1], gates[2], gates[3]) = (200, -200, 3, 3)
        unsafe qk_numeric(level).pointee.swiglu(1, 2, gates.base, 4, out.base, 2)
        #expect(out[0] == 600)
        #expect(abs(out[1]) < 1e-30)
    }
}
