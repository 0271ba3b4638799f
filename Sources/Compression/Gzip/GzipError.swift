/// Errors in gzip data.
public enum GzipError: Error, Equatable, Sendable {
    /// There was no data at all.
    case empty
    /// The data does not begin as gzip data does.
    case notGzip
    /// The byte at `offset` follows a whole member and begins no other.
    case trailingBytes(offset: Int)
    /// The data ends inside the member that begins at `memberOffset`.
    case truncated(memberOffset: Int)
    /// The member that begins at `memberOffset` breaks the format's rules; `reason` is zlib's.
    case corrupt(memberOffset: Int, reason: String)
    /// The checksum of the member that begins at `memberOffset` is not that of its decoded bytes.
    case checksumMismatch(memberOffset: Int)
    /// zlib failed for a reason that is not in the data.
    case libraryFailure(reason: String)
}

extension GzipError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .empty:
            "the gzip data is empty; fetch or make the file again"
        case .notGzip:
            "this is not gzip data: it does not begin with a member"
        case .trailingBytes(let offset):
            "byte \(offset) follows the last gzip member and begins no other; "
                + "cut the file there or make it again"
        case .truncated(let offset):
            "the gzip data ends inside the member that begins at byte \(offset): it was cut short; "
                + "fetch or make the file again"
        case .corrupt(let offset, let reason):
            "the gzip member that begins at byte \(offset) is corrupt (\(reason)); "
                + "fetch or make the file again"
        case .checksumMismatch(let offset):
            "the gzip member that begins at byte \(offset) does not match its checksum; "
                + "fetch or make the file again"
        case .libraryFailure(let reason):
            "zlib failed: \(reason)"
        }
    }
}
