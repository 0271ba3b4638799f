/// Columns that text takes on a terminal: one for most characters, two for those of East Asian
/// scripts and for emoji, none for marks that join the character before.
extension Character {
    /// Columns of the character: 0, 1 or 2.
    var columnCount: Int {
        var count = 0
        for scalar in unicodeScalars {
            // Asks for the picture of a sign that is a letter otherwise: ☀ and ☀️.
            if scalar.value == 0xFE0F, count > 0 { return 2 }
            count = max(count, scalar.columnCount)
        }
        return count
    }
}

extension StringProtocol {
    /// Columns of the text, which has one line. O(count).
    var columnCount: Int { reduce(0) { $0 + $1.columnCount } }

    /// The longest beginning that takes at most `columns`. O(count).
    func prefix(columns: Int) -> SubSequence {
        var left = columns
        return prefix { character in
            left -= character.columnCount
            return left >= 0
        }
    }

    /// The longest end that takes at most `columns`. O(count).
    func suffix(columns: Int) -> SubSequence {
        var left = columns
        var start = endIndex
        while start > startIndex {
            let before = index(before: start)
            left -= self[before].columnCount
            if left < 0 { break }
            start = before
        }
        return self[start...]
    }

    /// The text where it takes at most `columns`, and otherwise a beginning that ends in `…`.
    func shortened(columns: Int) -> String {
        columnCount <= columns ? String(self) : prefix(columns: columns - 1) + "…"
    }

    /// The text with spaces behind it, or before it, to fill `columns`.
    func padded(columns: Int, atEnd: Bool = true) -> String {
        let spaces = String(repeating: " ", count: Swift.max(0, columns - columnCount))
        return atEnd ? self + spaces : spaces + self
    }
}

extension Unicode.Scalar {
    /// Columns of the scalar, if it stands for itself.
    fileprivate var columnCount: Int {
        // A text of ASCII looks nothing up.
        if value < 0x7F { return value < 0x20 ? 0 : 1 }
        switch properties.generalCategory {
        case .control, .nonspacingMark, .enclosingMark: return 0
        // The soft hyphen is shown.
        case .format: return value == 0xAD ? 1 : 0
        default: break
        }
        // Vowels and finals of Hangul join the consonant before.
        if (0x1160...0x11FF).contains(value) { return 0 }
        return properties.isEmojiPresentation || isWide ? 2 : 1
    }

    /// Whether the scalar is wide or full-width in `EastAsianWidth.txt` of Unicode 16, emoji apart.
    private var isWide: Bool {
        switch value {
        case ..<0x1100: false
        case 0x1100...0x115F, 0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F, 0x2E80...0x2E99,
            0x2E9B...0x2EF3, 0x2F00...0x2FD5, 0x2FF0...0x303E, 0x3041...0x3247, 0x3250...0xA48C,
            0xA490...0xA4C6, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
            0xFE30...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF,
            0x18D00...0x18D08, 0x1AFF0...0x1B2FB, 0x1D300...0x1D356, 0x1D360...0x1D376,
            0x1F200...0x1F265, 0x20000...0x2FFFD, 0x30000...0x3FFFD:
            true
        default: false
        }
    }
}
