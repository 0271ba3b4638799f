extension DecodingError {
    /// The key that does not fit, as "section.key", and why, in words for a person.
    package var place: (key: String, reason: String) {
        switch self {
        case .typeMismatch(let type, let context):
            (Self.text(context.codingPath), "\(Self.name(of: type)) belongs here")
        case .valueNotFound(let type, let context):
            (Self.text(context.codingPath), "\(Self.name(of: type)) belongs here, not null")
        case .keyNotFound(let key, let context):
            (Self.text(context.codingPath + [key]), "it is missing")
        case .dataCorrupted(let context)
        where context.codingPath.isEmpty && context.debugDescription.contains("not valid JSON"):
            // Foundation says the same of a number that the type cannot hold, and not which it is.
            ("", "it is not JSON, or a number in it is too large or not a whole one")
        case .dataCorrupted(let context):
            (Self.text(context.codingPath), context.debugDescription)
        @unknown default:
            ("", "\(self)")
        }
    }

    private static func text(_ path: [any CodingKey]) -> String {
        var text = ""
        for key in path {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return text
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is any FixedWidthInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any ListType.Type: "a list"
        default: "a JSON object"
        }
    }
}

/// Marker of lists, which tells them from objects in an error's type.
private protocol ListType {}
extension Array: ListType {}

/// Reason of a decoder's error, as part of a sentence.
package func decodingReason(_ error: any Error) -> String {
    guard let place = (error as? DecodingError)?.place else { return "\(error)" }
    return place.key.isEmpty ? place.reason : "\"\(place.key)\" does not fit: \(place.reason)"
}
extension KeyedDecodingContainer {
    /// Reads what stands at `key` into `value`, which keeps what it has where nothing stands there.
    package func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
        value = try decodeIfPresent(Value.self, forKey: key) ?? value
    }
}
