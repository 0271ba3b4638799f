/// Errors in zstd data, or in the wish to make some.
public enum ZstandardError: Error, Equatable, Sendable {
    /// There was no data at all, not even one frame.
    case empty
    /// The data does not begin as zstd data does.
    case notZstandard
    /// The byte at `offset` follows a whole frame and begins no other.
    case trailingBytes(offset: Int)
    /// The data ends inside the frame that begins at `frameOffset`.
    case truncated(frameOffset: Int)
    /// The frame that begins at `frameOffset` breaks the format's rules; `reason` is libzstd's.
    case corrupt(frameOffset: Int, reason: String)
    /// The checksum of the frame that begins at `frameOffset` is not that of its decoded bytes.
    case checksumMismatch(frameOffset: Int)
    /// The frame that begins at `frameOffset` was made with a dictionary.
    case dictionaryNeeded(frameOffset: Int, dictionaryID: Int)
    /// The frame that begins at `frameOffset` asks for more memory than was allowed.
    case windowTooLarge(frameOffset: Int, windowByteCount: Int, maximumWindowLog: Int)
    /// The frame that begins at `frameOffset` holds more, or less, than its header states.
    case contentSizeMismatch(frameOffset: Int, statedByteCount: Int, isLonger: Bool)
    /// A compression level that libzstd does not have.
    case levelOutOfRange(level: Int, lowest: Int, highest: Int)
    /// A window limit that libzstd does not have.
    case windowLogOutOfRange(windowLog: Int, lowest: Int, highest: Int)
    /// libzstd failed for a reason that is not in the data.
    case libraryFailure(reason: String)
}

extension ZstandardError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .empty:
            "the zstd data is empty, without even one frame; fetch or make the file again"
        case .notZstandard:
            "this is not zstd data: it does not begin with a frame"
        case .trailingBytes(let offset):
            "byte \(offset) follows the last zstd frame and begins no other; "
                + "cut the file there or make it again"
        case .truncated(let offset):
            "the zstd data ends inside the frame that begins at byte \(offset): it was cut short; "
                + "fetch or make the file again"
        case .corrupt(let offset, let reason):
            "the zstd frame that begins at byte \(offset) is corrupt (\(reason)); "
                + "fetch or make the file again"
        case .checksumMismatch(let offset):
            "the zstd frame that begins at byte \(offset) does not match its checksum; "
                + "fetch or make the file again"
        case .dictionaryNeeded(let offset, let dictionaryID):
            "the zstd frame that begins at byte \(offset) was made with dictionary \(dictionaryID), "
                + "and dictionaries are not supported; compress it again without one"
        case .windowTooLarge(let offset, let windowByteCount, let maximumWindowLog):
            "the zstd frame that begins at byte \(offset) asks for a window of \(windowByteCount) "
                + "bytes, and 2^\(maximumWindowLog) are allowed; "
                + "allow a larger window or compress it again without --long or --ultra"
        case .contentSizeMismatch(let offset, let statedByteCount, let isLonger):
            "the zstd frame that begins at byte \(offset) holds \(isLonger ? "more" : "less") than "
                + "the \(statedByteCount) bytes that its header states; fetch or make the file again"
        case .levelOutOfRange(let level, let lowest, let highest):
            "there is no zstd level \(level); choose one from \(lowest) to \(highest)"
        case .windowLogOutOfRange(let windowLog, let lowest, let highest):
            "there is no zstd window of 2^\(windowLog) bytes; choose from \(lowest) to \(highest)"
        case .libraryFailure(let reason):
            "libzstd failed: \(reason)"
        }
    }
}
