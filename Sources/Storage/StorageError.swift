#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// What can go wrong between a program and the file system.
public enum StorageError: Error, Equatable, Sendable {
    /// A call of the operating system failed.
    ///
    /// - Parameters:
    ///   - operation: what was tried, as a verb: "open", "write".
    ///   - path: the file it was tried on.
    ///   - reason: the system's own words, such as "No such file or directory".
    case failed(operation: String, path: String, reason: String)

    /// The failure that `errno` describes now.
    @usableFromInline
    static func current(_ operation: String, _ path: String) -> StorageError {
        .failed(operation: operation, path: path, reason: unsafe String(cString: strerror(errno)))
    }
}

extension StorageError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .failed(let operation, let path, let reason):
            "could not \(operation) \(path): \(reason)"
        }
    }
}
