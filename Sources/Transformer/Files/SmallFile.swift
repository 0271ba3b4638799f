import Files

/// A file of JSON that describes a model, read whole.
enum SmallFile {
    /// No configuration or index of a model comes near this; what is larger is not one.
    static let maximumByteCount = 64 << 20

    /// The bytes of the file at `path`. O(size).
    static func bytes(_ path: String) throws(TransformerError) -> [UInt8] {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch {
            throw .storage(reason: error.description)
        }
        guard file.byteCount <= maximumByteCount else {
            throw .malformed(
                path: path, reason: "it has \(file.byteCount) bytes, too many for its kind")
        }
        return file.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        }
    }
}
