import Bytes
import Foundation

/// Body of a request to the playground: a JSON object of which every member is known.
struct PlaygroundRequest {
    private let members: [JSONValue.Member]

    /// The request `body`, whose keys are among `keys`. O(bytes).
    init(_ body: Data, keys: [String]) throws(PlaygroundError) {
        let text = Array(body)
        let value: JSONValue
        do throws(WrittenJSONError) {
            value = try WrittenJSON(text).value
        } catch {
            throw PlaygroundError("the body is not JSON: \(error)")
        }
        guard case .object(let members) = value else {
            throw PlaygroundError("the body is not a JSON object")
        }
        self.members = members
        for member in members where !keys.contains(member.key) {
            // A name may be as long as the body.
            let name = String(member.key.prefix(64))
            throw PlaygroundError(
                "the request has no \(name); it has \(keys.joined(separator: ", "))",
                parameter: name)
        }
    }

    /// The text `key`, of at most `byteLimit` bytes.
    func text(_ key: String, byteLimit: Int) throws(PlaygroundError) -> String {
        guard let text = value(key)?.string else {
            throw PlaygroundError("\(key) is missing, or no string", parameter: key)
        }
        guard text.utf8.count <= byteLimit else {
            throw PlaygroundError(
                "\(key) has \(text.utf8.count) bytes, and at most \(byteLimit) are looked at",
                parameter: key)
        }
        return text
    }

    /// The whole number `key` in `range`.
    func number(_ key: String, in range: ClosedRange<Int>) throws(PlaygroundError) -> Int {
        guard case .number(let spelling) = value(key), let number = Int(spelling),
            range.contains(number)
        else {
            throw PlaygroundError(
                "\(key) must be a whole number from \(range.lowerBound) to \(range.upperBound)",
                parameter: key)
        }
        return number
    }

    /// The strings in the list `key`, at most `limit`; none where there is no such list.
    func texts(_ key: String, limit: Int) throws(PlaygroundError) -> [String] {
        guard let value = value(key) else { return [] }
        guard let texts = value.array?.map(\.string), texts.count <= limit, !texts.contains(nil)
        else {
            throw PlaygroundError(
                "\(key) must be a list of at most \(limit) names", parameter: key)
        }
        return texts.compactMap(\.self)
    }

    private func value(_ key: String) -> JSONValue? { members.first { $0.key == key }?.value }
}
