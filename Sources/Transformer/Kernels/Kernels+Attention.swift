import CKernels

/// The operands of attention over one sequence: `qkv` is (t, 3C), a row being [q | k | v], each
/// of which is the heads one after another.
struct AttentionShape {
    let positions: Int  // t
    let heads: Int
    let headSize: Int
    var width: Int { heads * headSize }  // C
}

extension Kernels {
    /// out (t, C) = causal attention of every head; `logSumExp` (heads, t) is for the backward.
    func attention(
        _ shape: AttentionShape, qkv: FloatSlice, into out: FloatSlice, logSumExp: FloatSlice,
        workspace: FloatSlice
    ) {
        check(shape, qkv, out, logSumExp, workspace)
        let width = shape.width
        for head in 0..<shape.heads {
            let start = head * shape.headSize
            let lse = logSumExp.at(head * shape.positions, shape.positions)
            unsafe qk_attention(
                level, shape.positions, shape.headSize, qkv.base + start,
                qkv.base + start + width, qkv.base + start + 2 * width, 3 * width,
                out.base + start, width, lse.base, workspace.base)
        }
    }

    /// Writes `dQKV` (t, 3C) from the gradient of the output.
    func attentionBackward(
        _ shape: AttentionShape, qkv: FloatSlice, out: FloatSlice, dOut: FloatSlice,
        logSumExp: FloatSlice, dQKV: FloatSlice, workspace: FloatSlice
    ) {
        check(shape, qkv, out, logSumExp, workspace)
        check(shape, dQKV, dOut, logSumExp, workspace)
        let width = shape.width
        for head in 0..<shape.heads {
            let start = head * shape.headSize
            let lse = logSumExp.at(head * shape.positions, shape.positions)
            unsafe qk_attention_backward(
                level, shape.positions, shape.headSize, qkv.base + start,
                qkv.base + start + width, qkv.base + start + 2 * width, 3 * width,
                out.base + start, dOut.base + start, width, lse.base, dQKV.base + start,
                dQKV.base + start + width, dQKV.base + start + 2 * width, workspace.base)
        }
    }

    /// Attention of the newest position over the first `positions` rows of the cached keys and
    /// values (capacity, C).
    func attentionStep(
        _ shape: AttentionShape, q: FloatSlice, keys: FloatSlice, values: FloatSlice,
        into out: FloatSlice, scores: FloatSlice
    ) {
        let width = shape.width
        precondition(
            q.count == width && out.count == width && scores.count >= shape.positions
                && keys.count >= shape.positions * width
                && values.count >= shape.positions * width, "a step that does not fit its cache")
        for head in 0..<shape.heads {
            let start = head * shape.headSize
            unsafe qk_attention_step(
                level, shape.positions, shape.headSize, q.base + start, keys.base + start,
                values.base + start, width, out.base + start, scores.base)
        }
    }

    private func check(
        _ shape: AttentionShape, _ qkv: FloatSlice, _ out: FloatSlice, _ logSumExp: FloatSlice,
        _ workspace: FloatSlice
    ) {
        let needed = attentionWorkspaceCount(
            positions: shape.positions, headSize: shape.headSize)
        precondition(
            qkv.count >= 3 * shape.positions * shape.width
                && out.count >= shape.positions * shape.width
                && logSumExp.count >= shape.heads * shape.positions
                && workspace.count >= needed, "attention over slices that do not fit")
    }
}
