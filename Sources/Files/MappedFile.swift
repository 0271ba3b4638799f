#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A file read through the page cache, without a copy.
///
/// A class, because a mapping has one owner and many readers: it goes when the last of them does.
/// Memory in use is what has been touched, and the kernel takes it back under pressure.
@safe public final class MappedFile: @unchecked Sendable {
    // Unchecked, because the bytes are never written through this mapping and the pointer never
    // leaves the object, so that any number of threads may read at once.
    private let base: UnsafeRawPointer?

    /// The file's path, as it was given.
    public let path: String

    /// The file's length in bytes.
    public let byteCount: Int

    /// Maps the file at `path`.
    public init(path: String) throws(FileError) {
        // To open a FIFO would wait for a writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .current("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .current("examine", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .failed(operation: "open", path: path, reason: "not a regular file")
        }
        let size = Int(status.st_size)
        var start: UnsafeRawPointer? = nil
        if size > 0 {
            // The kernel refuses to map nothing, so an empty file has no mapping.
            let mapping = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
            guard unsafe mapping != MAP_FAILED else { throw .current("map", path) }
            unsafe start = UnsafeRawPointer(mapping)
        }
        unsafe self.base = unsafe start
        self.path = path
        byteCount = size
    }

    deinit {
        if let base = unsafe base {
            unsafe munmap(UnsafeMutableRawPointer(mutating: base), byteCount)
        }
    }

    /// Takes pages of the file out of the process's memory, of which the kernel may keep a copy:
    /// what is read next there is mapped again. For those who have read much and need none of it
    /// soon. O(pages in memory).
    ///
    /// - Parameter range: the bytes; all of them if none are given.
    package func forget(_ range: Range<Int>? = nil) {
        guard let base = unsafe base else { return }
        let range = range ?? 0..<byteCount
        let start = range.lowerBound & -Int(getpagesize())
        // Advice for a mapping that nobody writes to: its bytes stay what they are in the file.
        _ = unsafe madvise(
            UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start,
            MADV_DONTNEED)
    }

    /// Calls `body` with the file's bytes.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = unsafe RawSpan(
            _unsafeBytes: UnsafeRawBufferPointer(start: base, count: byteCount))
        return try body(bytes)
    }
}
