import CKernels
import Testing

/// Attention over keys that are not the queries' own: each query sees a stretch of them.
@Suite struct CrossAttentionTests {
    /// Stretches of keys, one for each query, that never fall.
    struct Stretches {
        let starts: [Int32]
        let ends: [Int32]
        var keyCount: Int { Int(ends.last ?? 0) }

        /// Pairs of so many queries and so many keys each.
        init(_ pairs: [(queries: Int, keys: Int)]) {
            var (starts, ends): ([Int32], [Int32]) = ([], [])
            var first = 0
            for pair in pairs {
                starts += Array(repeating: Int32(first), count: pair.queries)
                first += pair.keys
                ends += Array(repeating: Int32(first), count: pair.queries)
            }
            (self.starts, self.ends) = (starts, ends)
        }
    }

    /// The output, logsumexp and gradients of queries, keys and values at a level.
    private func run(
        _ level: Int32, _ stretches: Stretches, d: Int, dropout: qk_dropout?, adds: Bool
    ) -> [Floats] {
        let (t, u) = (stretches.starts.count, stretches.keyCount)
        let (qRow, keyRow, outRow) = (d + 3, 2 * d + 1, d + 2)
        let (q, kv, dOut) = (
            Floats(t * qRow, seed: 1), Floats(u * keyRow, seed: 2), Floats(t * outRow, seed: 3)
        )
        let (out, lse) = (Floats(t * outRow, seed: 4), Floats(t))
        let (dQ, dKV) = (Floats(t * qRow, seed: 5), Floats(u * keyRow, seed: 6))
        let workspace = Floats(qk_numeric(level).pointee.attention_workspace(u, d))
        var masks = dropout ?? qk_dropout()
        stretches.starts.withUnsafeBufferPointer { starts in
            stretches.ends.withUnsafeBufferPointer { ends in
                withUnsafePointer(to: &masks) { masks in
                    var shape = qk_attention_shape(
                        t: t, keys: u, d: d, q_row: qRow, key_row: keyRow, out_row: outRow,
                        starts: starts.baseAddress, ends: ends.baseAddress,
                        dropout: dropout == nil ? nil : masks)
                    qk_numeric(level).pointee.attention(
                        &shape, q.base, kv.base, kv.base + d, out.base, lse.base, workspace.base)
                    qk_numeric(level).pointee.attention_backward(
                        &shape, q.base, kv.base, kv.base + d, out.base, dOut.base, lse.base,
                        dQ.base, dKV.base, dKV.base + d, adds ? 1 : 0, workspace.base)
                }
            }
        }
        return [out, lse, dQ, dKV]
    }

    @Test("stretches of keys before, behind and beside the queries", arguments: fastLevels)
    func againstPlain(level: Int32) {
        let cases: [[(queries: Int, keys: Int)]] = [
            [(1, 1)], [(1, 40)], [(40, 1)], [(3, 5), (4, 2)], [(33, 70), (70, 33), (5, 1)],
            [(10, 20), (100, 3), (7, 130)], Array(repeating: (6, 9), count: 20),
            // Queries without keys, a whole strip of them too, and keys that no query sees.
            [(2, 0), (3, 4)], [(40, 0), (3, 4), (50, 0), (2, 2)], [(3, 4), (0, 30), (3, 5)],
        ]
        for pairs in cases {
            let stretches = Stretches(pairs)
            for (d, dropout, adds) in [
                (3, nil, false), (16, nil, true), (16, AttentionTests.masks, false),
            ] {
                let found = run(level, stretches, d: d, dropout: dropout, adds: adds)
                let expected = run(plain, stretches, d: d, dropout: dropout, adds: adds)
                for (found, expected) in zip(found, expected) {
                    #expect(found.error(against: expected) < 3e-6, "\(pairs) d \(d)")
                }
            }
        }
    }

    @Test("a query that sees no key has a row of zeros", arguments: fastLevels + [plain])
    func nothing(level: Int32) {
        let found = run(level, Stretches([(2, 0), (1, 3)]), d: 4, dropout: nil, adds: false)
        for row in 0..<2 {
            for column in 0..<4 {
                #expect(found[0][row * 6 + column] == 0)
                #expect(found[2][row * 7 + column] == 0)
            }
        }
    }
}
