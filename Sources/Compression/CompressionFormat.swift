/// Compression of a file's bytes.
public enum CompressionFormat: CaseIterable, Sendable {
    /// zstd, RFC 8878.
    case zstandard
    /// gzip, RFC 1952.
    case gzip

    /// The ending of a compressed file's name.
    public var ending: String {
        switch self {
        case .zstandard: ".zst"
        case .gzip: ".gz"
        }
    }

    /// Format by the ending of a file's name; nil if it is not compressed.
    public init?(nameOf path: String) {
        guard let format = Self.allCases.first(where: { path.hasSuffix($0.ending) }) else {
            return nil
        }
        self = format
    }

    /// Format by the first four bytes of a file, or else by its name; nil if it is not compressed.
    public init?(firstBytes: Span<UInt8>, path: String = "") {
        if beginsZstandardFrame(firstBytes) {
            self = .zstandard
        } else if beginsGzipMember(firstBytes) {
            self = .gzip
        } else {
            self.init(nameOf: path)
        }
    }

    /// A decoder of data from its beginning.
    ///
    /// - Parameters:
    ///   - maximumWindowLog: the binary logarithm of the largest window that zstd data may ask for;
    ///     see ``ZstandardDecoder/init(maximumWindowLog:startOffset:isExact:)``.
    ///   - isExact: whether all that stands before damage is given out, however the data is cut
    ///     into calls.
    public func makeDecoder(
        maximumWindowLog: Int = 27, isExact: Bool = false
    ) throws(CompressionError) -> any StreamDecoder & ~Copyable {
        switch self {
        case .zstandard:
            try ZstandardDecoder(maximumWindowLog: maximumWindowLog, isExact: isExact)
        case .gzip: try GzipDecoder(isExact: isExact)
        }
    }

    /// The path without the ending of a compressed file.
    package static func strip(_ path: String) -> Substring {
        path.dropLast(Self(nameOf: path)?.ending.count ?? 0)
    }
}
