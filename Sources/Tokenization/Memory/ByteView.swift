/// Bytes that somebody else owns, for the length of one call.
///
/// Indices are checked in debug builds only: every loop over one is bounded by ``count`` or by an
/// end that was checked against it.
@safe struct ByteView {
    let base: UnsafePointer<UInt8>

    /// How many bytes there are.
    let count: Int

    /// The byte at `index`.
    subscript(index: Int) -> UInt8 {
        @inline(__always) get {
            assert(index >= 0 && index < count, "index outside the bytes")
            return unsafe base[index]
        }
    }

    /// Eight bytes from `index` on, the first of them lowest.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        assert(index >= 0 && index + 8 <= count, "index outside the bytes")
        return unsafe UInt64(
            littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
    }

    /// Calls `body` with a view of `bytes`.
    @inline(__always)
    static func with<Result, Failure: Error>(
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

    init(base: UnsafePointer<UInt8>, count: Int) {
        unsafe self.base = unsafe base
        self.count = count
    }

    /// The bytes from `start` up to `end`, as an array. O(count).
    func array(from start: Int, to end: Int) -> [UInt8] {
        assert(start >= 0 && start <= end && end <= count)
        return unsafe Array(UnsafeBufferPointer(start: base + start, count: end - start))
    }

    /// The bytes from `start` up to `end`, as a view of their own.
    func slice(from start: Int, to end: Int) -> ByteView {
        assert(start >= 0 && start <= end && end <= count)
        return unsafe ByteView(base: base + start, count: end - start)
    }

    /// Whether the bytes of `text` from `start` on, of which there are enough, are these. O(count).
    func equals(_ text: ByteView, from start: Int) -> Bool {
        var index = 0
        while index &+ 8 <= count {
            guard word(at: index) == text.word(at: start &+ index) else { return false }
            index &+= 8
        }
        while index < count {
            guard self[index] == text[start &+ index] else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether these bytes come before `other` in the order of their values. O(count).
    func precedes(_ other: ByteView) -> Bool {
        for index in 0..<min(count, other.count) where self[index] != other[index] {
            return self[index] < other[index]
        }
        return count < other.count
    }

    /// Whether `other` stands at `index`. O(count of `other`).
    func hasPrefix(_ other: [UInt8], at index: Int) -> Bool {
        guard other.count <= count - index else { return false }
        for offset in 0..<other.count where self[index + offset] != other[offset] { return false }
        return true
    }
}
