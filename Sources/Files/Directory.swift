import Foundation

/// Makes the directory `path`, and those above it that are missing; one that is there stays as it
/// is.
public func makeDirectory(_ path: String) throws(FileError) {
    try FileError.naming("create the directory", path) {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }
}

/// The names in the directory `path`, sorted. O(n log n).
public func namesInDirectory(_ path: String) throws(FileError) -> [String] {
    try FileError.naming("list", path) {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}

/// Removes the file or link `path`, or the directory with all that is in it. O(files).
public func removeItem(_ path: String) throws(FileError) {
    try FileError.naming("remove", path) {
        try FileManager.default.removeItem(atPath: path)
    }
}
