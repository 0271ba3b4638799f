import CKernels

/// A fixed number of floats in one allocation, aligned to a cache line, zero at first.
///
/// A class, because parameters, gradients and optimizer state are each one such buffer that several
/// objects name. It is not synchronised: a writer must be alone at that moment.
@safe public final class FloatBuffer {
    let base: UnsafeMutablePointer<Float>

    /// The size of a large page on x86 and most of ARM; a larger one only costs the advice.
    static let largePageSize = 2 << 20

    /// Number of floats.
    public let count: Int

    /// `count` zeros.
    public init(count: Int) {
        precondition(count >= 0, "a buffer has no negative number of floats")
        let byteCount = max(count, 1) * MemoryLayout<Float>.stride
        let isLarge = byteCount >= 4 * Self.largePageSize
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: byteCount, alignment: isLarge ? Self.largePageSize : 64)
        if isLarge { unsafe qk_prefer_large_pages(bytes, byteCount) }
        unsafe base = bytes.bindMemory(to: Float.self, capacity: max(count, 1))
        unsafe base.initialize(repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit { unsafe UnsafeMutableRawPointer(base).deallocate() }

    /// Calls `body` with the floats.
    public func withSpan<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe Span(_unsafeStart: base, count: count))
    }

    /// Calls `body` with the floats, to change them.
    public func withMutableSpan<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = unsafe MutableSpan(_unsafeStart: base, count: count)
        return try body(&span)
    }

    /// The float at `index`, for small work; loops take a span.
    public subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "index outside of the buffer")
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count, "index outside of the buffer")
            unsafe base[index] = newValue
        }
    }

    /// Sets every float to zero. O(count).
    public func zero() { unsafe base.update(repeating: 0, count: count) }

    /// Copies all of `other`, which has the same count. O(count).
    public func copy(from other: FloatBuffer) {
        precondition(count == other.count, "buffers of different counts")
        unsafe base.update(from: other.base, count: count)
    }

    /// Copies the floats in `range` of `other` to `offset`. O(count).
    public func copy(_ range: Range<Int>, of other: FloatBuffer, to offset: Int) {
        slice(offset..<offset + range.count).copy(from: other.slice(range))
    }

    /// A copy of the floats in `range`. O(count).
    public func array(_ range: Range<Int>) -> [Float] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside of buffer")
        return unsafe Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// A copy of all floats. O(count).
    public var array: [Float] { array(0..<count) }

    /// The floats in `range`, for kernels.
    func slice(_ range: Range<Int>) -> FloatSlice {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside of buffer")
        return unsafe FloatSlice(base: base + range.lowerBound, count: range.count)
    }

    /// All floats, for kernels.
    var all: FloatSlice { slice(0..<count) }
}

/// A part of a ``FloatBuffer`` that kernels read and write.
///
/// It does not keep the buffer alive: the object that owns the buffer makes its slices and both go
/// together.
@safe struct FloatSlice {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    init(base: UnsafeMutablePointer<Float>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    /// The floats in `range` of this slice.
    subscript(range: Range<Int>) -> FloatSlice {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside of slice")
        return unsafe FloatSlice(base: base + range.lowerBound, count: range.count)
    }

    /// `count` floats from `offset`.
    func at(_ offset: Int, _ count: Int) -> FloatSlice { self[offset..<offset + count] }

    func zero() { unsafe base.update(repeating: 0, count: count) }

    /// Copies all of `other`, which has the same count. O(count).
    func copy(from other: FloatSlice) {
        precondition(count == other.count, "slices of different counts")
        unsafe base.update(from: other.base, count: count)
    }

    /// A float, for small work.
    subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "index outside of slice")
            return unsafe base[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "index outside of slice")
            unsafe base[index] = newValue
        }
    }
}
