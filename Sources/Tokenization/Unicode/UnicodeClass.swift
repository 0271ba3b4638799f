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
