import CKernels

/// Operands of attention where each query sees a stretch of keys: those of its own document, or of
/// another sequence. Heads lie side by side in the columns of each matrix.
struct StretchedAttention {
    let queries: Matrix  // (t, H · size)
    let keys: Matrix  // (u, H · size)
    let values: Matrix  // (u, H · size), with the keys' row stride
    let headSize: Int
    /// First key that each query sees, never falling.
    let starts: IDSlice  // (t)
    /// Key behind the last, never falling; nil for the query's own place, which then it sees.
    let ends: IDSlice?  // (t)

    var headCount: Int { queries.columns / headSize }

    /// The same with other numbers in the places of queries, keys and values.
    func with(queries: Matrix, keys: Matrix, values: Matrix) -> StretchedAttention {
        StretchedAttention(
            queries: queries, keys: keys, values: values, headSize: headSize, starts: starts,
            ends: ends)
    }
}

extension Kernels {
    /// out (t, H · size) = attention of `heads`; `logSumExp` (H, t) is for the backward.
    func attention(
        _ a: StretchedAttention, heads: Range<Int>, into out: Matrix, logSumExp: FloatSlice,
        workspace: FloatSlice
    ) {
        check(a, out, logSumExp, workspace)
        for head in heads {
            let first = head * a.headSize
            let lse = logSumExp.at(head * out.rows, out.rows)
            unsafe withShape(a, out) { shape in
                unsafe qk_numeric(level).pointee.attention(
                    shape, a.queries.slice.base + first, a.keys.slice.base + first,
                    a.values.slice.base + first, out.slice.base + first, lse.base, workspace.base)
            }
        }
    }

    /// Writes the gradients of queries, keys and values of `heads` into `d` from that of the
    /// output.
    func attentionBackward(
        _ a: StretchedAttention, heads: Range<Int>, out: Matrix, dOut: Matrix,
        logSumExp: FloatSlice, into d: StretchedAttention, workspace: FloatSlice
    ) {
        check(a, out, logSumExp, workspace)
        check(d, dOut, logSumExp, workspace)
        precondition(
            d.queries.rowStride == a.queries.rowStride && d.keys.rowStride == a.keys.rowStride
                && dOut.rowStride == out.rowStride, "gradients that lie otherwise")
        for head in heads {
            let first = head * a.headSize
            let lse = logSumExp.at(head * out.rows, out.rows)
            unsafe withShape(a, out) { shape in
                unsafe qk_numeric(level).pointee.attention_backward(
                    shape, a.queries.slice.base + first, a.keys.slice.base + first,
                    a.values.slice.base + first, out.slice.base + first, dOut.slice.base + first,
                    lse.base, d.queries.slice.base + first, d.keys.slice.base + first,
                    d.values.slice.base + first, 0, workspace.base)
            }
        }
    }

    private func withShape(
        _ a: StretchedAttention, _ out: Matrix, _ body: (UnsafePointer<qk_attention_shape>) -> Void
    ) {
        var shape = unsafe qk_attention_shape(
            t: a.queries.rows, keys: a.keys.rows, d: a.headSize, q_row: a.queries.rowStride,
            key_row: a.keys.rowStride, out_row: out.rowStride, starts: a.starts.base,
            ends: a.ends?.base, dropout: nil)
        unsafe body(&shape)
    }

    /// The stretches themselves are trusted to lie within the keys.
    private func check(
        _ a: StretchedAttention, _ out: Matrix, _ logSumExp: FloatSlice, _ workspace: FloatSlice
    ) {
        let (t, u) = (a.queries.rows, a.keys.rows)
        precondition(
            a.queries.columns == a.headCount * a.headSize && a.keys.columns == a.queries.columns
                && a.values.rows == u && a.values.columns == a.keys.columns
                && a.values.rowStride == a.keys.rowStride && out.rows == t
                && out.columns == a.queries.columns && a.queries.columnStride == 1
                && a.keys.columnStride == 1 && a.values.columnStride == 1 && out.columnStride == 1
                && a.starts.count == t && (a.ends?.count ?? t) == t && (a.ends != nil || t == u)
                && logSumExp.count >= a.headCount * t
                && workspace.count >= attentionWorkspaceCount(positions: u, headSize: a.headSize),
            "attention over stretches that do not fit")
    }
}
