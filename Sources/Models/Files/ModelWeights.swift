import Bytes
import Foundation

/// The tensors of a Hugging Face directory: one safetensors file, or several and their index.
struct ModelWeights: Sendable {
    /// A tensor and the file that it is in.
    struct Entry: Sendable {
        let tensor: SafetensorsFile.Tensor
        let file: SafetensorsFile

        /// Whether another tensor has the same shape, type and bytes. O(bytes).
        func isCopy(of other: Entry) -> Bool {
            guard tensor.type == other.tensor.type, tensor.shape == other.tensor.shape else {
                return false
            }
            return file.withBytes(of: tensor) { bytes in
                other.file.withBytes(of: other.tensor) { others in
                    unsafe bytes.withUnsafeBytes { bytes in
                        unsafe others.withUnsafeBytes { unsafe bytes.elementsEqual($0) }
                    }
                }
            }
        }
    }

    /// The file, or the index where there are several: what errors name.
    let path: String
    /// Every tensor by its name.
    let entries: [String: Entry]

    static let fileName = "model.safetensors"

    /// Maps the files in `directory` and checks their headers. Nothing of the tensors is read.
    init(directory: String) throws(ModelError) {
        let single = directory + "/" + Self.fileName
        let index = directory + "/" + SafetensorsIndex.fileName
        if !FileManager.default.fileExists(atPath: single),
            FileManager.default.fileExists(atPath: index)
        {
            self = try Self.sharded(directory: directory, indexPath: index)
            return
        }
        let file = try SafetensorsFile(path: single)
        var entries: [String: Entry] = [:]
        for tensor in file.tensors { entries[tensor.name] = Entry(tensor: tensor, file: file) }
        self.init(path: single, entries: entries)
    }

    init(path: String, entries: [String: Entry]) {
        self.path = path
        self.entries = entries
    }

    /// The tensors of several files: exactly those of the index, each where it says.
    private static func sharded(
        directory: String, indexPath: String
    ) throws(ModelError) -> ModelWeights {
        let names = try SafetensorsIndex(path: indexPath).fileNames
        var entries: [String: Entry] = [:]
        for name in Set(names.values).sorted() {
            let file = try SafetensorsFile(path: directory + "/" + name)
            for tensor in file.tensors {
                guard names[tensor.name] == name else {
                    throw .malformed(
                        path: indexPath,
                        reason: "\(name) holds the tensor \(tensor.name), which the index "
                            + (names[tensor.name].map { "says is in \($0)" } ?? "does not name"))
                }
                entries[tensor.name] = Entry(tensor: tensor, file: file)
            }
        }
        for (tensor, name) in names.sorted(by: { $0.key < $1.key }) where entries[tensor] == nil {
            throw .malformed(
                path: indexPath, reason: "it says that \(name) holds \(tensor), which is not there")
        }
        return ModelWeights(path: indexPath, entries: entries)
    }
}

/// `model.safetensors.index.json`: which file of several holds each tensor of a model.
struct SafetensorsIndex {
    static let fileName = "model.safetensors.index.json"

    /// The file's name for each tensor's.
    let fileNames: [String: String]

    /// Reads the index at `path`. O(size).
    ///
    /// The names in it come from outside: one that could lead out of the directory is refused.
    init(path: String) throws(ModelError) {
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
