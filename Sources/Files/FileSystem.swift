package import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The file system's verbs: what is done to files and directories by their names.
public enum FileSystem {
    /// Makes the directory `path`, and those above it that are missing, durably: a file in them is
    /// no more lasting than their names. One that is there stays as it is.
    public static func makeDirectory(_ path: String) throws(FileError) {
        var missing: [String] = []
        var place = FilePlace.trimmed(path)
        while unsafe access(place, F_OK) != 0, !missing.contains(place) {
            missing.append(place)
            place = FilePlace.trimmed(parentDirectory(of: place))
        }
        try FileError.naming("create the directory", path) {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }
        for directory in missing { try syncDirectory(containing: directory) }
    }

    /// The names in the directory `path`, sorted. O(n log n).
    public static func namesInDirectory(_ path: String) throws(FileError) -> [String] {
        try FileError.naming("list", path) {
            try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        }
    }

    /// The bytes of the file or pipe at `path`; nil if there is none. O(bytes).
    ///
    /// - Throws: ``FileError`` for one that is there and cannot be read, as where that is not
    ///   permitted, and for a pipe that nobody writes to.
    package static func contents(_ path: String) throws(FileError) -> Data? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var data = Data()
        do throws(FileError) {
            var file = try InputFile(path: path == "-" ? "./-" : path, expectsWriter: true)
            while case let count = try file.read(into: &bytes, from: 0), count > 0 {
                data.append(contentsOf: bytes[..<count])
            }
        } catch {
            if isMissing(path) { return nil }
            throw error
        }
        return data
    }

    /// The bytes of the regular file at `path`; nil if there is none, or it cannot be read.
    /// O(bytes).
    package static func contentsIfReadable(_ path: String) -> Data? {
        guard FileIdentity(path: path, followsLinks: true)?.isRegular == true else { return nil }
        return try? contents(path)
    }

    /// Whether nothing is at `path`, which is more than that it cannot be looked at.
    package static func isMissing(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR)
    }

    /// Whether a directory lies at `path`, or a link leads from there to one.
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Bytes that a user can still write on the disk of what would lie at `path`; nil where that is
    /// not known.
    package static func availableByteCount(at path: String) -> Int? {
        var place = FilePlace.trimmed(path)
        var status = statvfs()
        while unsafe statvfs(place, &status) != 0 {
            let parent = parentDirectory(of: place)
            guard parent != place else { return nil }
            place = parent
        }
        let (count, overflows) = Int(truncatingIfNeeded: status.f_bavail)
            .multipliedReportingOverflow(by: Int(truncatingIfNeeded: status.f_frsize))
        return overflows || count < 0 ? nil : count
    }

    /// Removes the file or link `path`, or the directory with all that is in it. O(files).
    ///
    /// FUSE and NFS keep a removed file under a name of their own until it is closed, and learn of
    /// that a moment after the call that closes it: such a directory is tried again for a second.
    public static func removeItem(_ path: String) throws(FileError) {
        var attemptCount = 100
        while true {
            do throws(FileError) {
                return try FileError.naming("remove", path) {
                    try FileManager.default.removeItem(atPath: path)
                }
            } catch {
                attemptCount -= 1
                guard attemptCount > 0, holdsOnlyClosingFiles(path) else { throw error }
                usleep(10_000)
            }
        }
    }

    /// Whether `path` is a directory of nothing but files that FUSE or NFS are about to remove.
    private static func holdsOnlyClosingFiles(_ path: String) -> Bool {
        guard let names = try? namesInDirectory(path) else { return false }
        return names.allSatisfy { $0.hasPrefix(".fuse_hidden") || $0.hasPrefix(".nfs") }
    }

    /// Removes the file at `path`, if there is one.
    public static func removeFile(_ path: String) throws(FileError) {
        guard unsafe unlink(path) != 0, errno != ENOENT else { return }
        throw .current("remove", path)
    }

    /// Gives a file or link another name, durably, in place of what had that name.
    public static func renameFile(_ path: String, to newPath: String) throws(FileError) {
        try moveFile(path, to: newPath)
        try syncDirectory(containing: newPath)
    }

    /// Gives a file another name, in place of what had that name; the caller makes the names
    /// durable.
    public static func moveFile(_ path: String, to newPath: String) throws(FileError) {
        guard unsafe rename(path, newPath) == 0 else { throw .current("rename", path) }
    }

    /// The directory that holds `path`: `.` for a name without one.
    public static func parentDirectory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes the names in the directory that holds `path` durable, on a file system that can.
    public static func syncDirectory(containing path: String) throws(FileError) {
        let directory = parentDirectory(of: path)
        let descriptor = unsafe open(directory, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .current("open", directory) }
        defer { close(descriptor) }
        // POSIX: EINVAL is said of what cannot be synced at all, such as the directories of some
        // network file systems. There is nothing more to be had there.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw .current("sync", directory)
        }
    }
}
