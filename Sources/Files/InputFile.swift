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
/// is an error. A pipe, and a FIFO that nobody has opened for writing yet, is waited for until a
/// stop is asked for.
package struct InputFile: ~Copyable {
    /// The file's path, or `-` for standard input.
    package let path: String
    private let descriptor: Int32
    /// Bytes up to the end of the part.
    private var remaining: Int
    /// Bytes that the file had when it was opened and that have not been read: an end before them
    /// is no end. None for what is not a regular file.
    private var promised: Int
    /// Whether reading is to end while it waits; nil for what does not wait, and where nobody asks.
    private let isStopped: (@Sendable () -> Bool)?
    /// Whether it is a FIFO of which nothing has come yet, and for which nobody shall wait.
    private var isUnheard: Bool

    /// Milliseconds after which a stop is looked for.
    private static let patience: Int32 = 100

    /// Opens the file at `path`, or standard input for `-`.
    ///
    /// - Parameters:
    ///   - range: the part of the file that is read.
    ///   - isStopped: whether waiting for a pipe is to end, with ``FileError/stopped(path:)``.
    package init(
        path: String, range: Range<Int>? = nil, isStopped: (@Sendable () -> Bool)? = nil,
        expectsWriter: Bool = false
    ) throws(FileError) {
        var descriptor: Int32 = STDIN_FILENO
        let isPipe = (isStopped != nil || expectsWriter) && path != "-" && Self.isPipe(path)
        if path != "-" {
            // To open a FIFO waits for its writer, unless it is told not to: then reading does.
            let waits = isPipe ? O_NONBLOCK : 0
            descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | waits)
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
        isUnheard = isPipe && expectsWriter
        let never: @Sendable () -> Bool = { false }
        self.isStopped = promised > 0 ? nil : isPipe ? isStopped ?? never : isStopped
    }

    /// Whether `path` is a FIFO.
    private static func isPipe(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }

    /// Waits until there is something to read, or the end of it.
    private func wait() throws(FileError) {
        guard let isStopped else { return }
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            if isStopped() { throw .stopped(path: Self.name(path)) }
            let count = unsafe poll(&state, 1, Self.patience)
            // What is wrong with the descriptor is for the read to say.
            if count > 0 || count < 0 && errno != EINTR { return }
        }
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// Reads what there is to `buffer`, from `start` on and up to its end; 0 behind the last byte.
    package mutating func read(into buffer: inout [UInt8], from start: Int) throws(FileError) -> Int
    {
        let end = start + min(buffer.count - start, remaining)
        let descriptor = descriptor
        var count = 0
        repeat {
            // One that nobody has opened for writing is at its end.
            if !isUnheard { try wait() }
            count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe systemRead(
                    descriptor, UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end]))
            }
            if count < 0, errno == EAGAIN { isUnheard = false }
        } while count < 0 && (errno == EINTR || errno == EAGAIN && isStopped != nil)
        if count == 0, end > start, isUnheard {
            throw .failed(
                operation: "read", path: Self.name(path),
                reason: "it is a pipe that nobody writes to, and no file")
        }
        isUnheard = isUnheard && count <= 0
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
