import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

extension StorageError {
    /// Calls `body`, and gives what Foundation throws from it the form of every other failure here.
    ///
    /// - Parameters:
    ///   - operation: what `body` tries, as a verb: "create", "remove".
    ///   - path: the file or folder it is tried on.
    package static func naming<Result>(
        _ operation: String, _ path: String, _ body: () throws -> Result
    ) throws(StorageError) -> Result {
        do {
            return try body()
        } catch let error as StorageError {
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
