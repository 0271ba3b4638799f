/// Bytes that grow: the names and tokens of a file while it is read.
///
/// An array would do the same; this one writes without checking for other owners at every byte.
@usableFromInline package struct ByteArena: ~Copyable {
    @usableFromInline var buffer: OwnedBuffer<UInt8>

    /// Number of bytes.
    @usableFromInline package internal(set) var count = 0

    /// An empty arena with room for `capacity` bytes.
    @inlinable
    package init(capacity: Int = 256) {
        buffer = OwnedBuffer(uninitializedCapacity: capacity)
    }

    /// The bytes, valid until the next change.
    @inlinable package var bytes: ByteView { ByteView(buffer.view, count: count) }

    /// Makes room for `more` bytes.
    @inline(__always)
    @inlinable
    package mutating func reserve(_ more: Int) {
        if count + more > buffer.view.count { grow(count + more) }
    }

    @inline(never)
    @inlinable
    mutating func grow(_ needed: Int) {
        let larger = OwnedBuffer<UInt8>(
            uninitializedCapacity: max(needed, 2 * buffer.view.count))
        bytes.copy(from: 0, to: count, into: larger.view, at: 0)
        buffer = larger
    }

    /// Appends one byte.
    @inline(__always)
    @inlinable
    package mutating func append(_ byte: UInt8) {
        reserve(1)
        buffer.view[count] = byte
        count += 1
    }

    /// Appends the bytes of `source` from `start` up to `end`. O(count).
    @inlinable
    package mutating func append(_ source: ByteView, from start: Int, to end: Int) {
        reserve(end - start)
        source.copy(from: start, to: end, into: buffer.view, at: count)
        count += end - start
    }

    /// Appends `bytes`. O(count).
    @inlinable
    package mutating func append(_ bytes: [UInt8]) {
        ByteView.with(bytes.span) { append($0, from: 0, to: $0.count) }
    }

    /// Appends the eight bytes of `value`, the lowest first.
    @inline(__always)
    @inlinable
    package mutating func append(word value: UInt64) {
        reserve(8)
        for index in 0..<8 {
            buffer.view[count + index] = UInt8(truncatingIfNeeded: value &>> UInt64(8 * index))
        }
        count += 8
    }

    /// Keeps the first `count` bytes only.
    @inline(__always)
    @inlinable
    package mutating func truncate(to count: Int) {
        assert(count <= self.count)
        self.count = count
    }

    /// The bytes in a buffer of their own length. O(count), and O(1) if the arena is full.
    @inlinable
    package consuming func takeBuffer() -> OwnedBuffer<UInt8> {
        guard count < buffer.view.count else { return buffer }
        let exact = OwnedBuffer<UInt8>(uninitializedCapacity: count)
        bytes.copy(from: 0, to: count, into: exact.view, at: 0)
        return exact
    }
}
