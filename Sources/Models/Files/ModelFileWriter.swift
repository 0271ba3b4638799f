import Files

/// A file of a model, written piece by piece, which appears whole or not at all.
struct ModelFileWriter: ~Copyable {
    private var file: FileReplacement

    /// Starts the file at `path`.
    init(path: String) throws(ModelError) {
        do throws(FileError) { file = try FileReplacement(path: path) } catch {
            throw .storage(reason: error.description)
        }
    }

    /// Appends `bytes`.
    mutating func write(_ bytes: RawSpan) throws(ModelError) {
        do throws(FileError) { try file.write(bytes) } catch {
            throw .storage(reason: error.description)
        }
    }

    /// Appends `bytes`.
    mutating func write(_ bytes: [UInt8]) throws(ModelError) {
        try write(unsafe bytes.span.bytes)
    }

    /// Makes the bytes durable and gives the file its name.
    consuming func commit() throws(ModelError) {
        do throws(FileError) { try file.commit() } catch {
            throw .storage(reason: error.description)
        }
    }

    /// Makes the directory of a model's files, if it is missing.
    static func makeDirectory(_ path: String) throws(ModelError) {
        do throws(FileError) { try FileSystem.makeDirectory(path) } catch {
            throw .storage(reason: error.description)
        }
    }

    /// Writes a whole file of the UTF-8 of `text`.
    static func write(_ text: String, to path: String) throws(ModelError) {
        var file = try ModelFileWriter(path: path)
        try file.write(Array(text.utf8))
        try file.commit()
    }
}
