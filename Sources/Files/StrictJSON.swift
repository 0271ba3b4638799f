import Bytes
package import Foundation

/// Decoding of JSON in which no key stands twice.
///
/// Foundation's decoders take one of two equal keys and do not say so: what a person reads in the
/// file and what is in force would differ.
package enum StrictJSON {
    /// Throws if `data` is not JSON or an object in it has the same key twice. O(count).
    ///
    /// - Throws: `DecodingError.dataCorrupted` with the line, the column and the reason.
    package static func check(_ data: Data) throws(DecodingError) {
        let bytes = Array(data)
        do throws(JSONError) {
            try JSONPullReader<JSONError>.with(bytes.span) { (reader) throws(JSONError) in
                try reader.skipValue()
                try reader.finish()
            }
        } catch {
            throw .dataCorrupted(
                DecodingError.Context(
                    codingPath: [],
                    debugDescription: WrittenJSONError(error, in: bytes).description))
        }
    }

    /// The value that `data` holds. O(count).
    ///
    /// - Throws: `DecodingError`.
    package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws
        -> Value
    {
        try check(data)
        return try JSONDecoder().decode(type, from: data)
    }

    /// The value that `data` holds, in which every number is a count or a figure that is not
    /// negative. O(count).
    ///
    /// No file of Quern's own counts further than ``largestCount``: sums of what it holds stay
    /// within 64 bits.
    ///
    /// - Throws: `DecodingError`, for a number out of range with its key, the number and the range.
    package static func decodeCounts<Value: Decodable>(
        _ type: Value.Type, from data: Data
    ) throws -> Value {
        let value = try decode(type, from: data)
        try checkCounts(JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed), [])
        return value
    }

    /// The most that a file counts of anything.
    package static let largestCount = 1 << 50

    private static func checkCounts(
        _ value: Any, _ place: [any CodingKey]
    ) throws(DecodingError) {
        if let object = value as? [String: Any] {
            for (name, element) in object { try checkCounts(element, place + [Place(name)]) }
        } else if let list = value as? [Any] {
            for (index, element) in list.enumerated() {
                try checkCounts(element, place + [Place(index)])
            }
        } else if let number = value as? NSNumber {
            let figure = number.doubleValue
            guard figure >= 0, figure <= Double(largestCount) else {
                throw .dataCorrupted(
                    DecodingError.Context(
                        codingPath: place,
                        debugDescription: "it is \(number); a number from 0 to \(largestCount) "
                            + "belongs here"))
            }
        }
    }

    /// Key or index on the way to a value.
    private struct Place: CodingKey {
        let stringValue: String
        let intValue: Int?

        init(_ name: String) { (stringValue, intValue) = (name, nil) }
        init(_ index: Int) { (stringValue, intValue) = ("\(index)", index) }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { self.init(intValue) }
    }
}
