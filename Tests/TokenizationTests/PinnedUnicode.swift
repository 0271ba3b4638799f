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
