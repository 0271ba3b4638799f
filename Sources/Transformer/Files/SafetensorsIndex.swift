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
        var scanner = HeaderScanner(try SmallFile.bytes(path))
        var fileNames: [String: String]?
        do throws(HeaderScanner.Failure) {
            try scanner.object { (scanner, key) throws(HeaderScanner.Failure) in
                guard key == "weight_map" else { return try scanner.skipValue() }
                var names: [String: String] = [:]
                try scanner.object { (scanner, tensor) throws(HeaderScanner.Failure) in
                    let name = try scanner.string()
                    guard Self.isPlain(name) else {
                        throw scanner.failure(
                            "\(tensor) is said to be in \"\(name)\", which is not the name of a "
                                + "safetensors file in the same directory")
                    }
                    names[tensor] = name
                }
                fileNames = names
            }
            scanner.skipSpace()
            guard scanner.isAtEnd else { throw scanner.failure("something follows the index") }
            guard let fileNames else { throw scanner.failure("it has no weight_map") }
            self.fileNames = fileNames
        } catch {
            throw .malformed(path: path, reason: "\(error.reason) (byte \(error.offset))")
        }
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
