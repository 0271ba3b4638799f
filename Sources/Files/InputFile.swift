#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// An open file, or a part of one, or standard input, read front to back.
///
/// A file that ends before the bytes that it had when it was opened, or before the end of the part,
/// is an error.
package struct InputFile: ~Copyable {
    /// The file's path, or `-` for standard input.
    package let path: String
    private let descriptor: Int32
    /// Bytes up to the end of the part.
    private var remaining: Int
    /// Bytes that the file had when it was opened and that have not been read: an end before them
    /// is no end. None for what is not a regular file.
    private var promised: Int

    /// Opens the file at `path`, or standard input for `-`.
    ///
    /// - Parameter range: the part of the file that is read.
    package init(path: String, range: Range<Int>? = nil) throws(FileError) {
        var descriptor: Int32 = STDIN_FILENO
        if path != "-" {
            descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw .current("open", path) }
        }
        if let range, lseek(descriptor, off_t(range.lowerBound), SEEK_SET) < 0 {
            let failure = FileError.current("read", Self.name(path))
            close(descriptor)
            throw failure
        }
        self.path = path
        self.descriptor = descriptor
        remaining = range?.count ?? .max
        promised = range?.count ?? Self.byteCount(descriptor)
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// Reads what there is to `buffer`, from `start` on and up to its end; 0 behind the last byte.
    package mutating func read(into buffer: inout [UInt8], from start: Int) throws(FileError) -> Int
    {
        let end = start + min(buffer.count - start, remaining)
        let descriptor = descriptor
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end])
            while true {
                let count = unsafe systemRead(descriptor, room)
                if count < 0, errno == EINTR { continue }
                return count
            }
        }
        guard count >= 0 else { throw .current("read", Self.name(path)) }
        if count == 0, end > start, promised > 0 {
            throw .failed(
                operation: "read", path: Self.name(path),
                reason: "it became shorter while it was read")
        }
        remaining -= count
        promised -= count
        return count
    }

    /// The length of an open file; 0 if it is not a regular one.
    private static func byteCount(_ descriptor: Int32) -> Int {
        var status = stat()
        let isRegular =
            unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        return isRegular ? Int(status.st_size) - max(0, Int(lseek(descriptor, 0, SEEK_CUR))) : 0
    }

    /// The input's name for a person.
    private static func name(_ path: String) -> String {
        path == "-" ? "standard input" : path
    }
}

/// `read(2)`, whose name is also that of methods.
private func systemRead(_ descriptor: Int32, _ room: UnsafeMutableRawBufferPointer) -> Int {
    unsafe read(descriptor, room.baseAddress, room.count)
}
