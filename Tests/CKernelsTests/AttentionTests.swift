import CKernels
import Testing

@Suite struct AttentionTests {
    /// The second of two heads that lie side by side, and what attention makes of it.
    struct Head {
        let (t, d, width, row): (Int, Int, Int, Int)
        let (qkv, dOut): (Floats, Floats)

        init(_ t: Int, _ d: Int) {
            (self.t, self.d, width, row) = (t, d, 2 * d, 6 * d)
            qkv = Floats(t * row, seed: 1)
            dOut = Floats(t * width, seed: 2)
        }

        /// The output, logsumexp and gradient; `adds` to a gradient of keys and values that is
        /// there.
        func run(
            _ level: Int32, starts: [Int32]? = nil, dropout: qk_dropout? = nil, adds: Bool = false
        ) -> [Floats] {
            let workspace = Floats(qk_numeric(level).pointee.attention_workspace(t, d))
            let (out, lse, dQKV) = (Floats(t * width), Floats(t), Floats(t * row, seed: 3))
            var masks = dropout ?? qk_dropout()
            let (q, k, v) = (d, d + width, d + 2 * width)
            (starts ?? []).withUnsafeBufferPointer { starts in
                withUnsafePointer(to: &masks) { masks in
                    var shape = qk_attention_shape(
                        t: t, keys: t, d: d, q_row: row, key_row: row, out_row: width,
                        starts: starts.isEmpty ? nil : starts.baseAddress, ends: nil,
                        dropout: dropout == nil ? nil : masks)
                    qk_numeric(level).pointee.attention(
                        &shape, qkv.base + q, qkv.base + k, qkv.base + v, out.base + d,
                        lse.base, workspace.base)
                    qk_numeric(level).pointee.attention_backward(
                        &shape, qkv.base + q, qkv.base + k, qkv.base + v, out.base + d,
                        dOut.base + d, lse.base, dQKV.base + q, dQKV.base + k, dQKV.base + v,
                        adds ? 1 : 0, workspace.base)
                }
            }
            return [out, lse, dQKV]
        }

        func expectEqual(
            _ level: Int32, starts: [Int32]? = nil, dropout: qk_dropout? = nil, adds: Bool = false
        ) {
            let found = run(level, starts: starts, dropout: dropout, adds: adds)
            let expected = run(plain, starts: starts, dropout: dropout, adds: adds)
            for (found, expected) in zip(found, expected) {
                #expect(found.error(against: expected) < 3e-6, "t \(t) d \(d)")
            }
        }
    }

    static let masks = qk_dropout(
        key: (3, 4), counter: (5, 6), threshold: 1 << 30, scale: 4 / 3)

    @Test(
        "attention and its gradient for every short sequence and odd head size",
        arguments: fastLevels)
    func againstPlain(level: Int32) {
        let shapes =
            (1...17).flatMap { t in [1, 3, 8, 16].map { (t, $0) } }
            + [(32, 16), (33, 5), (64, 32), (65, 40), (70, 64)]
        for (t, d) in shapes { Head(t, d).expectEqual(level, adds: t % 2 == 0) }
    }

    @Test("attention cut into documents anywhere", arguments: fastLevels)
    func documents(level: Int32) {
        for t in 1...9 {
            // Every set of places where a document begins.
            for cuts in 0..<1 << (t - 1) {
                Head(t, 3).expectEqual(level, starts: starts(t) { cuts >> ($0 - 1) & 1 == 1 })
            }
        }
        for (t, every) in [(40, 7), (150, 64), (150, 65), (200, 33), (200, 130)] {
            let starts = starts(t) { $0 % every == 0 }
            Head(t, 16).expectEqual(level, starts: starts, adds: every == 65)
            Head(t, 16).expectEqual(level, starts: starts, dropout: Self.masks)
        }
    }

