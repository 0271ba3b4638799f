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

    /// The masks of one block that come from its characters of several bytes.
    private struct LongCharacters {
        var letter: UInt64 = 0
        var uppercase: UInt64 = 0
        var continuation: UInt64 = 0
        var hard: UInt64 = 0
        var uncased: UInt64 = 0
        var mark: UInt64 = 0

        @inline(__always)
        mutating func add(
            _ bytes: UInt64, isContinued: UInt64, _ classes: UnicodeClass, isValid: Bool,
            _ rules: BlockRules
        ) {
            continuation |= isContinued
            // Without branches, since in most languages nobody could predict them.
            func all(_ condition: Bool) -> UInt64 { condition ? .max : 0 }
            let isMark = rules.marksAreLetters && classes.isAny(.mark)
            let isLetter = classes.isAny(.letter) || isMark
            letter |= bytes & all(isLetter)
            hard |= bytes & all(!isValid || classes.isAny([.number, .whitespace]))
            if rules.cutsAtUppercase {
                uppercase |= bytes & all(classes.isAny(.uppercase))
                uncased |= bytes & all(isLetter && !classes.isAny([.uppercase, .lowercase]))
                mark |= bytes & all(isMark)
            }
        }
    }

    @inline(never)
    private func classifyLongCharacters(
        _ text: ByteView, from start: Int, blocks: Int, _ rules: BlockRules,
        _ tables: UnicodeClasses.Tables
    ) {
        let masks = buffer.view
        // What the last character of a block has in the next one.
        var carried = LongCharacters()
        var carriedBytes: UInt64 = 0
        for block in 0...blocks {
            let first = block * Self.stride
            var rest = masks[first + Kind.notASCII.rawValue] & ~carriedBytes
            var found = carried
            carried = LongCharacters()
            carriedBytes = 0
            while rest != 0 {
                let bit = rest.trailingZeroBitCount
                let (value, length) = decodeCodePoint(text, start &+ block &* 64 &+ bit)
                let classes = value.map { tables.codePoint($0) } ?? []
                let character = UInt64(1) &<< UInt64(truncatingIfNeeded: length) &- 1
                let bytes = character &<< UInt64(truncatingIfNeeded: bit)
                rest &= ~bytes
                found.add(
                    bytes, isContinued: bytes & (bytes &- 1), classes, isValid: value != nil, rules)
                if bit &+ length > 64 {
                    carriedBytes = character &>> UInt64(truncatingIfNeeded: 64 &- bit)
                    carried.add(
                        carriedBytes, isContinued: carriedBytes, classes, isValid: true, rules)
                }
            }
            masks[first + Kind.letter.rawValue] |= found.letter
            masks[first + Kind.uppercase.rawValue] |= found.uppercase
            masks[first + Kind.continuation.rawValue] = found.continuation
            masks[first + Kind.hard.rawValue] = found.hard
            masks[first + Kind.uncased.rawValue] = found.uncased
            masks[first + Kind.mark.rawValue] = found.mark
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
