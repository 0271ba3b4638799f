import Bytes
import Tokenization
import Work

/// The fields of a request's body, which is a JSON object: each is known and of its kind.
///
/// A field that is null is as good as absent. Keys that appear twice, nesting deeper than 64 and
/// fields that nobody knows are refused, with the field's name.
struct RequestReader: Sendable {
    private let values: [String: JSONValue]

    /// Reads all of `body` and checks it by `fields`. O(bytes).
    init(_ body: [UInt8], _ fields: [RequestField]) throws(APIError) {
        let members = try Self.object(body).members
        let known = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0) })
        var values: [String: JSONValue] = [:]
        for member in members {
            guard let field = known[member.key] else {
                throw Self.unknown(member.key, among: fields.map(\.name))
            }
            guard !member.value.isNull else { continue }
            try field.check(member.value)
            values[member.key] = member.value
        }
        self.values = values
    }

    /// The object that `body` is.
    private static func object(_ body: [UInt8]) throws(APIError) -> JSONValue {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONPullReader<JSONError>.with(body.span) { (reader) throws(JSONError) in
                let value = try reader.readValue()
                try reader.finish()
                return value
            }
        } catch {
            var name: String?
            if case .duplicateKey(let key) = error.reason { name = key }
            let fault = WrittenJSONError(error, in: body)
            throw .badRequest(
                "the body is not the JSON that is expected: \(fault)", parameter: name,
                code: "invalid_json")
        }
        guard case .object = value else {
            throw .badRequest("the body must be a JSON object", code: "invalid_json")
        }
        return value
    }

    private static func unknown(_ name: String, among known: [String]) -> APIError {
        // A name may be as long as the body.
        let isShort = name.utf8.count <= 64
        let shown = isShort ? name : String(name.prefix(61)) + "…"
        let nearest = isShort ? Spelling.nearest(to: name, among: known) : nil
        return .badRequest(
            "there is no field \(shown)" + (nearest.map { ": did you mean \($0)?" } ?? ""),
            parameter: shown, code: "unknown_parameter")
    }

    /// The value of a field; nil where it is absent or null.
    subscript(name: String) -> JSONValue? { values[name] }

    func text(_ name: String) -> String? { values[name]?.string }
    func whole(_ name: String) -> Int? { values[name]?.wholeNumber }
    func real(_ name: String) -> Double? { values[name]?.realNumber }
    func flag(_ name: String) -> Bool? { values[name]?.flag }

    /// The value of two fields that mean the same.
    func either<Value: Equatable>(
        _ first: String, _ second: String, _ read: (String) -> Value?
    ) throws(APIError) -> Value? {
        if let a = read(first), let b = read(second), a != b {
            throw .badField(second, "\(first) says something else: give one of the two")
        }
        return read(first) ?? read(second)
    }

    /// The numbers of tokens below `vocabularyCount` that a list holds.
    ///
    /// - Parameter name: what a refusal calls the list.
    static func ids(
        _ elements: [JSONValue], _ name: String, vocabularyCount: Int
    ) throws(APIError) -> [TokenID] {
        var ids: [TokenID] = []
        ids.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let number = element.wholeNumber, 0..<vocabularyCount ~= number else {
                throw .badField(
                    "\(name)[\(index)]", "give the number of a token, 0 to \(vocabularyCount - 1)")
            }
            ids.append(TokenID(number))
        }
        return ids
    }
}
