public import CKernels

/// Memory for the tables and the scratch of the hot loops: allocated once, freed with its owner.
///
/// A noncopyable owner and a plain ``BufferView`` beside it, because an array in a class costs
/// reference counting, exclusivity checks and bounds checks at every element, and there are ten
/// elements a nanosecond.
@safe @usableFromInline
package struct OwnedBuffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // Unchecked, because an owner is either filled before it is shared and only read afterwards, or
    // belongs to one encoder on one thread.

    /// The elements; valid as long as the owner lives.
    @usableFromInline package let view: BufferView<Element>

    @inlinable
    static func byteCount(_ count: Int) -> Int {
        max(1, count) * MemoryLayout<Element>.stride
    }

    /// `count` elements equal to `value`, on a cache line's boundary. O(count).
    @inlinable
    package init(repeating value: Element, count: Int) {
        let memory = unsafe SystemMemory.allocate(byteCount: Self.byteCount(count))
        let elements = unsafe memory.bindMemory(to: Element.self, capacity: max(1, count))
        unsafe elements.initialize(repeating: value, count: max(1, count))
        unsafe view = BufferView(base: elements, count: count)
    }

    /// `count` elements all of whose bits are 0, on a cache line's boundary. Where there are many,
    /// those that are never touched cost nothing.
    @inlinable
    package init(zeros count: Int) {
        let memory = unsafe SystemMemory.allocateZeros(byteCount: Self.byteCount(count))
        unsafe view = BufferView(
            base: memory.bindMemory(to: Element.self, capacity: max(1, count)), count: count)
    }

    /// Room for `capacity` elements that must be written before they are read. Memory that is never
    /// written costs nothing.
    @inlinable
    package init(uninitializedCapacity capacity: Int) {
        let memory = unsafe SystemMemory.allocate(byteCount: Self.byteCount(capacity))
        unsafe view = BufferView(
            base: memory.bindMemory(to: Element.self, capacity: max(1, capacity)), count: capacity)
    }

    /// The elements of `array`. O(count).
    @inlinable
    package init(_ array: [Element]) {
        let memory = unsafe SystemMemory.allocate(byteCount: Self.byteCount(array.count))
        let elements = unsafe memory.bindMemory(to: Element.self, capacity: max(1, array.count))
        unsafe array.withUnsafeBufferPointer { source in
            if let base = source.baseAddress {
                unsafe elements.initialize(from: base, count: source.count)
            }
        }
        unsafe view = BufferView(base: elements, count: array.count)
    }

    @inlinable deinit {
        unsafe SystemMemory.free(
            UnsafeMutableRawPointer(view.base), byteCount: Self.byteCount(view.count))
    }
}

/// The elements of an ``OwnedBuffer``, or of a caller's span for the length of one call.
///
/// Indices are checked in debug builds only.
@safe @usableFromInline package struct BufferView<Element: BitwiseCopyable>: @unchecked Sendable {
    // Unchecked for the same reason as the owner.
    @usableFromInline package let base: UnsafeMutablePointer<Element>

    /// Number of elements.
    @usableFromInline package let count: Int

    @inlinable
    package init(base: UnsafeMutablePointer<Element>, count: Int) {
        unsafe self.base = unsafe base
        self.count = count
    }

    /// The element at `index`.
    @inlinable package subscript(index: Int) -> Element {
        @inline(__always) get {
            assert(index >= 0 && index < count, "index outside the buffer")
            return unsafe base[index]
        }
        @inline(__always) nonmutating set {
            assert(index >= 0 && index < count, "index outside the buffer")
            unsafe base[index] = newValue
        }
    }

    /// Prefetches the element at `index`, which is about to be read.
    @inlinable @inline(__always)
    package func prefetch(_ index: Int) {
        assert(index >= 0 && index < count, "index outside the buffer")
        unsafe qk_prefetch(base + index)
    }

    /// Prefetches the element that many bytes from the beginning, which is about to be read.
    @inlinable @inline(__always)
    package func prefetch(byteOffset: UInt64) {
        unsafe qk_prefetch(UnsafeRawPointer(base) + Int(truncatingIfNeeded: byteOffset))
    }

    /// The element that begins that many bytes from the beginning.
    @inlinable package subscript(byteOffset offset: UInt64) -> Element {
        @inline(__always) get {
            assert(offset < UInt64(count * MemoryLayout<Element>.stride), "outside the buffer")
            return unsafe UnsafeRawPointer(base).load(
                fromByteOffset: Int(truncatingIfNeeded: offset), as: Element.self)
        }
        @inline(__always) nonmutating set {
            assert(offset < UInt64(count * MemoryLayout<Element>.stride), "outside the buffer")
            unsafe UnsafeMutableRawPointer(base).storeBytes(
                of: newValue, toByteOffset: Int(truncatingIfNeeded: offset), as: Element.self)
        }
    }

    /// The elements from `start` up to `end`, for an array to copy in one go.
    @inline(__always)
    @inlinable
    package func elements(from start: Int, to end: Int) -> UnsafeBufferPointer<Element> {
        assert(start >= 0 && start <= end && end <= count, "range outside the buffer")
        return unsafe UnsafeBufferPointer(start: base + start, count: end - start)
    }

    /// The first `count` bytes of the element at `index`, in the order in which they lie in memory.
    @inline(__always)
    @inlinable
    package func bytes(of index: Int, count: Int) -> ByteView {
        assert(index >= 0 && index < self.count && count <= MemoryLayout<Element>.stride)
        let bytes = unsafe UnsafeMutableRawPointer(base + index).assumingMemoryBound(to: UInt8.self)
        return unsafe ByteView(BufferView<UInt8>(base: bytes, count: count), count: count)
    }

    /// The elements from `start` up to `end`, as a view of their own.
    @inline(__always)
    @inlinable
    package func slice(from start: Int, to end: Int) -> BufferView {
        assert(start >= 0 && start <= end && end <= count, "range outside the buffer")
        return unsafe BufferView(base: base + start, count: end - start)
    }

    /// Moves `count` elements from `source` to `target`, which may overlap. O(count).
    @inline(__always)
    @inlinable
    package func move(from source: Int, to target: Int, count moved: Int) {
        assert(source >= 0 && source + moved <= count && target >= 0 && target + moved <= count)
        unsafe (base + target).update(from: base + source, count: moved)
    }
}
