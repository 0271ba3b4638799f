/// Setting of a recipe that is written only where it is on, so that recipes which do not know it,
/// such as those in older checkpoints, are read and written as they were.
struct WrittenIfTrue: Codable, Sendable, Equatable {
    var isOn = false

    init() {}

    init(from decoder: any Decoder) throws {
        isOn = try decoder.singleValueContainer().decode(Bool.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(isOn)
    }
}

extension KeyedDecodingContainer {
    /// Off where nothing is said. The compiler prefers this to the method for any type.
    func decode(_ type: WrittenIfTrue.Type, forKey key: Key) throws -> WrittenIfTrue {
        try decodeIfPresent(type, forKey: key) ?? WrittenIfTrue()
    }
}

extension KeyedEncodingContainer {
    /// Nothing where it is off.
    mutating func encode(_ value: WrittenIfTrue, forKey key: Key) throws {
        if value.isOn { try encodeIfPresent(value, forKey: key) }
    }
}
