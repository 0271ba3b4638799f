import Foundation
import Models

/// The forward pass of the default model in the fewest lines, on its parameters before the first
/// step.
///
/// A row of numbers stands for each position: x is (t, C).
struct Walkthrough {
    typealias Rows = [[Float]]

    let model: GPT
    let headSize = 32  // d
    let headCount = 4  // H

    /// A new model of the recipe's shape.
    init(_ configuration: ModelConfiguration, vocabularySize: Int) throws {
        guard var shape = configuration.shape as? GPTConfiguration else {
            throw ModelError.badConfiguration(reason: "the walk is through a decoder")
        }
        shape.vocabularySize = vocabularySize
        model = try GPT(shape, seed: 1_337)
    }

    func tensor(_ name: String) -> [Float] {
        model.parameters.array(model.layout.tensor(named: name + ".weight")!.range)
    }

    func embed(_ ids: [TokenID]) -> Rows {
        let tokens = tensor("embed_tokens")
        return ids.map { id in Array(tokens[id.index * 128..<id.index * 128 + 128]) }
    }

    /// Each row scaled to a mean square of 1.
    static func rmsNorm(_ row: [Float]) -> [Float] {
        let square = row.reduce(0) { $0 + $1 * $1 } / Float(row.count)
        return row.map { $0 / (square + 1e-5).squareRoot() }
    }

    /// GPT-2's norm: each row shifted to a mean of 0 and scaled to a variance of 1.
    static func layerNorm(_ row: [Float]) -> [Float] {
        let mean = row.reduce(0, +) / Float(row.count)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(row.count)
        return row.map { ($0 - mean) / (variance + 1e-5).squareRoot() }
    }

    func norm(_ x: Rows, _ name: String) -> Rows {
        let weight = tensor(name)
        return x.map { row in zip(Self.rmsNorm(row), weight).map { $0 * $1 } }
    }

    /// A product with a matrix that is stored (out, in).
    func linear(_ x: Rows, _ name: String) -> Rows {
        let weight = tensor(name)
        return x.map { row in
            var y = [Float](repeating: 0, count: weight.count / row.count)
            for out in y.indices {
                let start = out * row.count
                for i in row.indices { y[out] += row[i] * weight[start + i] }
            }
            return y
        }
    }

    /// The norm of each head's part of a row, the gains being the same for all heads.
    func headNorm(_ x: Rows, _ name: String) -> Rows {
        x.map { row in
            (0..<headCount).flatMap { h in
                norm([Array(row[h * headSize..<(h + 1) * headSize])], name)[0]
            }
        }
    }

    /// Numbers i and i + d/2 of a head are a point, which `position` turns.
    static func rotate(_ head: [Float], position: Int) -> [Float] {
        let half = head.count / 2
        var out = head
        for i in 0..<half {
            let angle = Float(position) / pow(10_000, Float(2 * i) / Float(head.count))
            out[i] = head[i] * cos(angle) - head[i + half] * sin(angle)
            out[i + half] = head[i + half] * cos(angle) + head[i] * sin(angle)
        }
        return out
    }

    func rotate(_ x: Rows) -> Rows {
        x.enumerated().map { position, row in
            (0..<headCount).flatMap { h in
                Self.rotate(Array(row[h * headSize..<(h + 1) * headSize]), position: position)
            }
        }
    }

    func softmax(_ x: [Float]) -> [Float] {
        let greatest = x.max()!
        let powers = x.map { exp($0 - greatest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    func attentionWeights(_ q: Rows, _ k: Rows, head: Int) -> Rows {
        let columns = head * headSize..<(head + 1) * headSize
        return q.indices.map { i in
            softmax(
                (0...i).map { j in
                    columns.reduce(0) { $0 + q[i][$1] * k[j][$1] } / Float(headSize).squareRoot()
                })
        }
    }

    func attention(_ q: Rows, _ k: Rows, _ v: Rows) -> Rows {
        var out = q.map { _ in [Float](repeating: 0, count: headCount * headSize) }
        for head in 0..<headCount {
            for (i, weights) in attentionWeights(q, k, head: head).enumerated() {
                for (j, weight) in weights.enumerated() {
                    for c in head * headSize..<(head + 1) * headSize {
                        out[i][c] += weight * v[j][c]
                    }
                }
            }
        }
        return out
    }

    static func silu(_ x: Float) -> Float { x / (1 + exp(-x)) }

    /// GPT-2's bend.
    static func gelu(_ x: Float) -> Float {
        x / 2 * (1 + tanh((2 / Float.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    func forward(_ ids: [TokenID]) -> Rows {
        var x = embed(ids)
        func add(_ y: Rows) {
            for t in x.indices { for c in 0..<128 { x[t][c] += y[t][c] } }
        }
        for layer in 0..<4 {
            let block = "layers.\(layer)."
            let n = norm(x, block + "input_layernorm")
            let q = headNorm(
                linear(n, block + "self_attn.q_proj"), block + "self_attn.q_norm")
            let k = headNorm(
                linear(n, block + "self_attn.k_proj"), block + "self_attn.k_norm")
            let v = linear(n, block + "self_attn.v_proj")
            add(linear(attention(rotate(q), rotate(k), v), block + "self_attn.o_proj"))
            let m = norm(x, block + "post_attention_layernorm")
            let gate = linear(m, block + "mlp.gate_proj")
            let up = linear(m, block + "mlp.up_proj")
            let hidden = zip(gate, up).map { zip($0, $1).map { Self.silu($0) * $1 } }
            add(linear(hidden, block + "mlp.down_proj"))
        }
        return linear(norm(x, "norm"), "lm_head")
    }

    // MARK: Muon

    /// One Newton–Schulz iteration on a number, which is what it does to each singular value.
    static func newtonSchulz(_ s: Float) -> Float {
        3.4445 * s - 4.7750 * s * s * s + 2.0315 * s * s * s * s * s
    }

    /// The matrix near `g` (n, n) whose singular values are near 1: five iterations of
    /// X ← aX + (bA + cA²)X with A = XXᵀ.
    static func orthogonalized(_ g: Rows) -> Rows {
        func product(_ a: Rows, _ b: Rows) -> Rows {
            a.map { row in
                b[0].indices.map { c in row.indices.reduce(0) { $0 + row[$1] * b[$1][c] } }
            }
        }
        func transposed(_ a: Rows) -> Rows { a[0].indices.map { c in a.map { $0[c] } } }
        func sum(_ a: Float, _ x: Rows, _ b: Float, _ y: Rows) -> Rows {
            zip(x, y).map { zip($0, $1).map { a * $0 + b * $1 } }
        }
        let length = g.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
        var x = g.map { $0.map { $0 / length } }
        for _ in 0..<5 {
            let a = product(x, transposed(x))
            let polynomial = sum(-4.7750, a, 2.0315, product(a, a))
            x = sum(3.4445, x, 1, product(polynomial, x))
        }
        return x
    }
}
