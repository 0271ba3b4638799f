import Foundation
import Transformer

/// GPT-2's forward pass in the fewest lines, on the parameters of a new model of the default shape.
///
/// A row of numbers stands for each position: x is (t, C).
struct Walkthrough {
    typealias Rows = [[Float]]

    let model: GPT

    init(vocabularySize: Int) throws {
        var shape = GPTConfiguration()  // 4 layers, 4 heads, C = 128, 256 positions
        shape.vocabularySize = vocabularySize
        model = try GPT(shape, seed: 1_337)
    }

    func tensor(_ name: String) -> [Float] {
        model.parameters.array(model.layout.tensor(named: name)!.range)
    }

    func embed(_ ids: [Int32]) -> Rows {
        let (tokens, positions) = (tensor("wte.weight"), tensor("wpe.weight"))
        return ids.enumerated().map { t, id in
            (0..<128).map { tokens[Int(id) * 128 + $0] + positions[t * 128 + $0] }
        }
    }

    func norm(_ x: Rows, _ name: String) -> Rows {
        let (weight, bias) = (tensor(name + ".weight"), tensor(name + ".bias"))
        return x.map { row in
            let mean = row.reduce(0, +) / 128
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 128
            return row.indices.map {
                (row[$0] - mean) / (variance + 1e-5).squareRoot() * weight[$0] + bias[$0]
            }
        }
    }

    func linear(_ x: Rows, _ name: String) -> Rows {
        let (weight, bias) = (tensor(name + ".weight"), tensor(name + ".bias"))
        return x.map { row in
            var y = bias
            for (i, value) in row.enumerated() {
                for o in y.indices { y[o] += value * weight[i * y.count + o] }
            }
            return y
        }
    }

    func softmax(_ x: [Float]) -> [Float] {
        let greatest = x.max()!
        let powers = x.map { exp($0 - greatest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    func attentionWeights(_ qkv: Rows, head: Int) -> Rows {
        qkv.indices.map { i in
            softmax(
                (0...i).map { j in
                    (head * 32..<head * 32 + 32).reduce(0) { $0 + qkv[i][$1] * qkv[j][128 + $1] }
                        / Float(32).squareRoot()
                })
        }
    }

    func attention(_ qkv: Rows) -> Rows {
        var out = qkv.map { _ in [Float](repeating: 0, count: 128) }
        for head in 0..<4 {
            for (i, weights) in attentionWeights(qkv, head: head).enumerated() {
                for (j, weight) in weights.enumerated() {
                    for c in head * 32..<head * 32 + 32 { out[i][c] += weight * qkv[j][256 + c] }
                }
            }
        }
        return out
    }

    func gelu(_ x: Float) -> Float {
        x / 2 * (1 + tanh((2 / Float.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    func forward(_ ids: [Int32]) -> Rows {
        var x = embed(ids)
        func add(_ y: Rows) {
            for t in x.indices { for c in 0..<128 { x[t][c] += y[t][c] } }
        }
        for h in 0..<4 {
            let qkv = linear(norm(x, "h.\(h).ln_1"), "h.\(h).attn.c_attn")
            add(linear(attention(qkv), "h.\(h).attn.c_proj"))
            let hidden = linear(norm(x, "h.\(h).ln_2"), "h.\(h).mlp.c_fc")
            add(linear(hidden.map { $0.map(gelu) }, "h.\(h).mlp.c_proj"))
        }
        let tokens = tensor("wte.weight")
        return norm(x, "ln_f").map { row in
            (0..<tokens.count / 128).map { v in
                (0..<128).reduce(0) { $0 + row[$1] * tokens[v * 128 + $1] }
            }
        }
    }
}
