/// A reader of bytes that others wrote.
struct Reader: Sendable {
    /// Name of the reader.
    var name: String
    /// The folder of sound files among which its file lies; see `scenes.py`.
    var scene: String
    /// The file whose bytes are tried; `-` for a reader of bytes in memory.
    var file: String
    /// Reads all that there is in the bytes, or in the folder that holds the file.
    var read: @Sendable (_ bytes: [UInt8], _ folder: String) throws -> Void

    /// All of them.
    static let all =
        streams + corpora + [parquet] + refinement + vocabularies + shards + models + settings
        + texts + [ranks]

    /// A reader of a file.
    static func file(
        _ name: String, _ scene: String, _ file: String,
        _ read: @escaping @Sendable (_ folder: String) throws -> Void
    ) -> Reader {
        Reader(name: name, scene: scene, file: file) { _, folder in try read(folder) }
    }

    /// A reader of bytes.
    static func bytes(
        _ name: String, _ scene: String, _ read: @escaping @Sendable ([UInt8]) throws -> Void
    ) -> Reader {
        Reader(name: name, scene: scene, file: "-") { bytes, _ in try read(bytes) }
    }
}
