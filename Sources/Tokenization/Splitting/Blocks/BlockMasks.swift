import Bytes
import CKernels

/// The classes of a few thousand bytes of text, a bit for each byte: every byte of a character has
/// the character's class.
///
/// Bytes are classified 64 at a time by the processor's vectors, and characters of several bytes
/// also looked up in the Unicode table.
struct BlockMasks: ~Copyable {
    /// One kind of mask, in the order of `byte_masks` and `character_masks`.
    enum Kind: Int {
        case letter, uppercase, number, whitespace, newline, space, apostrophe, slash, notASCII
        /// Bytes of a character after its first.
        case continuation
        /// Characters whose blocks are left to the scanner of single pieces.
        case hard
        /// Letters and marks that are neither upper nor lower case.
        case uncased
        /// Marks, where they count as letters and as punctuation.
        case mark

        static let count = 13
    }

    /// The most bytes that are classified at once, such that twice as many are more than 8 KiB:
    /// often texts are cut to that, and a third call for a few bytes would cost as much as the
    /// others.
    static let capacity = 4608

    /// Words from one kind's masks to the next's. After those of the blocks there are two of zeros,
    /// for a character may reach into the first, and as many as eight blocks at once may read.
    private static let stride = capacity / 64 + 16

    private let buffer = OwnedBuffer<UInt64>(
        repeating: 0, count: Kind.count * BlockMasks.stride)

    /// Results of ``findStarts(_:isEnd:)``: three rows of words, a word a block.
    private let found = OwnedBuffer<UInt64>(repeating: 0, count: 3 * BlockMasks.stride)

    private let level: Int32

    /// Number of classified bytes.
    private var count = 0

    /// Number of blocks, from the first on, that ``findStarts(_:isEnd:)`` has looked at.
    private var blockCount = 0

    /// Whether no byte is 128 or above.
    private var isASCII = true

    /// Masks that are made by the kernels of a level.
    init(level: Int32) { self.level = level }

    /// Classifies `count` bytes from `start` on, where a character begins. O(count).
    @inline(__always)
    mutating func classify(
        _ text: ByteView, from start: Int, count: Int, _ rules: BlockRules,
        _ tables: UnicodeClasses.Tables
    ) {
        assert(count <= Self.capacity)
        self.count = count
        let masks = buffer.view
        let blocks = (count + 63) / 64
        text.classify(level, from: start, count: count, into: masks, stride: Self.stride)
        for kind in 0..<Kind.count {
            masks[kind * Self.stride + blocks] = 0
            masks[kind * Self.stride + blocks + 1] = 0
        }
        let row = Kind.notASCII.rawValue * Self.stride
        var any: UInt64 = 0
        for block in 0..<blocks { any |= masks[row + block] }
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

    /// Finds where pieces start, for ``writeStarts(_:_:from:after:into:at:)``: in the last block
    /// only if the text ends with it, and there up to the whitespace at the end. O(count).
    @inline(__always)
    mutating func findStarts(_ rules: BlockRules, isEnd: Bool) {
        blockCount = (isEnd ? count &+ 63 : count &- 1) &>> 6
        found.view.findStarts(
            level, rules.cutRules, byteCount: count, isEnd: isEnd, isASCII: isASCII,
            masks: buffer.view, stride: Self.stride)
    }

    /// Whether ``findStarts(_:isEnd:)`` was certain of the block that has the byte at `offset`.
    @inline(__always)
    func isCertain(at offset: Int) -> Bool {
        let block = offset &>> 6
        return block < blockCount && found.view[2 * Self.stride + block] == 0
    }

    /// Writes where pieces start after `offset`, where one starts, as far as
    /// ``findStarts(_:isEnd:)`` was certain of it; returns how many those are and the offset from
    /// which on it was not.
    ///
    /// - Parameter start: where in the text the classified bytes begin.
    @inline(__always)
    func writeStarts(
        _ rules: BlockRules, _ text: ByteView, from start: Int, after offset: Int,
        into numbers: BufferView<UInt32>, at index: Int
    ) -> (count: Int, end: Int) {
        found.view.writeStarts(
            level, rules.cutRules, text.slice(from: start, to: text.count),
            letters: buffer.view, after: offset, blockCount: blockCount,
            stride: Self.stride, into: numbers, at: index)
    }
}

extension BlockRules {
    /// The rules as the kernels take them.
    fileprivate var cutRules: qk_cut_rules {
        @inline(__always) get {
            let tail =
                switch self.tail {
                case .nothing: QK_TAIL_NONE
                case .newlines: QK_TAIL_NEWLINES
                case .newlinesAndSlashes: QK_TAIL_NEWLINES_AND_SLASHES
                }
            let contraction =
                switch self.contraction {
                case .punctuationAndLetters: QK_CONTRACTION_NONE
                case .lowercasePiece: QK_CONTRACTION_LOWERCASE
                case .piece: QK_CONTRACTION_PIECE
                case .suffix: QK_CONTRACTION_SUFFIX
                }
            return qk_cut_rules(
                takes_any_prefix: prefix == .anyCharacter ? 1 : 0,
                number_group: Int32(numberGroup), tail: Int32(tail),
                cuts_after_newlines: cutsAfterNewlines ? 1 : 0,
                contraction: Int32(contraction),
                cuts_at_uppercase: cutsAtUppercase ? 1 : 0,
                numbers_divide: numbersDivide ? 1 : 0)
        }
    }
}

extension BufferView<UInt64> {
    /// Fills three rows of `stride` words, as `find_starts` says.
    @inline(__always)
    fileprivate func findStarts(
        _ level: Int32, _ rules: qk_cut_rules, byteCount: Int, isEnd: Bool, isASCII: Bool,
        masks: BufferView,
        stride: Int
    ) {
        assert(byteCount / 64 + 16 <= stride && 3 * stride <= count, "too few words")
        var found = unsafe qk_block_starts(
            starts: base, apostrophes: base + stride, doubts: base + 2 * stride)
        unsafe withUnsafePointer(to: rules) { rules in
            unsafe qk_text(level).pointee.find_starts(
                rules, byteCount, isEnd ? 1 : 0, isASCII ? 1 : 0, masks.base, stride, &found)
        }
    }

    /// Writes the starts in three rows of `stride` words, as `write_starts` says.
    @inline(__always)
    fileprivate func writeStarts(
        _ level: Int32, _ rules: qk_cut_rules, _ text: ByteView, letters: BufferView,
        after offset: Int, blockCount: Int, stride: Int, into numbers: BufferView<UInt32>,
        at index: Int
    ) -> (count: Int, end: Int) {
        assert(index + (blockCount + 1) * 64 - offset <= numbers.count, "too little room")
        var found = unsafe qk_block_starts(
            starts: base, apostrophes: base + stride, doubts: base + 2 * stride)
        var position = offset
        let written = unsafe text.withBase { text in
            unsafe withUnsafePointer(to: rules) { rules in
                unsafe qk_text(level).pointee.write_starts(
                    rules, text, letters.base, &found, &position, blockCount,
                    numbers.base + index)
            }
        }
        return (written, position)
    }
}
