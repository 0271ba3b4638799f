public import Files

/// An error between a Parquet file and its texts.
public enum ParquetError: Error, Equatable, Sendable {
    /// The file cannot be read or written.
    case file(FileError)
    /// The file breaks the rules of the format at the byte `offset`.
    case malformed(path: String, offset: Int, reason: String)
    /// The file is as the format allows, and has at the byte `offset` what is not read here.
    case unsupported(path: String, offset: Int, reason: String)
    /// The page at the byte `offset` is larger than the limits allow, which are `limit` bytes.
    case pageTooLarge(path: String, offset: Int, byteCount: Int, limit: Int)
    /// The file has no column of this name; it has those that are `known`.
    case missingColumn(path: String, name: String, known: [String])
    /// A value that is to be written is larger than a page can be.
    case valueTooLarge(byteCount: Int)
}

extension ParquetError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .malformed(let path, let offset, let reason),
            .unsupported(let path, let offset, let reason):
            "\(path), byte \(offset): \(reason)"
        case .pageTooLarge(let path, let offset, let byteCount, let limit):
            "\(path), byte \(offset): the page that begins here has \(byteCount) bytes, and "
                + "\(limit) are the most"
        case .missingColumn(let path, let name, let known):
            "\(path) has no column \"\(name)\", only "
                + known.map { "\"\($0)\"" }.joined(separator: ", ")
        case .valueTooLarge(let byteCount):
            "a text of \(byteCount) bytes is larger than Parquet's pages, which have at most 2 GiB"
        }
    }
}

/// What is wrong with a part of a file, which those who know the file make a ``ParquetError`` of.
struct ParquetFault: Error, Equatable {
    /// The place in the part, or nil for its beginning.
    var offset: Int?
    var reason: String
    var kind = Kind.malformed

    enum Kind: Equatable {
        case malformed
        /// The format allows it, and it is not read here.
        case unsupported
        case pageTooLarge(byteCount: Int, limit: Int)
    }

    init(_ reason: String, at offset: Int? = nil) {
        self.reason = reason
        self.offset = offset
    }

    static func unsupported(_ reason: String, at offset: Int? = nil) -> ParquetFault {
        var fault = ParquetFault(reason, at: offset)
        fault.kind = .unsupported
        return fault
    }

    static func pageTooLarge(_ byteCount: Int, limit: Int) -> ParquetFault {
        var fault = ParquetFault("too large")
        fault.kind = .pageTooLarge(byteCount: byteCount, limit: limit)
        return fault
    }

    /// The error in the file at `path`, in which the part begins at the byte `start`.
    func error(in path: String, from start: Int) -> ParquetError {
        let offset = start + (offset ?? 0)
        return switch kind {
        case .malformed: .malformed(path: path, offset: offset, reason: reason)
        case .unsupported: .unsupported(path: path, offset: offset, reason: reason)
        case .pageTooLarge(let byteCount, let limit):
            .pageTooLarge(path: path, offset: offset, byteCount: byteCount, limit: limit)
        }
    }
}

/// Calls `body`, and makes the failure of a file in it one of Parquet.
func namingFile<Result: ~Copyable>(
    _ body: () throws(FileError) -> Result
) throws(ParquetError) -> Result {
    do throws(FileError) {
        return try body()
    } catch {
        throw .file(error)
    }
}
