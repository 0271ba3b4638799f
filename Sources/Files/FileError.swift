import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Errors between a program and the file system.
public enum FileError: Error, Equatable, Sendable {
    /// A call of the operating system failed.
    ///
    /// - Parameters:
    ///   - operation: the failed operation, as a verb: "open", "write".
    ///   - path: the file it was tried on.
    ///   - reason: the system's own words, such as "No such file or directory".
    case failed(operation: String, path: String, reason: String)
    /// A stop was asked for while a pipe was waited for.
    case stopped(path: String)
    /// Another process is writing the output at the path.
    case inUse(path: String)
    /// An output is an input, lies in one or holds one.
    case outputMeetsInput(output: String, input: String, overlap: FilePlace.Overlap)
    /// A file that would be replaced is of another kind than the new one.
    case otherKind(path: String, wanted: String)
    /// An output would be written into a result of another kind, which has its files there.
    case outputInResult(output: String, result: String, kind: String)

    /// The failure that `errno` describes now.
    package static func current(_ operation: String, _ path: String) -> FileError {
        .failed(operation: operation, path: path, reason: unsafe String(cString: strerror(errno)))
    }
}

extension FileError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .failed(let operation, let path, let reason):
            "could not \(operation) \(path): \(reason)"
        case .stopped(let path): "the work was stopped while \(path) was waited for"
        case .inUse(let path):
            "another quern process is writing \(path): wait for it, or choose another output"
        case .outputMeetsInput(let output, let input, .same):
            "the output \(output) is the input \(input): choose another output"
        case .outputMeetsInput(let output, let input, .inside):
            "the output \(output) lies in the input \(input): choose one outside of it"
        case .outputMeetsInput(let output, let input, .around):
            "the output \(output) holds the input \(input): choose a directory of its own"
        case .otherKind(let path, let wanted):
            "\(path) is there and is not \(wanted), so it is not replaced: choose another output"
        case .outputInResult(let output, let result, let kind):
            output == result
                ? "the output \(output) is a \(kind): choose another one"
                : "the output \(output) lies in the \(kind) \(result): choose one outside of it"
        }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

extension FileError {
    /// Calls `body`, and gives what Foundation throws from it the form of every other failure here.
    ///
    /// - Parameters:
    ///   - operation: the operation of `body`, as a verb: "create", "remove".
    ///   - path: the file or folder it is tried on.
    package static func naming<Result>(
        _ operation: String, _ path: String, _ body: () throws -> Result
    ) throws(FileError) -> Result {
        do {
            return try body()
        } catch let error as FileError {
            throw error
        } catch {
            throw .failed(operation: operation, path: path, reason: reason(of: error as NSError))
        }
    }

    /// The system's own words, if a call of the system is what failed at the bottom.
    private static func reason(of error: NSError) -> String {
        if let cause = error.userInfo[NSUnderlyingErrorKey] as? any Error {
            return reason(of: cause as NSError)
        }
        if error.domain == NSPOSIXErrorDomain {
            return unsafe String(cString: strerror(Int32(error.code)))
        }
        return error.localizedDescription
    }
}
