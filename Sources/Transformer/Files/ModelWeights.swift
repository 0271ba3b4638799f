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
    init(directory: String) throws(TransformerError) {
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

    private init(path: String, entries: [String: Entry]) {
        self.path = path
        self.entries = entries
    }

    /// The tensors of several files: exactly those of the index, each where it says.
    private static func sharded(
        directory: String, indexPath: String
    ) throws(TransformerError) -> ModelWeights {
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
