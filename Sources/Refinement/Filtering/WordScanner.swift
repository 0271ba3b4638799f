/// Cuts a text into words, for counting and comparing documents.
///
/// A word is a longest run of ASCII letters, ASCII digits and characters beyond ASCII; capital
/// ASCII letters stand for small ones. Two things differ beyond ASCII: the blocks of punctuation
/// (U+00A0–00BF, U+2000–206F, U+3000–303F) separate words, and in scripts that are written without
/// spaces (Thai, Lao, Myanmar, Khmer, the CJK blocks from U+2E80 to U+A4CF, compatibility and
/// full-width forms, and the ideographic planes) each character is a word. Bytes that are not UTF-8
/// are parts of words.
public enum WordScanner {
    /// The role of a character beyond ASCII in words.
    private enum Role {
        case part
        case separator
        case word
    }

    /// Calls `body` with the hash of each word: the 64-bit FNV-1a of its bytes
    /// (<http://www.isthe.com/chongo/tech/comp/fnv/>). O(bytes).
    @inline(__always)
    static func forEachWord(of text: Span<UInt8>, _ body: (UInt64) -> Void) {
        let basis: UInt64 = 0xCBF2_9CE4_8422_2325
        let prime: UInt64 = 0x100_0000_01B3
        var hash = basis
        var isInWord = false
        var index = 0
        let count = text.count
        while index < count {
            let byte = unsafe text[unchecked: index]
            if byte < 0x80 {
                index &+= 1
                let folded = byte &- 0x41 < 26 ? byte | 0x20 : byte
                if folded &- 0x61 < 26 || folded &- 0x30 < 10 {
                    hash = (hash ^ UInt64(folded)) &* prime
                    isInWord = true
                } else if isInWord {
                    body(hash)
                    (hash, isInWord) = (basis, false)
                }
                continue
            }
            let (role, length) = role(of: text, at: index)
            if role != .part, isInWord {
                body(hash)
                (hash, isInWord) = (basis, false)
            }
            if role != .separator {
                for place in index..<index &+ length {
                    hash = (hash ^ UInt64(text[place])) &* prime
                }
                isInWord = true
            }
            if role == .word {
                body(hash)
                (hash, isInWord) = (basis, false)
            }
            index &+= length
        }
        if isInWord { body(hash) }
    }

    /// The role and the length in bytes of the character at `index`; a byte that begins no
    /// character is one by itself.
    private static func role(of text: Span<UInt8>, at index: Int) -> (Role, Int) {
        let first = text[index]
        let length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1
        guard length > 1, index + length <= text.count else { return (.part, 1) }
        var value = UInt32(first) & (0xFF >> UInt32(length + 1))
        for place in index + 1..<index + length {
            let byte = text[place]
            guard byte & 0xC0 == 0x80 else { return (.part, 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        return (role(of: value), length)
    }

    private static func role(of codePoint: UInt32) -> Role {
        switch codePoint {
        case 0xA0...0xBF, 0x2000...0x206F, 0x3000...0x303F: .separator
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x2E80...0xA4CF, 0xF900...0xFAFF,
            0xFF00...0xFFEF, 0x20000...0x3FFFF:
            .word
        default: .part
        }
    }
}
