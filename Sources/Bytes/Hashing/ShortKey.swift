/// At most 15 bytes as two words, so that comparing short pieces of text is comparing numbers.
@usableFromInline package struct ShortKey: BitwiseCopyable, Sendable {
    /// The longest piece that has a key.
    package static let maximumLength = 15

    /// The first eight bytes, the earliest lowest.
    @usableFromInline package let low: UInt64

    /// The other seven, and the length in the highest byte. A longer piece has the length 16 and no
    /// bytes, and equals no piece that has a key.
    @usableFromInline package let high: UInt64

    /// No piece's key, and the key of any token that is too long for one.
    @usableFromInline package static let none = ShortKey(low: 0, high: 16 << 56)

    /// The key with these words.
    @inlinable @inline(__always)
    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// The key of the `length` bytes from `start` on, at least one, where the text has sixteen.
    @inlinable @inline(__always)
    package init(_ text: ByteView, from start: Int, length: Int, _ masks: Masks.View) {
        let mask = masks.rows[min(length, 16)]
        low = text.word(at: start) & mask.low
        high = text.word(at: start &+ 8) & mask.high | mask.top
    }

    /// The key of the `length` bytes from `start` on: at least one and at most fifteen.
    @inlinable
    package init(_ text: ByteView, from start: Int, length: Int) {
        low = text.word(at: start, count: length)
        let rest = length > 8 ? text.word(at: start + 8, count: length - 8) : 0
        high = rest | UInt64(length) << 56
    }

    /// In place of a key, the hash of a piece that is too long for one. It equals no piece's key.
    @inlinable @inline(__always)
    package init(hash: UInt64) {
        low = hash
        high = Self.none.high
    }

    /// A quick hash, for tables in memory only; its highest bits are the best.
    @inlinable @inline(__always)
    package var hash: UInt64 { Self.hash(low, high) }

    @inlinable @inline(__always)
    package static func hash(_ low: UInt64, _ high: UInt64) -> UInt64 {
        (low &* 0x9E37_79B9_7F4A_7C15) ^ (high &* 0xE703_7ED1_A0B4_28DB)
    }

    /// For every length up to 16, what of 16 bytes belongs to the key: from a table, because a
    /// branch on the length would be mispredicted at every third piece.
    @usableFromInline package struct Masks: ~Copyable, Sendable {
        /// The table.
        package init() {}

        @usableFromInline let rows = OwnedBuffer(
            (0...16).map { length -> Row in
                let low: UInt64 =
                    length >= 16 ? 0 : length >= 8 ? UInt64.max : (1 << (8 * length)) - 1
                let high: UInt64 =
                    length >= 16 || length <= 8 ? 0 : (1 << (8 * length - 64)) - 1
                return Row(low: low, high: high, top: UInt64(length) << 56)
            })

        /// A view for the hot loop.
        @inlinable package var view: View { View(rows: rows.view) }

        @usableFromInline package struct View: Sendable {
            @usableFromInline let rows: BufferView<Row>

            @usableFromInline init(rows: BufferView<Row>) { self.rows = rows }
        }

        @usableFromInline struct Row: BitwiseCopyable, Sendable {
            @usableFromInline let low: UInt64
            @usableFromInline let high: UInt64
            @usableFromInline let top: UInt64
            /// So that a row is half a cache line.
            @usableFromInline let unused: UInt64 = 0
        }
    }
}
