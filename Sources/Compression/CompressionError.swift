/// Errors in compressed data, or in the wish to make some.
public struct CompressionError: Error, Equatable, Sendable {
    /// The format of the data.
    public let format: CompressionFormat

    /// The error itself.
    public let fault: Fault

    /// A fault of data in `format`.
    public init(_ format: CompressionFormat, _ fault: Fault) {
        self.format = format
        self.fault = fault
    }

    /// Faults. A part is a frame of zstd data or a member of gzip data, and an `offset` is
    /// the place of its first byte.
    public enum Fault: Equatable, Sendable {
        /// There was no data at all, not even one part.
        case empty
        /// The data does not begin as data of the format does.
        case foreign
        /// The byte at `offset` follows a whole part and begins no other.
        case trailingBytes(offset: Int)
        /// The data ends inside a part.
        case truncated(offset: Int)
        /// A part breaks the format's rules; `reason` is the library's.
        case corrupt(offset: Int, reason: String)
        /// The checksum of a part is not that of its decoded bytes.
        case checksumMismatch(offset: Int)
        /// A zstd frame was made with a dictionary.
        case dictionaryNeeded(offset: Int, dictionaryID: Int)
        /// A zstd frame asks for more memory than was allowed.
        case windowTooLarge(offset: Int, windowByteCount: Int, maximumWindowLog: Int)
        /// A zstd frame holds more, or less, than its header states.
        case contentSizeMismatch(offset: Int, statedByteCount: Int, isLonger: Bool)
        /// A compression level that the library does not have.
        case levelOutOfRange(level: Int, lowest: Int, highest: Int)
        /// A window limit that the library does not have.
        case windowLogOutOfRange(windowLog: Int, lowest: Int, highest: Int)
        /// The library failed for a reason that is not in the data.
        case libraryFailure(reason: String)
    }
}

extension CompressionError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        let (name, part, library) =
            switch format {
            case .zstandard: ("zstd", "frame", "libzstd")
            case .gzip: ("gzip", "member", "zlib")
            }
        let again = "fetch or make the file again"
        func place(_ offset: Int) -> String { "the \(name) \(part) that begins at byte \(offset)" }
        switch fault {
        case .empty:
            return "the \(name) data is empty, without even one \(part); \(again)"
        case .foreign:
            return "this is not \(name) data: it does not begin with a \(part)"
        case .trailingBytes(let offset):
            return "byte \(offset) follows the last \(name) \(part) and begins no other; "
                + "cut the file there or make it again"
        case .truncated(let offset):
            return "the \(name) data ends inside the \(part) that begins at byte \(offset): "
                + "it was cut short; \(again)"
        case .corrupt(let offset, let reason):
            return "\(place(offset)) is corrupt (\(reason)); \(again)"
        case .checksumMismatch(let offset):
            return "\(place(offset)) does not match its checksum; \(again)"
        case .dictionaryNeeded(let offset, let dictionaryID):
            return "\(place(offset)) was made with dictionary \(dictionaryID), "
                + "and dictionaries are not supported; compress it again without one"
        case .windowTooLarge(let offset, let windowByteCount, let maximumWindowLog):
            return "\(place(offset)) asks for a window of \(windowByteCount) bytes, "
                + "and 2^\(maximumWindowLog) are allowed; "
                + "allow a larger window or compress it again without --long or --ultra"
        case .contentSizeMismatch(let offset, let statedByteCount, let isLonger):
            return "\(place(offset)) holds \(isLonger ? "more" : "less") than the "
                + "\(statedByteCount) bytes that its header states; \(again)"
        case .levelOutOfRange(let level, let lowest, let highest):
            return "there is no \(name) level \(level); choose one from \(lowest) to \(highest)"
        case .windowLogOutOfRange(let windowLog, let lowest, let highest):
            return "there is no \(name) window of 2^\(windowLog) bytes; "
                + "choose from \(lowest) to \(highest)"
        case .libraryFailure(let reason):
            return "\(library) failed: \(reason)"
        }
    }
}
