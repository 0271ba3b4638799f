/// Description of a key of a configuration, whatever section it is of.
public struct SettingDescription: Sendable, Equatable {
    /// The key in JSON.
    public var name: String
    /// The values that it takes.
    public var kind: SettingKind
    /// Whether it may be null.
    public var isOptional: Bool
    /// Whether a text of it, also one in a list, and a list of sections must have something in it.
    public var isFilled = false
    /// What is counted, in the plural; empty for what has no unit.
    public var unit = ""
    /// Sentences, the first of which says what it is in a line.
    public var meaning: String
    /// The condition under which it does something; nil if it always does.
    public var relevance: String?
    /// A value that a person might give; nil for the default.
    public var example: SettingLiteral?
    /// Other names of the field for the same.
    public var aliases: [String]
    /// The default.
    public var standard = SettingLiteral.null

    /// The first sentence of the meaning, without its full stop.
    public var summary: String {
        let first = meaning.firstRange(of: ". ").map { meaning[..<$0.lowerBound] }
        return String(first ?? (meaning.hasSuffix(".") ? meaning.dropLast() : meaning[...]))
    }

    /// A value that a person might give.
    public var exampleValue: SettingLiteral { example ?? standard }

    /// The fault of a value of JSON that is meant for this key; nil if it fits.
    ///
    /// - Parameter value: the value; nil for an object, or for a list of something other than
    ///   strings.
    public func fault(of value: SettingLiteral?) -> String? {
        if value == .null { return isOptional ? nil : "\(kind.wanted) belongs here, not null" }
        switch (kind, value) {
        case (.number(let range), .number(let spelling)): return fault(of: spelling, range)
        case (.number(.size(let range)), .text(let text)):
            guard let size = ByteSize(text) else { break }
            return size.isIn(.size(range)) ? nil : "it is \(text); \(ValueRange.size(range).wish)"
        case (.choice(let words), .text(let text)) where words.contains(text): return nil
        case (.text, .text(let text)), (.textOrTexts, .text(let text)):
            return isFilled && text.isEmpty ? Self.emptyFault : nil
        case (.flag, .flag): return nil
        case (.texts, .list), (.textOrTexts, .list): return nil
        case (.texts, .text(let text)) where !text.contains(where: { "\"\\".contains($0) }):
            return "\(kind.wanted) belongs here; write [\"\(text)\"]"
        case (.number, .text(let text)) where Double(text)?.isFinite == true:
            return "\(kind.wanted) belongs here; write \(text) without quotes"
        default: break
        }
        return "\(kind.wanted) belongs here"
    }

    /// Text of what is wrong with an empty text where there must be something.
    public static let emptyFault = "it is empty; write something, or leave it out"

    private func fault(of spelling: String, _ range: ValueRange) -> String? {
        // A decoder takes 3.0 and 3e2 for whole numbers, and so does this.
        let whole: Bool? =
            switch range {
            case .whole, .size: Int(spelling).map(range.contains)
            case .seed: UInt64(spelling).map { $0.isIn(range) }
            case .real, .above: nil
            }
        let isGood = whole ?? Double(spelling).map { range.contains($0) } ?? false
        guard isGood, !Self.underflows(spelling) else {
            return "it is \(spelling); \(range.wish)"
        }
        return nil
    }

    /// Whether a number is too close to 0 for all of its digits to count.
    private static func underflows(_ spelling: String) -> Bool {
        guard let number = Double(spelling), !number.isNormal else { return false }
        return spelling.prefix { !"eE".contains($0) }.contains { ("1"..."9").contains($0) }
    }
}
