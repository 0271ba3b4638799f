import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A name in a directory that stands for another one there, as `latest` does for the newest of
/// several.
///
/// It is a symbolic link; where the file system has none, as FAT and what many tools make of a
/// copy, it is a file that holds the name and a line break.
package enum FilePointer {
    /// The call that makes a symbolic link, `symlink(2)`.
    package typealias LinkCall = (_ name: String, _ path: String) -> Int32

    /// No name of a file is longer, so that a larger file is none of ours.
    private static let nameLimit = 255

    /// The name that the pointer at `path` stands for; nil if there is nothing, or something else.
    package static func target(at path: String) -> String? {
        if let name = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
            return name
        }
        guard let file = try? MappedFile(path: path), file.byteCount <= nameLimit + 1 else {
            return nil
        }
        let text = file.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        }
        let name = text.trimmingCharacters(in: .newlines)
        return name.isEmpty || name.contains("/") ? nil : name
    }

    /// Whether a directory itself lies at `path`, and no link to one.
    package static func isDirectory(at path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Lets `path` stand for `name`, which lies in the same directory, durably and in one move, so
    /// that it never stands for nothing.
    ///
    /// - Parameters:
    ///   - path: the pointer, or what takes its place; no directory.
    ///   - name: the name that it is to stand for.
    ///   - link: makes a symbolic link; another than the system's is for tests.
    package static func point(
        _ path: String, to name: String, link: LinkCall = { unsafe symlink($0, $1) }
    ) throws(FileError) {
        let fresh = path + ".partial"
        // A killed process may have left one.
        try FileSystem.removeFile(fresh)
        guard link(name, fresh) != 0 else {
            return try FileSystem.renameFile(fresh, to: path)
        }
        switch errno {
        case EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS: try FileReplacement.write(name + "\n", to: path)
        default: throw .current("create", fresh)
        }
    }
}
