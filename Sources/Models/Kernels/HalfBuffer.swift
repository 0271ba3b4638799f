import CKernels

/// A fixed number of binary16 in one allocation, aligned to a cache line, zero at first.
///
/// It is not synchronised: a writer must be alone at that moment.
@safe final class HalfBuffer {
    private let base: UnsafeMutablePointer<UInt16>
    /// Numbers of the buffer.
    let count: Int

    /// `count` zeros.
    init(count: Int) {
        precondition(count >= 0, "a buffer has no negative number of numbers")
        let byteCount = max(count, 1) * MemoryLayout<UInt16>.stride
        let isLarge = byteCount >= 4 * FloatBuffer.largePageSize
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: byteCount, alignment: isLarge ? FloatBuffer.largePageSize : 64)
        if isLarge { unsafe qk_prefer_large_pages(bytes, byteCount) }
        unsafe base = bytes.bindMemory(to: UInt16.self, capacity: max(count, 1))
        unsafe base.initialize(repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit { unsafe UnsafeMutableRawPointer(base).deallocate() }

    /// The numbers in `range`, for kernels.
    func slice(_ range: Range<Int>) -> HalfSlice {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside of buffer")
        return unsafe HalfSlice(base: base + range.lowerBound, count: range.count)
    }
}

/// A part of a ``HalfBuffer`` that kernels read and write; it does not keep the buffer alive.
@safe struct HalfSlice {
    let base: UnsafeMutablePointer<UInt16>
    let count: Int

    init(base: UnsafeMutablePointer<UInt16>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    /// The numbers in `range` of this slice.
    subscript(range: Range<Int>) -> HalfSlice {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside of slice")
        return unsafe HalfSlice(base: base + range.lowerBound, count: range.count)
    }

    /// Copies all of `other`, which has the same count. O(count).
    func copy(from other: HalfSlice) {
        precondition(count == other.count, "slices of different counts")
        unsafe base.update(from: other.base, count: count)
    }
}
