/// View of bytes that another owner keeps alive for the length of one call.
///
/// Indices are checked in debug builds only: every loop over one is bounded by ``count`` or by an
/// end that was checked against it.
@safe @usableFromInline package struct ByteView {
    @usableFromInline let base: UnsafePointer<UInt8>

    /// Number of bytes.
    @usableFromInline package let count: Int

    #if DEBUG
        /// Counter of the bytes that are looked at, for tests.
        @usableFromInline var looks: UnsafeMutablePointer<Int>?
    #endif

    /// The byte at `index`.
    @inlinable package subscript(index: Int) -> UInt8 {
        @inline(__always) get {
            assert(index >= 0 && index < count, "index outside the bytes")
            #if DEBUG
                unsafe looks?.pointee += 1
            #endif
            return unsafe base[index]
        }
    }

    /// Eight bytes from `index` on, the first of them lowest.
    @inline(__always)
    @inlinable
    package func word(at index: Int) -> UInt64 {
        assert(index >= 0 && index + 8 <= count, "index outside the bytes")
        return unsafe UInt64(
            littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
    }

    /// Up to eight bytes from `index` on, the first of them lowest, with zeros after `count`.
    @inline(__always)
    @inlinable
    package func word(at index: Int, count: Int) -> UInt64 {
        if index &+ 8 <= self.count {
            let word = word(at: index)
            return count >= 8 ? word : word & (UInt64(1) &<< UInt64(8 &* count) &- 1)
        }
        var word: UInt64 = 0
        for offset in 0..<min(count, 8) {
            word |= UInt64(self[index + offset]) << UInt64(8 * offset)
        }
        return word
    }

    /// Calls `body` with a view of `bytes`.
    @inline(__always)
    @inlinable
    package static func with<Result, Failure: Error>(
        _ bytes: Span<UInt8>, _ body: (ByteView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe bytes.withUnsafeBufferPointer { buffer throws(Failure) in
            guard let base = buffer.baseAddress else {
                // An empty span may have no address; no byte is ever read from this one.
                let nowhere = unsafe UnsafePointer<UInt8>(bitPattern: 1).unsafelyUnwrapped
                return try body(unsafe ByteView(base: nowhere, count: 0))
            }
            return try body(unsafe ByteView(base: base, count: buffer.count))
        }
    }

    /// Calls `body` with the bytes as a span.
    @inline(__always)
    @inlinable
    package func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe Span(_unsafeStart: base, count: count))
    }

    #if DEBUG
        /// Number of bytes that `body` looks at, one by one, in a view of `bytes`.
        @inlinable
        package static func looks(at bytes: Span<UInt8>, _ body: (ByteView) -> Void) -> Int {
            var looks = 0
            unsafe withUnsafeMutablePointer(to: &looks) { counter in
                with(bytes) { view in
                    var view = view
                    unsafe view.looks = unsafe counter
                    body(view)
                }
            }
            return looks
        }
    #endif

    @inlinable
    init(base: UnsafePointer<UInt8>, count: Int) {
        unsafe self.base = unsafe base
        self.count = count
    }

    /// Calls `body` with the address of the first byte.
    @inline(__always)
    @inlinable
    package func withBase<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        unsafe body(base)
    }

    /// The first `count` bytes of a buffer, valid as long as its owner lives.
    @inline(__always)
    @inlinable
    package init(_ buffer: BufferView<UInt8>, count: Int) {
        assert(count <= buffer.count)
        unsafe self.init(base: UnsafePointer(buffer.base), count: count)
    }

    /// The bytes from `start` up to `end`, as an array. O(count).
    @inlinable
    package func array(from start: Int, to end: Int) -> [UInt8] {
        assert(start >= 0 && start <= end && end <= count)
        return unsafe Array(UnsafeBufferPointer(start: base + start, count: end - start))
    }

    /// `first` and the bytes behind it, as an array. O(count).
    package func array(behind first: UInt8) -> [UInt8] {
        unsafe Array(unsafeUninitializedCapacity: count + 1) { elements, initializedCount in
            unsafe elements.initializeElement(at: 0, to: first)
            unsafe (elements.baseAddress! + 1).initialize(from: base, count: count)
            initializedCount = count + 1
        }
    }

    /// Copies the bytes from `start` up to `end` to where `place` is in `target`, which has room
    /// for them and does not overlap. O(count).
    @inline(__always)
    @inlinable
    package func copy(from start: Int, to end: Int, into target: BufferView<UInt8>, at place: Int) {
        assert(start >= 0 && start <= end && end <= count && place + end - start <= target.count)
        unsafe (target.base + place).update(from: base + start, count: end - start)
    }

    /// Appends the bytes to what `hasher` hashes. O(count).
    @inlinable
    package func update(_ hasher: inout XXH64) {
        unsafe hasher.update(RawSpan(_unsafeStart: base, byteCount: count))
    }

    /// The bytes from `start` up to `end`, as a view of their own.
    @inlinable
    package func slice(from start: Int, to end: Int) -> ByteView {
        assert(start >= 0 && start <= end && end <= count)
        return unsafe ByteView(base: base + start, count: end - start)
    }

    /// Four bytes from `index` on, the first of them lowest.
    @inline(__always)
    @inlinable
    func halfWord(at index: Int) -> UInt32 {
        assert(index >= 0 && index + 4 <= count, "index outside the bytes")
        return unsafe UInt32(
            littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt32.self))
    }

    /// Whether the `length` bytes at `index` are those at `otherIndex` of `other`. O(length).
    @inline(__always)
    @inlinable
    package func equals(at index: Int, _ other: ByteView, at otherIndex: Int, length: Int) -> Bool {
        var offset = 0
        while offset + 8 <= length {
            guard word(at: index + offset) == other.word(at: otherIndex + offset) else {
                return false
            }
            offset += 8
        }
        while offset < length {
            guard self[index + offset] == other[otherIndex + offset] else { return false }
            offset += 1
        }
        return true
    }

    /// Whether these bytes come before `other` in the order of their values. O(count).
    @inlinable
    package func precedes(_ other: ByteView) -> Bool {
        for index in 0..<min(count, other.count) where self[index] != other[index] {
            return self[index] < other[index]
        }
        return count < other.count
    }

    /// Whether `other` stands at `index`. O(count of `other`).
    @inlinable
    package func hasPrefix(_ other: [UInt8], at index: Int) -> Bool {
        guard other.count <= count - index else { return false }
        for offset in 0..<other.count where self[index + offset] != other[offset] { return false }
        return true
    }
}
