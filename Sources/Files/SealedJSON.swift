import Bytes
import Foundation

/// JSON objects whose first value is a checksum of all the rest of the file, white space included.
///
/// The checksum is the XXH64 of the file's bytes with sixteen zeros where its own digits stand.
/// Other readers see a key more.
package enum SealedJSON {
    private static let front = "{\n  \"file_checksum\" : \""
    private static let blank = "0000000000000000"

    /// Writes `value`, which encodes as an object that is not empty, as JSON with its checksum.
    package static func write<Value: Encodable>(_ value: Value, to path: String) throws {
        let text = try FileReplacement.json(of: value)
        precondition(text.hasPrefix("{\n "), "an object with something in it")
        let rest = "\",\n" + text.dropFirst(2) + "\n"
        let blankBytes = Array((front + blank + rest).utf8)
        try FileReplacement.write(
            front + hexadecimal(XXH64.hash(of: blankBytes.span)) + rest, to: path)
    }

    /// Whether `bytes` are as they were written; nil if they have no checksum at their front.
    package static func isIntact(_ bytes: [UInt8]) -> Bool? {
        let start = front.utf8.count
        guard bytes.starts(with: front.utf8), bytes.count >= start + blank.utf8.count else {
            return nil
        }
        var blanked = bytes
        let digits = start..<start + blank.utf8.count
        blanked.replaceSubrange(digits, with: blank.utf8)
        return hexadecimal(XXH64.hash(of: blanked.span)).utf8.elementsEqual(bytes[digits])
    }

    /// The value in the file at `path`; nil when there is none or it is not as it was written.
    package static func read<Value: Decodable>(_ type: Value.Type, from path: String) -> Value? {
        guard let data = FileSystem.contentsIfReadable(path), isIntact(Array(data)) == true
        else { return nil }
        return try? StrictJSON.decodeCounts(Value.self, from: data)
    }
}
