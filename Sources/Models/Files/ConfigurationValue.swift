/// A value of a `config.json`, to be compared with those that change nothing.
enum ConfigurationValue: Equatable, Sendable, Decodable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([ConfigurationValue])
    case object([String: ConfigurationValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([ConfigurationValue].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: ConfigurationValue].self))
        }
    }

    /// Whether it is how a key is switched off, whatever its name: null, false or nothing.
    var isOff: Bool {
        self == .null || self == .flag(false) || self == .list([]) || self == .object([:])
    }
}

extension ConfigurationValue: ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral
{
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(floatLiteral value: Double) { self = .number(value) }
    init(stringLiteral value: String) { self = .text(value) }
}
