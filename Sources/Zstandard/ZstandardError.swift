/// What can be wrong with zstd data, or with the wish to make some.
public enum ZstandardError: Error, Equatable, Sendable {
    /// There was no data at all, not even one frame.
    case empty
    /// The data does not begin as zstd data does.
    case notZstandard
    /// The byte at `offset` follows a whole frame and begins no other.
    case trailingBytes(offset: Int)
    /// The data ends inside a frame.
    case truncated
    /// The frame that begins at `frameOffset` breaks the format's rules; `reason` is libzstd's.
    case corrupt(frameOffset: Int, reason: String)
    /// What was decoded from the frame that begins at `frameOffset` is not what was encoded.
    case checksumMismatch(frameOffset: Int)
    /// The frame that begins at `frameOffset` was made with a dictionary.
    case dictionaryNeeded(frameOffset: Int)
    /// A frame asks for more memory than was allowed.
    case windowTooLarge(maximumWindowLog: Int)
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
        case .truncated:
            "the zstd data ends inside a frame: it was cut short; fetch or make the file again"
        case .corrupt(let offset, let reason):
            "the zstd frame that begins at byte \(offset) is corrupt (\(reason)); "
                + "fetch or make the file again"
        case .checksumMismatch(let offset):
            "the zstd frame that begins at byte \(offset) does not match its checksum; "
                + "fetch or make the file again"
        case .dictionaryNeeded(let offset):
            "the zstd frame that begins at byte \(offset) was made with a dictionary, which is not supported; "
                + "compress it again without one"
        case .windowTooLarge(let maximumWindowLog):
            "the zstd data asks for a window of more than 2^\(maximumWindowLog) bytes; "
                + "allow a larger window or compress it again without --long or --ultra"
        case .levelOutOfRange(let level, let lowest, let highest):
            "there is no zstd level \(level); choose one from \(lowest) to \(highest)"
        case .windowLogOutOfRange(let windowLog, let lowest, let highest):
            "there is no zstd window of 2^\(windowLog) bytes; choose from \(lowest) to \(highest)"
        case .libraryFailure(let reason):
            "libzstd failed: \(reason)"
        }
    }
}