    private func starts(_ t: Int, _ begins: (Int) -> Bool) -> [Int32] {
        var starts: [Int32] = [0]
        for i in 1..<max(t, 1) { starts.append(begins(i) ? Int32(i) : starts[i - 1]) }
        return starts
    }

    @Test("a document's attention does not depend on another's numbers", arguments: fastLevels)
    func leak(level: Int32) {
        let (t, cut) = (150, 70)
        let head = Head(t, 16)
        let starts = starts(t) { $0 == cut }
        let before = head.run(level, starts: starts)
        for index in 0..<cut * head.row { head.qkv[index] *= -3 }
        for index in 0..<cut * head.width { head.dOut[index] += 1 }
        let after = head.run(level, starts: starts)
        for index in cut * head.width..<t * head.width {
            #expect(before[0][index] == after[0][index])
        }
        for index in cut * head.row..<t * head.row { #expect(before[2][index] == after[2][index]) }
    }

    @Test("attention with dropped weights", arguments: fastLevels)
    func dropout(level: Int32) {
        for (t, d) in [(1, 4), (7, 3), (33, 8), (64, 16), (65, 16), (130, 5)] {
            Head(t, d).expectEqual(level, dropout: Self.masks)
        }
    }

    @Test("a step over the cache is the last row of attention", arguments: fastLevels + [plain])
    func step(level: Int32) {
        for (t, d) in [(1, 8), (5, 3), (20, 16), (33, 32)] {
            let head = Head(t, d)
            let (out, stepped, scores) = (head.run(level)[0], Floats(d), Floats(t))
            let (q, k, v) = (d, d + head.width, d + 2 * head.width)
            qk_numeric(level).pointee.attention_step(
                1, t, d, head.qkv.base + (t - 1) * head.row + q, head.qkv.base + k,
                head.qkv.base + v, head.row, stepped.base, scores.base)
            for c in 0..<d {
                #expect(abs(stepped[c] - out[(t - 1) * head.width + d + c]) < 1e-5)
            }
        }
    }

    @Test("heads that share keys take a step with the bits of each alone", arguments: fastLevels)
    func sharedStep(level: Int32) {
        let (heads, t, d) = (5, 21, 12)
        let (q, keys, values) = (
            Floats(heads * d, seed: 4), Floats(t * d, seed: 5), Floats(t * d, seed: 6)
        )
        let (out, scores) = (Floats(heads * d), Floats(heads * t))
        qk_numeric(level).pointee.attention_step(
            heads, t, d, q.base, keys.base, values.base, d, out.base, scores.base)
        for head in 0..<heads {
            let alone = Floats(d)
            qk_numeric(level).pointee.attention_step(
                1, t, d, q.base + head * d, keys.base, values.base, d, alone.base,
                scores.base)
            for c in 0..<d { #expect(out[head * d + c] == alone[c]) }
        }
    }

    @Test(
        "the last rows over a cache are the last rows of attention", arguments: fastLevels + [plain]
    )
    func cached(level: Int32) {
        for (t, d) in [(1, 8), (5, 3), (33, 32), (70, 16), (100, 5)] {
            let head = Head(t, d)
            let out = head.run(level)[0]
            let (k, v) = (d + head.width, d + 2 * head.width)
            for rows in Set([1, min(3, t), t / 2 + 1, t]) {
                let workspace = Floats(qk_numeric(level).pointee.attention_workspace(t, d))
                let found = Floats(rows * (d + 1))
                qk_numeric(level).pointee.attention_cached(
                    rows, t, d, head.qkv.base + (t - rows) * head.row + d, head.row,
                    head.qkv.base + k, head.qkv.base + v, head.row, found.base, d + 1,
                    workspace.base)
                for r in 0..<rows {
                    for c in 0..<d {
                        let expected = out[(t - rows + r) * head.width + d + c]
                        #expect(abs(found[r * (d + 1) + c] - expected) < 1e-5)
                    }
                    #expect(found[r * (d + 1) + d] == 0)
                }
            }
        }
    }
}
