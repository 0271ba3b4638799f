import Foundation

/// The fields of a `config.json`, for the family that its `model_type` names.
public struct ConfigurationData {
    private let data: Data
    /// Value of `model_type`; nil without one.
    let modelType: String?

    private struct Kind: Decodable {
        let model_type: String?
    }

    /// Fields of the JSON object in `data`.
    init(_ data: Data) throws {
        self.data = data
        modelType = try JSONDecoder().decode(Kind.self, from: data).model_type
    }

    /// The fields that `Fields` names.
    func decode<Fields: Decodable>(_ fields: Fields.Type) throws -> Fields {
        try JSONDecoder().decode(fields, from: data)
    }

    /// The fields of the object under `key`; nil where there is none. O(size).
    func member(_ key: String) throws -> ConfigurationData? {
        let whole = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        guard let member = whole?[key] as? [String: Any] else { return nil }
        return try ConfigurationData(JSONSerialization.data(withJSONObject: member))
    }

    /// Throws if a key that says something is neither among `known` nor one that changes nothing.
    func check(known: Set<String>) throws { try decode(Settings.self).check(known: known) }

    /// The keys, those of null included.
    func keys() throws -> Set<String> { Set(try decode(Settings.self).values.keys) }

    /// One token that ends a text, or begins it, or several, of which the first is written on.
    struct EndTokens: Decodable {
        let all: [Int]
        var first: Int? { all.first }

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            let all = (try? value.decode(Int.self)).map { [$0] } ?? (try? value.decode([Int].self))
            guard let all, all.allSatisfy({ $0 >= 0 }) else {
                throw DecodingError.dataCorruptedError(
                    in: value, debugDescription: "a token's id, or a list of them, belongs here")
            }
            self.all = all
        }
    }
}

/// Error in a field's value, found where the path of the file is not known.
struct Unsupported: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

extension ConfigurationData {
    /// The members of a JSON object.
    struct Settings: Decodable {
        /// Values by key.
        let values: [String: ConfigurationValue]

        init(from decoder: any Decoder) throws {
            values = try decoder.singleValueContainer().decode([String: ConfigurationValue].self)
        }

        /// Throws if a key that says something is not among `known`, and would change what is
        /// computed by ``NeutralSettings``.
        func check(known: Set<String>) throws(Unsupported) {
            for (name, value) in values.sorted(by: { $0.key < $1.key })
            where !known.contains(name) && !value.isOff {
                switch NeutralSettings.rule(name) {
                case .always: continue
                case .only(let values) where values.contains(value): continue
                case .never(let reason): throw Unsupported(reason)
                case .only, nil:
                    throw Unsupported(
                        "its configuration has the key \"\(name)\", which Quern does not know "
                            + "and which may change what is computed; if it does not, take it out "
                            + "of config.json")
                }
            }
        }
    }
}
