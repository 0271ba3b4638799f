#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A file that is read, and perhaps written, at any place, through buffers of the caller's.
///
/// Unlike a mapping it adds nothing to the memory of the process. A class, because a file has one
/// owner and may have many readers, on any thread: no call moves a position that others see.
public final class OpenFile: Sendable {
    /// The file's path, as it was given.
    public let path: String

    private let descriptor: Int32

    /// Opens the file at `path` for reading.
    public init(path: String) throws(FileError) {
        // To open a FIFO would wait for a writer.
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else { throw .current("open", path) }
        var status = stat()
        if unsafe fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFIFO {
            close(opened)
            throw .failed(operation: "open", path: path, reason: "not a regular file")
        }
        self.path = path
        descriptor = opened
    }

    /// Makes a file for reading and writing that has no name: however the process ends, nothing is
    /// left.
    ///
    /// - Parameter path: beside this path the file's bytes take their place on the disk.
    public init(temporaryBeside path: String) throws(FileError) {
        // A process may be killed before the name is gone.
        PartialFile.clear(beside: path)
        let file = try PartialFile.create(beside: path, mode: 0o600)
        unsafe unlink(file.path)
        self.path = path
        descriptor = file.descriptor
    }

    deinit { close(descriptor) }

    /// The file's length in bytes.
    public var byteCount: Int {
        get throws(FileError) {
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0 else { throw .current("examine", path) }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw .failed(operation: "read", path: path, reason: "not a regular file")
            }
            return Int(status.st_size)
        }
    }

    /// Reads bytes from `offset` on into `buffer`, as many as there are and fit; returns their
    /// number, which is 0 at the end of the file.
    public func read(into buffer: inout [UInt8], at offset: Int) throws(FileError) -> Int {
        try read(into: &buffer, over: buffer.indices, at: offset)
    }

    /// Reads bytes from `offset` on over the elements of `buffer` in `range`, as many as there are
    /// and fit; returns their number.
    package func read<Element: BitwiseCopyable>(
        into buffer: inout [Element], over range: Range<Int>, at offset: Int
    ) throws(FileError) -> Int {
        let stride = MemoryLayout<Element>.stride
        var done = 0
        while done < range.count * stride {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: bytes[range.lowerBound * stride + done..<range.upperBound * stride])
                return unsafe pread(
                    descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("read", path)
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Writes `bytes` from `offset` on.
    public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
        var written = 0
        while written < bytes.byteCount {
            let rest = bytes.extracting(droppingFirst: written)
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor, buffer.baseAddress!, buffer.count, off_t(offset + written))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .current("write", path)
            }
            written += count
        }
    }
}
