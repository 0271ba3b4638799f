import CKernels
import Testing

@Suite struct AttentionTests {
    @Test(
        "attention and its gradient for every short sequence and odd head size",
        arguments: fastLevels)
    func againstPlain(level: Int32) {
        let shapes =
            (1...17).flatMap { t in [1, 3, 8, 16].map { (t, $0) } }
            + [(32, 16), (33, 5), (64, 32), (65, 40), (70, 64)]
        for (t, d) in shapes {
            // Two heads side by side, of which the second is computed.
            let width = 2 * d
            let row = 3 * width
            let qkv = Floats(t * row, seed: 1)
            let dOut = Floats(t * width, seed: 2)
            var results: [[Floats]] = []
            for level in [level, plain] {
                let workspace = Floats(qk_attention_workspace(level, t, d))
                let (out, lse) = (Floats(t * width), Floats(t))
                let dQKV = Floats(t * row, seed: 3)
                unsafe qk_attention(
                    level, t, d, qkv.base + d, qkv.base + d + width, qkv.base + d + 2 * width, row,
                    out.base + d, width, lse.base, workspace.base)
                unsafe qk_attention_backward(
                    level, t, d, qkv.base + d, qkv.base + d + width, qkv.base + d + 2 * width, row,
                    out.base + d, dOut.base + d, width, lse.base, dQKV.base + d,
                    dQKV.base + d + width, dQKV.base + d + 2 * width, workspace.base)
                results.append([out, lse, dQKV])
            }
            for (found, expected) in zip(results[0], results[1]) {
                #expect(found.error(against: expected) < 3e-6, "t \(t) d \(d)")
            }
        }
    }

    @Test("a step over the cache is the last row of attention", arguments: fastLevels + [plain])
    func step(level: Int32) {
        for (t, d) in [(1, 8), (5, 3), (20, 16), (33, 32)] {
            let qkv = Floats(t * 3 * d, seed: 4)
            let workspace = Floats(qk_attention_workspace(level, t, d))
            let (out, lse, stepped, scores) = (Floats(t * d), Floats(t), Floats(d), Floats(t))
            unsafe qk_attention(
                level, t, d, qkv.base, qkv.base + d, qkv.base + 2 * d, 3 * d, out.base, d, lse.base,
                workspace.base)
            unsafe qk_attention_step(
                level, t, d, qkv.base + (t - 1) * 3 * d, qkv.base + d, qkv.base + 2 * d, 3 * d,
                stepped.base, scores.base)
            for c in 0..<d { #expect(abs(stepped[c] - out[(t - 1) * d + c]) < 1e-5) }
        }
    }
}
