public import Bytes

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A file that grows at its end, and that a later process cuts back to a length it knows and goes
/// on with.
///
/// Unlike ``FileReplacement`` it has its name from the start: who uses it keeps the length that
/// counts somewhere else, and writes that down only after ``sync()``. A class, because the bytes
/// may be synced on another thread while more are appended.
public final class GrowingFile: Sendable {
    /// The file's path, as it was given.
    public let path: String

    private let descriptor: Int32

    /// Makes an empty file at `path`, in place of the file or link that is there. What the link
    /// leads to stays as it is, and so does what has other names.
    public init(creating path: String) throws(FileError) {
        try FileSystem.removeFile(path)
        let opened = unsafe open(
            path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw .current("create", path) }
        self.path = path
        descriptor = opened
    }

    /// Opens the file at `path` and cuts it back to its first `byteCount` bytes.
    ///
    /// - Throws: ``FileError`` also when the file is shorter than that.
    public init(continuing path: String, byteCount: Int) throws(FileError) {
        let opened = unsafe open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { throw .current("open", path) }
        self.path = path
        descriptor = opened
        // From here on `deinit` closes the file.
        var status = stat()
        guard unsafe fstat(opened, &status) == 0 else { throw .current("examine", path) }
        guard Int(status.st_size) >= byteCount else {
            throw .failed(
                operation: "continue", path: path,
                reason: "it has \(status.st_size) bytes where there were \(byteCount)")
        }
        guard ftruncate(opened, off_t(byteCount)) == 0,
            lseek(opened, 0, Int32(SEEK_END)) == off_t(byteCount)
        else { throw .current("cut back", path) }
    }

    deinit { close(descriptor) }

    /// Appends `bytes`.
    public func append(_ bytes: RawSpan) throws(FileError) {
        try unsafe writeWhole(bytes, to: path) { buffer, _ in
            #if canImport(Darwin)
                unsafe Darwin.write(descriptor, buffer.baseAddress!, buffer.count)
            #elseif canImport(Glibc)
                unsafe Glibc.write(descriptor, buffer.baseAddress!, buffer.count)
            #else
                unsafe Musl.write(descriptor, buffer.baseAddress!, buffer.count)
            #endif
        }
    }

    /// Writes `bytes` over what stands at `offset`, for a header that is known last.
    public func overwrite(_ bytes: RawSpan, at offset: Int) throws(FileError) {
        try unsafe writeWhole(bytes, to: path) { buffer, written in
            unsafe pwrite(descriptor, buffer.baseAddress!, buffer.count, off_t(offset + written))
        }
    }

    /// Appends the bytes of `range`, which are in the file, to what `hash` has taken. O(count).
    public func hash(_ range: Range<Int>, into hash: inout XXH64) throws(FileError) {
        var buffer = [UInt8](repeating: 0, count: min(1 << 20, range.count))
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = min(buffer.count, range.upperBound - offset)
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe pread(descriptor, bytes.baseAddress, wanted, off_t(offset))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .current("read", path) }
            guard count > 0 else {
                throw .failed(operation: "read", path: path, reason: "it ends at byte \(offset)")
            }
            unsafe hash.update(buffer.span.extracting(first: count).bytes)
            offset += count
        }
    }

    /// Makes every byte that was appended before the call durable.
    public func sync() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw .current("sync", path) }
    }
}

/// Calls `write` until it has taken all of `bytes`.
///
/// - Parameter write: `write(2)` or the like; it gets what is left and how much is not.
func writeWhole(
    _ bytes: RawSpan, to path: String, _ write: (UnsafeRawBufferPointer, Int) -> Int
) throws(FileError) {
    var written = 0
    while written < bytes.byteCount {
        let rest = bytes.extracting(droppingFirst: written)
        let count = unsafe rest.withUnsafeBytes { unsafe write($0, written) }
        if count < 0 {
            if errno == EINTR { continue }
            throw .current("write", path)
        }
        written += count
    }
}
