import Compression

/// Compression of a file's bytes.
enum Compression {
    case none, zstandard, gzip

    /// Compression by the ending of a file's name.
    init(nameOf path: String) {
        self = path.hasSuffix(".zst") ? .zstandard : path.hasSuffix(".gz") ? .gzip : .none
    }

    /// Compression by the first bytes of a file, or else by its name.
    init(firstBytes: Span<UInt8>, path: String) {
        if beginsZstandardFrame(firstBytes) {
            self = .zstandard
        } else if beginsGzipMember(firstBytes) {
            self = .gzip
        } else {
            self.init(nameOf: path)
        }
    }

    /// The path without the ending of a compressed file.
    static func strip(_ path: String) -> Substring {
        for ending in [".zst", ".gz"] where path.hasSuffix(ending) {
            return path.dropLast(ending.count)
        }
        return path[...]
    }
}
