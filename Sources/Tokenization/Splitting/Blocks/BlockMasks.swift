import CKernels

/// The classes of a few thousand bytes of text, a bit for each byte: every byte of a character has the
/// character's class.
///
/// Bytes below 128 are classified 64 at a time by the processor's vectors, the others one character at
/// a time from the Unicode table.
struct BlockMasks: ~Copyable {
    /// One kind of mask; the first are those of `qk_byte_masks`.
    enum Kind: Int {
        case letter, uppercase, number, whitespace, newline, space, apostrophe, slash, notASCII
        /// Bytes of a character after its first.
        case continuation
        /// Characters that the block scanner leaves to the scanner of single pieces.
        case hard
        /// Letters and marks that are neither upper nor lower case.
        case uncased
        /// Marks, where they count as letters and as punctuation.
        case mark
    }

    /// The most bytes that are classified at once.
    static let capacity = 4096

    private static let stride = 13

    /// Two blocks more than needed, of zeros: a character may reach into the first, and a window at
    /// the end looks at both.
    private let buffer = OwnedBuffer<UInt64>(
        repeating: 0, count: (capacity / 64 + 2) * BlockMasks.stride)

    private let level = qk_best_level()

    /// Whether no byte of the block is 128 or above.
    private(set) var isASCII = true

    /// Classifies `count` bytes from `start` on, where a character begins. O(count).
    @inline(__always)
    mutating func classify(
        _ text: ByteView, from start: Int, count: Int, _ rules: BlockRules,
        _ tables: UnicodeClasses.Tables
    ) {
        assert(count <= Self.capacity)
        let masks = buffer.view
        let blocks = (count + 63) / 64
        text.classify(level, from: start, count: count, into: masks, stride: Self.stride)
        for index in blocks * Self.stride..<(blocks + 2) * Self.stride { masks[index] = 0 }
        var any: UInt64 = 0
        for block in 0..<blocks {
            let first = block * Self.stride
            any |= masks[first + Kind.notASCII.rawValue]
            masks[first + Kind.continuation.rawValue] = 0
            masks[first + Kind.hard.rawValue] = 0
            masks[first + Kind.uncased.rawValue] = 0
            masks[first + Kind.mark.rawValue] = 0
        }
        isASCII = any == 0
        if any != 0 { classifyLongCharacters(text, from: start, blocks: blocks, rules, tables) }
    }

    @inline(__always)
    private func classifyLongCharacters(
        _ text: ByteView, from start: Int, blocks: Int, _ rules: BlockRules,
        _ tables: UnicodeClasses.Tables
    ) {
        let masks = buffer.view
        for block in 0..<blocks {
            while true {
                let rest = masks[block * Self.stride + Kind.notASCII.rawValue]
                guard rest != 0 else { break }
                let bit = rest.trailingZeroBitCount
                let (value, length) = decodeCodePoint(text, start + block * 64 + bit)
                let character = UInt64(1) &<< UInt64(length) &- 1
                let low = character &<< UInt64(bit)
                // Nothing is shifted out of 64 bits, so that two steps are needed for 0.
                let high = (character &>> 1) &>> UInt64(63 - bit)
                func set(_ kind: Kind) {
                    let index = block * Self.stride + kind.rawValue
                    masks[index] |= low
                    masks[index + Self.stride] |= high
                }
                masks[block * Self.stride + Kind.notASCII.rawValue] &= ~low
                masks[(block + 1) * Self.stride + Kind.notASCII.rawValue] &= ~high
                guard let value else {
                    set(.hard)
                    continue
                }
                masks[block * Self.stride + Kind.continuation.rawValue] |=
                    low & ~(UInt64(1) &<< UInt64(bit))
                masks[(block + 1) * Self.stride + Kind.continuation.rawValue] |= high
                let classes = tables.codePoint(value)
                if classes.isAny(rules.marksAreLetters ? [.letter, .mark] : .letter) {
                    set(.letter)
                    if rules.cutsAtUppercase, !classes.isAny(.lowercase) {
                        set(classes.isAny(.uppercase) ? .uppercase : .uncased)
                        if classes.isAny(.mark) { set(.mark) }
                    }
                } else if classes.isAny([.number, .whitespace]) {
                    set(.hard)
                }
            }
        }
    }

    /// The 64 bits from `offset` on.
    @inline(__always)
    func window(_ kind: Kind, at offset: Int) -> UInt64 {
        let masks = buffer.view
        let index = (offset &>> 6) * Self.stride + kind.rawValue
        let shift = UInt64(truncatingIfNeeded: offset & 63)
        return masks[index] &>> shift | (masks[index + Self.stride] &<< 1) &<< (63 - shift)
    }
}
