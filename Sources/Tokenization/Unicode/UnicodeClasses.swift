import Bytes
import CKernels

/// The classes of code points and of the characters in a text, from the pinned table.
///
/// A text is read as characters: a well-formed UTF-8 sequence is one, and so is every byte that is
/// not part of any. Such a byte has no class, so that every pattern accepts arbitrary bytes.
final class UnicodeClasses: Sendable {
    /// The one table of the process: immutable, about 42 kB.
    static let shared = UnicodeClasses()

    private let blockBuffer: OwnedBuffer<UInt8>
    private let classBuffer: OwnedBuffer<UInt8>

    /// A view of the tables for the hot loops.
    var tables: Tables { Tables(blocks: blockBuffer.view, classes: classBuffer.view) }

    private init() {
        blockBuffer = OwnedBuffer(Self.bytes(UnicodeClassTable.blocks))
        classBuffer = OwnedBuffer(Self.bytes(UnicodeClassTable.classes))
    }

    private static func bytes(_ words: [UInt64]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(words.count * 8)
        for word in words {
            for index in 0..<8 { result.append(UInt8(truncatingIfNeeded: word >> (8 * index))) }
        }
        return result
    }

    /// The two stages of the table.
    struct Tables {
        fileprivate let blocks: BufferView<UInt8>
        fileprivate let classes: BufferView<UInt8>

        /// The classes of a code point below 128.
        @inline(__always)
        func ascii(_ byte: UInt8) -> UnicodeClass {
            // The first block of the second stage is that of the code points below 128.
            UnicodeClass(rawValue: classes[Int(byte)])
        }

        /// The classes of any code point up to U+10FFFF.
        @inline(__always)
        func codePoint(_ value: UInt32) -> UnicodeClass {
            UnicodeClass(
                rawValue: classes[Int(blocks[Int(value >> 7)]) << 7 | Int(value & 0x7F)])
        }

        /// The tables for the kernel that classifies many characters, and what the classes count as
        /// there.
        @inline(__always)
        func classes(
            letter: UnicodeClass, uppercase: UnicodeClass, cased: UnicodeClass, hard: UnicodeClass,
            mark: UnicodeClass
        ) -> qk_character_classes {
            unsafe qk_character_classes(
                blocks: blocks.base, classes: classes.base, letter: letter.rawValue,
                uppercase: uppercase.rawValue, cased: cased.rawValue, hard: hard.rawValue,
                mark: mark.rawValue)
        }

        /// The classes and the length in bytes of the character at `index`.
        @inline(__always)
        func character(_ text: ByteView, _ index: Int) -> (classes: UnicodeClass, length: Int) {
            let first = text[index]
            if first < 0x80 { return (ascii(first), 1) }
            return longCharacter(text, index)
        }

        @inline(never)
        private func longCharacter(
            _ text: ByteView, _ index: Int
        ) -> (classes: UnicodeClass, length: Int) {
            let (value, length) = decodeCodePoint(text, index)
            guard let value else { return ([], 1) }
            return (codePoint(value), length)
        }
    }
}

/// The code point at `index` and its length in bytes; no code point and 1 for a byte that starts no
/// well-formed sequence (Unicode 16, table 3-7: no overlong forms, no surrogates).
@inline(__always)
func decodeCodePoint(_ text: ByteView, _ index: Int) -> (value: UInt32?, length: Int) {
    let first = text[index]
    if first < 0x80 { return (UInt32(first), 1) }
    let available = text.count - index
    guard first >= 0xC2, first <= 0xF4, available >= 2 else { return (nil, 1) }
    let second = text[index + 1]
    if first < 0xE0 {
        guard second & 0xC0 == 0x80 else { return (nil, 1) }
        return (UInt32(first & 0x1F) << 6 | UInt32(second & 0x3F), 2)
    }
    let lowest: UInt8 = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80
    let highest: UInt8 = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
    guard second >= lowest, second <= highest, available >= 3 else { return (nil, 1) }
    let third = text[index + 2]
    guard third & 0xC0 == 0x80 else { return (nil, 1) }
    let three = UInt32(first & 0x0F) << 12 | UInt32(second & 0x3F) << 6 | UInt32(third & 0x3F)
    if first < 0xF0 { return (three, 3) }
    guard available >= 4 else { return (nil, 1) }
    let fourth = text[index + 3]
    guard fourth & 0xC0 == 0x80 else { return (nil, 1) }
    return ((three & 0x7FFF) << 6 | UInt32(fourth & 0x3F), 4)
}

/// Classes of a code point that a pattern can ask about: the bits of one table entry.
struct UnicodeClass: OptionSet {
    let rawValue: UInt8

    /// General category L.
    static let letter = UnicodeClass(rawValue: 0x01)
    /// General category N: every script's digits, and ½, ² and Ⅷ.
    static let number = UnicodeClass(rawValue: 0x02)
    /// The property White_Space: 25 code points.
    static let whitespace = UnicodeClass(rawValue: 0x04)
    /// General category M.
    static let mark = UnicodeClass(rawValue: 0x08)
    /// General category Lu or Lt.
    static let uppercase = UnicodeClass(rawValue: 0x10)
    /// General category Ll. A letter that is neither this nor ``uppercase`` is of category Lm or
    /// Lo.
    static let lowercase = UnicodeClass(rawValue: 0x20)
    /// General category P or S.
    static let punctuation = UnicodeClass(rawValue: 0x40)
    /// Carriage return or line feed.
    static let newline = UnicodeClass(rawValue: 0x80)

    /// Whether any of `classes` applies.
    @inline(__always)
    func isAny(_ classes: UnicodeClass) -> Bool {
        rawValue & classes.rawValue != 0
    }
}
