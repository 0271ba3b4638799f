/// Description of a key of a configuration, whatever section it is of.
public struct SettingDescription: Sendable, Equatable {
    /// The key in JSON.
    public var name: String
    /// The values that it takes.
    public var kind: SettingKind
    /// Whether it may be null.
    public var isOptional: Bool
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
        case (.text, .text), (.flag, .flag), (.textOrTexts, .text): return nil
        case (.texts, .list), (.textOrTexts, .list): return nil
        default: break
        }
        return "\(kind.wanted) belongs here"
    }

    private func fault(of spelling: String, _ range: ValueRange) -> String? {
        // A decoder takes 3.0 and 3e2 for whole numbers, and so does this.
        let isGood =
            Int(spelling).map(range.contains) ?? UInt64(spelling)?.isIn(range)
            ?? Double(spelling).map { number in
                range.contains(number) && (number == 0 || number.isNormal)
            } ?? false
        return isGood ? nil : "it is \(spelling); \(range.wish)"
    }
}
