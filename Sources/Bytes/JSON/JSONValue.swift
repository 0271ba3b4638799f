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
    ///
    /// A new value takes the place of the old one, or the last place; `nil` removes the member.
    /// What is no object stays as it is. O(members).
    package subscript(key: String) -> JSONValue? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.first { $0.key == key }?.value
        }
        set {
            guard case .object(var members) = self else { return }
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index] = Member(key: key, value: value)
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
            self = .object(members)
        }
    }

    /// The members of an object in their order; none of what is no object.
    package var members: [Member] {
        guard case .object(let members) = self else { return [] }
        return members
    }

    /// Puts the members of `addition` over those of this object, and over those of the objects in
    /// it. O(members of both).
    package mutating func merge(_ addition: JSONValue) {
        for member in addition.members {
            if case .object = member.value, case .object(let old)? = self[member.key] {
                var merged = JSONValue.object(old)
                merged.merge(member.value)
                self[member.key] = merged
            } else {
                self[member.key] = member.value
            }
        }
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
