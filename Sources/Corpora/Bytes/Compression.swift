import Compression

/// How the bytes of a file are compressed.
enum Compression {
    case none, zstandard, gzip

    /// What the name of a file says.
    init(nameOf path: String) {
        self = path.hasSuffix(".zst") ? .zstandard : path.hasSuffix(".gz") ? .gzip : .none
    }

    /// What the first bytes of a file say, or else its name.
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
