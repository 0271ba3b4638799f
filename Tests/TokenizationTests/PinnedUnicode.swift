/// Unicode 16 as far as the standard library knows it: an oracle that owes nothing to the table.
enum PinnedUnicode {
    /// The general category of a code point in two letters; `nil` for what is no code point.
    ///
    /// Code points that were assigned after Unicode 16 are not yet assigned.
    static func category(_ value: UInt32?) -> String? {
        guard let value else { return nil }
        // Half of a pair is no character, but has a category.
        guard let scalar = Unicode.Scalar(value) else { return "Cs" }
        // Unicode 17 took its case from it.
        if value == 0x295 { return "Ll" }
        let properties = scalar.properties
        guard let age = properties.age, (age.major, age.minor) <= (16, 0) else { return "Cn" }
        return name(properties.generalCategory)
    }

    /// Whether a character is of the script Han: Scripts.txt of Unicode 16.
    static func isHan(_ character: Unicode.Scalar?) -> Bool {
        switch character?.value ?? 0 {
        case 0x2E80...0x2E99, 0x2E9B...0x2EF3, 0x2F00...0x2FD5, 0x3005, 0x3007, 0x3021...0x3029,
            0x3038...0x303B, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFA6D, 0xFA70...0xFAD9,
            0x16FE2...0x16FE3, 0x16FF0...0x16FF1, 0x20000...0x2A6DF, 0x2A700...0x2B739,
            0x2B740...0x2B81D, 0x2B820...0x2CEA1, 0x2CEB0...0x2EBE0, 0x2EBF0...0x2EE5D,
            0x2F800...0x2FA1D, 0x30000...0x3134A, 0x31350...0x323AF:
            true
        default: false
        }
    }

    private static func name(_ category: Unicode.GeneralCategory) -> String {
        switch category {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}
