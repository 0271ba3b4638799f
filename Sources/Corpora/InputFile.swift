#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// An open file, or standard input.
struct InputFile: ~Copyable {
    /// The file's path, or `-` for standard input.
    let path: String
    private let descriptor: Int32

    /// Opens the file at `path`, or standard input for `-`.
    init(path: String) throws(CorpusError) {
        var descriptor: Int32 = STDIN_FILENO
        if path != "-" {
            descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw systemFailure("open", path) }
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// Reads what there is to `buffer`, from `start` on and up to its end; 0 behind the last byte.
    func read(into buffer: inout [UInt8], from start: Int) throws(CorpusError) -> Int {
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
            while true {
                let count = unsafe systemRead(descriptor, room)
                if count < 0, errno == EINTR { continue }
                return count
            }
        }
        guard count >= 0 else { throw systemFailure("read", path) }
        return count
    }
}
