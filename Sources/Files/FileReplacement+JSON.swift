import Foundation

extension FileReplacement {
    /// Writes a whole file of `value` as JSON. The same value gives the same bytes: keys are sorted.
    public static func writeJSON<Value: Encodable>(_ value: Value, to path: String) throws {
        try write(try json(of: value) + "\n", to: path)
    }

    /// `value` as JSON for people and for comparing: indented, keys sorted.
    public static func json<Value: Encodable>(of value: Value) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
