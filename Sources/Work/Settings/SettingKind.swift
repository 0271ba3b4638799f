/// Kind of the values that a key of a configuration takes.
public enum SettingKind: Sendable, Equatable {
    /// Numbers in a range.
    case number(ValueRange)
    /// One of a few words.
    case choice([String])
    /// Any text.
    case text
    /// True or false.
    case flag
    /// Lists of texts.
    case texts
    /// A text, or a list of texts.
    case textOrTexts
    /// A JSON object with keys of its own.
    case section
    /// Lists of such objects.
    case sections

    /// Name of the kind in a table, such as "whole number".
    public var name: String {
        switch self {
        case .number(.whole), .number(.seed): "whole number"
        case .number(.real), .number(.above): "number"
        case .number(.size): "size"
        case .choice: "choice"
        case .text: "text"
        case .flag: "true or false"
        case .texts: "list of texts"
        case .textOrTexts: "text or list"
        case .section: "section"
        case .sections: "list of sections"
        }
    }

    /// What belongs in the place of a value of another kind, such as "a whole number".
    public var wanted: String {
        switch self {
        case .number(.whole), .number(.seed): "a whole number"
        case .number(.real), .number(.above): "a number"
        case .number(.size): "a size such as \"512MB\" or \"4GiB\""
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .text: "a string"
        case .flag: "true or false"
        case .texts: "a list of strings"
        case .textOrTexts: "a string, or a list of strings,"
        case .section: "a JSON object"
        case .sections: "a list of JSON objects"
        }
    }

    /// The values in words; nil where the kind's name says them all.
    public var values: String? {
        switch self {
        case .number(let range): "\(range)"
        case .choice(let words): words.joined(separator: ", ")
        default: nil
        }
    }
}

/// Value of a key as JSON has it: a default or an example.
public enum SettingLiteral: Sendable, Equatable {
    /// Nothing.
    case null
    /// True or false.
    case flag(Bool)
    /// A number by its spelling.
    case number(String)
    /// A string.
    case text(String)
    /// A list.
    case list([SettingLiteral])
    /// An object without a key.
    case emptyObject
}

extension SettingLiteral: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .number("\(value)") }
    /// A number.
    public init(floatLiteral value: Double) { self = .number("\(value)") }
    /// A list.
    public init(arrayLiteral elements: SettingLiteral...) { self = .list(elements) }
}

/// Value of a setting, which JSON can hold.
public protocol SettingValue: Sendable {
    /// Whether it may be null.
    static var isOptional: Bool { get }
    /// The value in JSON.
    var literal: SettingLiteral { get }
}

extension SettingValue {
    /// Null is no value.
    public static var isOptional: Bool { false }
}

/// Value of a setting that is no number, whose type says which values there are.
public protocol SettingWord: SettingValue {
    /// The values that there are.
    static var settingKind: SettingKind { get }
}

/// Value of a setting that is one of a few words, of which JSON holds the name.
public protocol SettingChoice: SettingWord, RawRepresentable, CaseIterable
where RawValue == String {}

extension SettingChoice {
    /// Every case.
    public static var settingKind: SettingKind { .choice(allCases.map(\.rawValue)) }
    /// The word.
    public var literal: SettingLiteral { .text(rawValue) }
}

extension Bool: SettingWord {
    /// True and false.
    public static var settingKind: SettingKind { .flag }
    /// The value in JSON.
    public var literal: SettingLiteral { .flag(self) }
}

extension String: SettingWord {
    /// Any text.
    public static var settingKind: SettingKind { .text }
    /// The value in JSON.
    public var literal: SettingLiteral { .text(self) }
}

extension Array: SettingValue where Element == String {
    /// The value in JSON.
    public var literal: SettingLiteral { .list(map(\.literal)) }
}

extension Array: SettingWord where Element == String {
    /// Lists of texts.
    public static var settingKind: SettingKind { .texts }
}

extension Optional: SettingValue where Wrapped: SettingValue {
    /// Null is a value.
    public static var isOptional: Bool { true }
    /// The value in JSON.
    public var literal: SettingLiteral { self?.literal ?? .null }
}

extension Optional: SettingWord where Wrapped: SettingWord {
    /// The values of what is optional.
    public static var settingKind: SettingKind { Wrapped.settingKind }
}
