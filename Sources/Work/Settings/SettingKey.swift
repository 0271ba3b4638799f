/// Key of a section of a configuration, declared once: its name in JSON, its values and its
/// meaning.
///
/// What checks a configuration goes by these declarations, and so does what explains the keys to a
/// person, writes a schema of them and finds the key that was meant. The default is none of them:
/// it is the value in a section that nothing was set in.
///
/// ```swift
/// enum Keys: String { case steps }
/// struct Recipe { var steps = 600 }
/// let key = SettingKey<Recipe>.number(
///     Keys.steps, \.steps, .whole(1...1 << 40), unit: "optimizer steps", "Steps in all.")
/// print(key.name)  // steps
/// ```
public struct SettingKey<Section>: Sendable {
    /// The description, but for the default.
    private let outline: SettingDescription
    /// The number that is checked; nil for a value of another kind.
    public let number: NumericKey<Section>?
    /// The value in a section.
    private let literal: @Sendable (Section) -> SettingLiteral

    /// The key in JSON.
    public var name: String { outline.name }
    /// Other names of the field for the same.
    public var aliases: [String] { outline.aliases }

    /// The key with its value in `section` for a default.
    public func description(in section: Section) -> SettingDescription {
        var description = outline
        description.standard = literal(section)
        return description
    }

    /// The same key as a part of something larger, under the same name.
    ///
    /// - Parameter path: where the section is.
    public func within<Whole>(
        _ path: any KeyPath<Whole, Section> & Sendable
    ) -> SettingKey<Whole> {
        let literal = literal
        return SettingKey<Whole>(outline: outline, number: number?.within(path)) { whole in
            literal(whole[keyPath: path])
        }
    }

    private init(
        outline: SettingDescription, number: NumericKey<Section>?,
        literal: @escaping @Sendable (Section) -> SettingLiteral
    ) {
        self.outline = outline
        self.number = number
        self.literal = literal
    }
}

extension SettingKey {
    /// Declares a number.
    ///
    /// - Parameters:
    ///   - key: the key in JSON.
    ///   - path: where the value is.
    ///   - range: the values that it may have.
    ///   - unit: what is counted, in the plural; empty for a number without a unit.
    ///   - meaning: sentences, the first of which says what it is in a line.
    ///   - relevance: the condition under which it does something, such as "optimizer is muon"; nil
    ///     if it always does.
    ///   - example: a value; nil for the default.
    ///   - aliases: other names of the field for the same.
    public static func number<Value: RangedValue>(
        _ key: some RawRepresentable<String>, _ path: any KeyPath<Section, Value> & Sendable,
        _ range: ValueRange, unit: String = "", _ meaning: String, when relevance: String? = nil,
        example: SettingLiteral? = nil, also aliases: [String] = []
    ) -> SettingKey {
        SettingKey(
            outline: SettingDescription(
                name: key.rawValue, kind: .number(range), isOptional: Value.isOptional, unit: unit,
                meaning: meaning, relevance: relevance, example: example, aliases: aliases),
            number: NumericKey(key, path, range, unit: unit)
        ) { $0[keyPath: path].literal }
    }

    /// Declares a value that is no number.
    ///
    /// - Parameters:
    ///   - key: the key in JSON.
    ///   - path: where the value is.
    ///   - choices: the values that it may have; nil for all that its type has.
    ///   - isFilled: whether its texts must have something in them.
    ///   - meaning: sentences, the first of which says what it is in a line.
    ///   - relevance: the condition under which it does something; nil if it always does.
    ///   - example: a value; nil for the default.
    ///   - aliases: other names of the field for the same.
    public static func value<Value: SettingWord>(
        _ key: some RawRepresentable<String>, _ path: any KeyPath<Section, Value> & Sendable,
        of choices: [String]? = nil, isFilled: Bool = false, _ meaning: String,
        when relevance: String? = nil, example: SettingLiteral? = nil, also aliases: [String] = []
    ) -> SettingKey {
        SettingKey(
            outline: SettingDescription(
                name: key.rawValue, kind: choices.map { .choice($0) } ?? Value.settingKind,
                isOptional: Value.isOptional, isFilled: isFilled, meaning: meaning,
                relevance: relevance,
                example: example, aliases: aliases),
            number: nil
        ) { $0[keyPath: path].literal }
    }

    /// Declares a section, a list of sections, or a value of a kind of its own.
    ///
    /// - Parameters:
    ///   - key: the key in JSON.
    ///   - kind: the values that it takes.
    ///   - isOptional: whether it may be null.
    ///   - isFilled: whether its texts, or its list, must have something in them.
    ///   - meaning: sentences, the first of which says what it is in a line.
    ///   - relevance: the condition under which it does something; nil if it always does.
    ///   - example: a value; nil for the default.
    ///   - aliases: other names of the field for the same.
    ///   - standard: the value in a section.
    public static func other(
        _ key: some RawRepresentable<String>, _ kind: SettingKind, isOptional: Bool = false,
        isFilled: Bool = false, _ meaning: String, when relevance: String? = nil,
        example: SettingLiteral? = nil,
        also aliases: [String] = [],
        standard: @escaping @Sendable (Section) -> SettingLiteral = { _ in .emptyObject }
    ) -> SettingKey {
        SettingKey(
            outline: SettingDescription(
                name: key.rawValue, kind: kind, isOptional: isOptional, isFilled: isFilled,
                meaning: meaning, relevance: relevance, example: example, aliases: aliases),
            number: nil, literal: standard)
    }
}

/// Section of a configuration that declares its keys.
public protocol SettingSection: NumericSection {
    /// Every key of the section that a person may write.
    static var settingKeys: [SettingKey<Self>] { get }
    /// Numbers that are checked and that no person writes.
    static var hiddenNumbers: [NumericKey<Self>] { get }
}

extension SettingSection {
    /// None.
    public static var hiddenNumbers: [NumericKey<Self>] { [] }

    /// The numbers among the keys, and those that no person writes.
    public static var numericKeys: [NumericKey<Self>] {
        settingKeys.compactMap(\.number) + hiddenNumbers
    }

    /// The keys with their values in this section for defaults.
    public var descriptions: [SettingDescription] {
        Self.settingKeys.map { $0.description(in: self) }
    }
}
