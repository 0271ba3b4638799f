import Bytes
package import Foundation

/// Decoding of JSON in which no key stands twice.
///
/// Foundation's decoders take one of two equal keys and do not say so: what a person reads in the
/// file and what is in force would differ.
package enum StrictJSON {
    /// Throws if `data` is not JSON or an object in it has the same key twice. O(count).
    ///
    /// - Throws: `DecodingError.dataCorrupted` with the reason and the number of the byte.
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
                    debugDescription: "\(error.reason) (byte \(error.offset))"))
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
}
