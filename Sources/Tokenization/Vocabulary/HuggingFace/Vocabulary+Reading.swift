import Bytes
package import Files

extension Vocabulary {
    /// Reads the `tokenizer.json` in the directory at `path`, or the file at `path` itself.
    /// O(size of the file).
    ///
    /// A file that would give other ids here than with `tokenizers` is refused, with the reason.
    public init(directory path: String) throws(TokenizationError) {
        var filePath = path
        if !path.hasSuffix(".json") {
            filePath += path.hasSuffix("/") ? "tokenizer.json" : "/tokenizer.json"
        }
        let file = try MappedFile.opened(filePath)
        self = try file.withBytes { (bytes) throws(TokenizationError) in
            // A span of bytes from a raw span of the same memory, which any bits are valid for.
            let span = Span<UInt8>(_bytes: bytes)
            return try Vocabulary(tokenizerJSON: span, path: filePath)
        }
    }

    /// Reads the bytes of a `tokenizer.json`. O(size).
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - path: the file's name in errors.
    public init(
        tokenizerJSON bytes: Span<UInt8>, path: String = "tokenizer.json"
    ) throws(TokenizationError) {
        self = try ByteView.with(bytes) { (view) throws(TokenizationError) in
            try TokenizerFile(view, path: path).vocabulary()
        }
    }
}

extension MappedFile {
    /// The file at `path`.
    package static func opened(_ path: String) throws(TokenizationError) -> MappedFile {
        do throws(FileError) {
            return try MappedFile(path: path)
        } catch {
            throw .file(error)
        }
    }
}
