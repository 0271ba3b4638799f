import Bytes
import Foundation

/// `model.safetensors.index.json`: which file of several holds each tensor of a model.
struct SafetensorsIndex {
    static let fileName = "model.safetensors.index.json"

    /// The file's name for each tensor's.
    let fileNames: [String: String]

    /// Reads the index at `path`. O(size).
    ///
    /// The names in it come from outside: one that could lead out of the directory is refused.
    init(path: String) throws(TransformerError) {
        let bytes = try SmallFile.bytes(path)
        do throws(JSONError) {
            fileNames = try JSONPullReader.with(bytes.span, Self.parse)
        } catch {
            throw .malformed(path: path, reason: "\(error.reason) (byte \(error.offset))")
        }
    }

    private static func parse(
        _ reader: inout JSONPullReader<JSONError>
    ) throws(JSONError) -> [String: String] {
        var fileNames: [String: String]?
        try reader.readObject { (reader, key) throws(JSONError) in
            guard key == "weight_map" else { return try reader.skipValue() }
            var names: [String: String] = [:]
            try reader.readObject { (reader, tensor) throws(JSONError) in
                let name = try reader.readString()
                guard isPlain(name) else {
                    throw reader.failure(
                        "\(tensor) is said to be in \"\(name)\", which is not the name of a "
                            + "safetensors file in the same directory")
                }
                names[tensor] = name
            }
            fileNames = names
        }
        try reader.finish()
        guard let fileNames else { throw reader.failure("it has no weight_map") }
        return fileNames
    }

    private static func isPlain(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") && !name.hasPrefix(".")
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != 0x5C }
    }

    /// The text of an index of tensors in files, in the order given.
    static func text(_ places: [(tensor: String, file: String)], byteCount: Int) -> String {
        let lines = places.map { "    \"\($0.tensor)\": \"\($0.file)\"" }
        return """
            {
              "metadata": {
                "total_size": \(byteCount)
              },
              "weight_map": {
            \(lines.joined(separator: ",\n"))
              }
            }

            """
    }
}
