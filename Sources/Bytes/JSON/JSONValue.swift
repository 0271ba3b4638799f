/// A value of JSON, for the small parts of a file. Numbers keep their spelling.
@usableFromInline package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    /// The members in the order of the file; no key appears twice.
    case object([Member])

    /// A key and its value.
    @usableFromInline package struct Member: Equatable, Sendable {
        package let key: String
        package let value: JSONValue

        @usableFromInline package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// The member `key` of an object; `nil` if there is none or it is no object.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The elements of an array.
    package var array: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The text of a string.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// Whether it is absent in meaning: `null`.
    package var isNull: Bool { self == .null }
}
