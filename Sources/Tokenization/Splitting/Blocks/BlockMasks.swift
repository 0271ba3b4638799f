import CKernels

/// The classes of a few thousand bytes of text, a bit for each byte: every byte of a character has the
/// character's class.
///
/// Bytes are classified 64 at a time by the processor's vectors, and characters of several bytes also
/// looked up in the Unicode table.
struct BlockMasks: ~Copyable {
    /// One kind of mask, in the order of `qk_byte_masks` and `qk_character_masks`.
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

    /// Words from the masks of 64 bytes to those of the next; a multiple of eight.
    private static let stride = 16

    /// Two blocks more than needed, of zeros: a character may reach into the first, and a window at
    /// the end looks at both.
    private let buffer = OwnedBuffer<UInt64>(
        repeating: 0, count: (capacity / 64 + 2) * BlockMasks.stride)

    private let windows = OwnedBuffer<UInt64>(repeating: 0, count: BlockMasks.stride)

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
        for block in 0..<blocks { any |= masks[block * Self.stride + Kind.notASCII.rawValue] }
        isASCII = any == 0
        if any != 0 {
            let letter = rules.marksAreLetters ? [.letter, .mark] : UnicodeClass.letter
            unsafe text.classifyCharacters(
                level, from: start, count: count,
                tables.classes(
                    letter: letter, uppercase: .uppercase, cased: [.uppercase, .lowercase],
                    hard: [.number, .whitespace], mark: rules.marksAreLetters ? .mark : []),
                into: masks, stride: Self.stride)
        }
    }

    /// Makes ``window(_:)`` have the 64 bits from `offset` on.
    @inline(__always)
    func moveWindow(to offset: Int) {
        // What only texts beyond ASCII have comes last.
        let count = isASCII ? Kind.notASCII.rawValue : Self.stride
        windows.view.copyWindows(
            level, of: buffer.view, from: (offset &>> 6) * Self.stride, stride: Self.stride,
            count: count, shift: offset & 63)
    }

    /// The 64 bits of one kind that the last call of ``moveWindow(to:)`` moved to.
    @inline(__always)
    func window(_ kind: Kind) -> UInt64 { windows.view[kind.rawValue] }
}

extension BufferView<UInt64> {
    /// Copies windows of `masks`, as `qk_mask_windows` says.
    @inline(__always)
    fileprivate func copyWindows(
        _ level: Int32, of masks: BufferView, from index: Int, stride: Int, count windowCount: Int,
        shift: Int
    ) {
        assert(windowCount <= count && index + stride * 2 <= masks.count, "too few masks")
        unsafe qk_mask_windows(
            level, windowCount, masks.base + index, stride, Int32(truncatingIfNeeded: shift), base)
    }
}
