import CKernels

/// The operands of attention over one sequence. A row of `qkv` is [q | k | v], each of which is its
/// heads one after another; several heads of q may share one of k and v.
struct AttentionShape {
    let positions: Int  // t
    let heads: Int
    let keyValueHeads: Int
    let headSize: Int
    /// The first position that each sees; nil for the first of all.
    var starts: IDSlice?
    /// The dropout of the weights in a layer; nil for none.
    var dropout: (masks: Dropout.Stream, layer: Int)?

    init(_ configuration: GPTConfiguration, positions: Int) {
        self.positions = positions
        heads = configuration.headCount
        headSize = configuration.headSize
        keyValueHeads = configuration.keyWidth / headSize
    }

    var queryWidth: Int { heads * headSize }
    var keyWidth: Int { keyValueHeads * headSize }
    var rowWidth: Int { queryWidth + 2 * keyWidth }
    /// Heads of q that share one of k and v.
    var groupSize: Int { heads / keyValueHeads }

    /// The heads of q that share the heads of k and v in `groups`.
    func heads(of groups: Range<Int>) -> Range<Int> {
        groups.lowerBound * groupSize..<groups.upperBound * groupSize
    }

    /// First columns of a head's queries, keys and values in a row.
    func columns(ofHead head: Int) -> (q: Int, k: Int, v: Int) {
        let k = queryWidth + head / groupSize * headSize
        return (head * headSize, k, k + keyWidth)
    }
}

extension Kernels {
    /// out (t, heads · size) = causal attention of the heads that share the keys of `groups`;
    /// `logSumExp` (heads, t) is for the backward.
    func attention(
        _ shape: AttentionShape, groups: Range<Int>, qkv: FloatSlice, into out: FloatSlice,
        logSumExp: FloatSlice, workspace: FloatSlice
    ) {
        check(shape, qkv, out, logSumExp, workspace)
        for head in shape.heads(of: groups) {
            let place = shape.columns(ofHead: head)
            let lse = logSumExp.at(head * shape.positions, shape.positions)
            unsafe withShape(shape, head) { pointer in
                unsafe qk_numeric(level).pointee.attention(
                    pointer, qkv.base + place.q, qkv.base + place.k, qkv.base + place.v,
                    out.base + place.q, lse.base, workspace.base)
            }
        }
    }

    /// Writes the part of `dQKV` that belongs to `groups` from the gradient of the output.
    func attentionBackward(
        _ shape: AttentionShape, groups: Range<Int>, qkv: FloatSlice, out: FloatSlice,
        dOut: FloatSlice, logSumExp: FloatSlice, dQKV: FloatSlice, workspace: FloatSlice
    ) {
        check(shape, qkv, out, logSumExp, workspace)
        check(shape, dQKV, dOut, logSumExp, workspace)
        for head in shape.heads(of: groups) {
            let place = shape.columns(ofHead: head)
            let lse = logSumExp.at(head * shape.positions, shape.positions)
            // The first head of a group begins the gradient of what they share.
            let adds: Int32 = head % shape.groupSize == 0 ? 0 : 1
            unsafe withShape(shape, head) { pointer in
                unsafe qk_numeric(level).pointee.attention_backward(
                    pointer, qkv.base + place.q, qkv.base + place.k, qkv.base + place.v,
                    out.base + place.q, dOut.base + place.q, lse.base, dQKV.base + place.q,
                    dQKV.base + place.k, dQKV.base + place.v, adds, workspace.base)
            }
        }
    }

    /// Calls `body` with what C is told of a head.
    private func withShape(
        _ shape: AttentionShape, _ head: Int, _ body: (UnsafePointer<qk_attention_shape>) -> Void
    ) {
        var description = unsafe qk_attention_shape(
            t: shape.positions, keys: shape.positions, d: shape.headSize, q_row: shape.rowWidth,
            key_row: shape.rowWidth, out_row: shape.queryWidth, starts: shape.starts?.base,
            ends: nil, dropout: nil)
        guard let dropout = shape.dropout else {
            unsafe body(&description)
            return
        }
        let mask = dropout.masks.mask(
            .attention(layer: dropout.layer, head: head), heads: shape.heads)
        unsafe withUnsafePointer(to: mask) { pointer in
            unsafe description.dropout = unsafe pointer
            unsafe body(&description)
        }
    }

    /// Attention of one head of the last rows of `positions` cached ones: `q` and `out` have a row
    /// each, keys and values (positions, size) or longer.
    func attentionCached(
        positions: Int, q: Matrix, keys: FloatSlice, values: FloatSlice, into out: Matrix,
        workspace: FloatSlice
    ) {
        let (rows, size) = (q.rows, q.columns)
        precondition(
            out.rows == rows && out.columns == size && rows <= positions
                && q.columnStride == 1 && out.columnStride == 1
                && keys.count >= positions * size && values.count >= positions * size
                && workspace.count
                    >= attentionWorkspaceCount(positions: positions, headSize: size),
            "attention that does not fit its cache")
        unsafe qk_numeric(level).pointee.attention_cached(
            rows, positions, size, q.slice.base, q.rowStride, keys.base, values.base, size,
            out.slice.base, out.rowStride, workspace.base)
    }

    /// The same where row i sees the cached positions from `starts[i]` up to before `ends[i]`, both
    /// never falling; the workspace has a float a row more.
    func attentionCached(
        positions: Int, q: Matrix, keys: FloatSlice, values: FloatSlice, into out: Matrix,
        starts: IDSlice, ends: IDSlice, workspace: FloatSlice
    ) {
        let (rows, size) = (q.rows, q.columns)
        let needed = attentionWorkspaceCount(positions: positions, headSize: size)
        precondition(
            out.rows == rows && out.columns == size && rows <= positions
                && q.columnStride == 1 && out.columnStride == 1
                && keys.count >= positions * size && values.count >= positions * size
                && starts.count == rows && ends.count == rows
                && workspace.count >= needed + rows, "attention that does not fit its cache")
        var shape = unsafe qk_attention_shape(
            t: rows, keys: positions, d: size, q_row: q.rowStride, key_row: size,
            out_row: out.rowStride, starts: starts.base, ends: ends.base, dropout: nil)
        unsafe qk_numeric(level).pointee.attention(
            &shape, q.slice.base, keys.base, values.base, out.slice.base,
            workspace.at(needed, rows).base, workspace.base)
    }

    private func check(
        _ shape: AttentionShape, _ qkv: FloatSlice, _ out: FloatSlice, _ logSumExp: FloatSlice,
        _ workspace: FloatSlice
    ) {
        let needed = attentionWorkspaceCount(
            positions: shape.positions, headSize: shape.headSize)
        precondition(
            qkv.count >= shape.positions * shape.rowWidth
                && out.count >= shape.positions * shape.queryWidth
                && logSumExp.count >= shape.heads * shape.positions
                && (shape.starts?.count ?? shape.positions) >= shape.positions
                && workspace.count >= needed, "attention over slices that do not fit")
    }
}
