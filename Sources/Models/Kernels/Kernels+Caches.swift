import CKernels

/// Keys and values as caches have them.
extension Kernels {
    /// Puts `numbers` into a cache, rounded to its format.
    func keep(_ numbers: FloatSlice, in slice: CacheSlice) {
        precondition(numbers.count == slice.count, "as many numbers as room")
        switch slice {
        case .float32(let slice): copy(numbers, to: slice)
        case .float16(let slice):
            unsafe qk_numeric(level).pointee.narrow(numbers.count, numbers.base, slice.base)
        }
    }

    /// The numbers of a cache as float32: where they lie, or widened into `scratch`, which has as
    /// many. O(count).
    func floats(of slice: CacheSlice, scratch: FloatSlice?) -> FloatSlice {
        switch slice {
        case .float32(let floats): return floats
        case .float16(let halves):
            guard let scratch, scratch.count == halves.count else {
                preconditionFailure("no room for what is widened")
            }
            unsafe qk_numeric(level).pointee.widen(halves.count, halves.base, scratch.base)
            return scratch
        }
    }

    /// Attention of one new position, for the heads that share one of keys and values: `q` and
    /// `out` are (heads, size), keys and values (positions, size) or longer.
    func attentionStep(
        headSize: Int, positions: Int, q: FloatSlice, keys: CacheSlice, values: CacheSlice,
        into out: FloatSlice, scores: FloatSlice
    ) {
        let heads = q.count / headSize
        precondition(
            q.count == heads * headSize && out.count == q.count
                && scores.count >= heads * positions && keys.count >= positions * headSize
                && values.count >= positions * headSize, "a step that does not fit its cache")
        switch (keys, values) {
        case (.float32(let keys), .float32(let values)):
            unsafe qk_numeric(level).pointee.attention_step(
                heads, positions, headSize, q.base, keys.base, values.base, headSize, out.base,
                scores.base)
        case (.float16(let keys), .float16(let values)):
            unsafe qk_numeric(level).pointee.attention_step_narrow(
                heads, positions, headSize, q.base, keys.base, values.base, headSize, out.base,
                scores.base)
        default: preconditionFailure("keys and values of different numbers")
        }
    }
}
