#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Names of what is being made: `NAME.a1B2c3.partial` beside `NAME`, with six letters or digits
/// drawn for each writer, so that no two writers meet and nothing that is there is written over.
enum PartialName {
    private static let suffix = ".partial"
    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
    private static let drawnCount = 6
    /// Names that are tried; one of two billion is taken by accident hardly ever.
    static let attemptCount = 100

    /// A name for what is made in place of `path`.
    static func draw(beside path: String) -> String {
        let drawn = (0..<drawnCount).map { _ in alphabet.randomElement()! }
        return path + "." + String(decoding: drawn, as: UTF8.self) + suffix
    }

    /// The paths beside `path` that such names have. O(files of its directory).
    static func all(beside path: String) -> [String] {
        let front = Array((path.split(separator: "/").last.map(String.init) ?? "").utf8) + [0x2E]
        let end = Array(suffix.utf8)
        let length = front.count + drawnCount + end.count
        let directory = FileSystem.parentDirectory(of: path)
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var paths: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe Array(bytes.prefix { $0 != 0 })
            }
            guard name.count == length, name.starts(with: front),
                name[(length - end.count)...].elementsEqual(end),
                name[front.count...].prefix(drawnCount).allSatisfy(alphabet.contains),
                let text = String(validating: name, as: UTF8.self)
            else { continue }
            paths.append(directory + "/" + text)
        }
        return paths
    }
}

/// Files under partial names. Each is locked by its writer, for as long as that lives, so that a
/// later one can tell what a killed one has left.
enum PartialFile {
    /// Makes an empty file beside `path` and locks it.
    ///
    /// Never a file that is there, nor one that a link leads to: the name is made anew or the call
    /// fails. On a file system without locks the file is not locked, and nothing clears it if its
    /// writer is killed.
    static func create(
        beside path: String, mode: mode_t
    ) throws(FileError) -> (descriptor: Int32, path: String) {
        for _ in 0..<PartialName.attemptCount {
            let name = PartialName.draw(beside: path)
            let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let descriptor = unsafe open(name, flags, mode)
            guard descriptor >= 0 else {
                if errno == EEXIST || errno == EINTR { continue }
                throw .current("create", path)
            }
            // Between the two calls another process may have taken the file for a dead one's.
            if FileIdentity.lock(descriptor, LOCK_EX) != .taken,
                let file = FileIdentity(descriptor), file.nameCount > 0
            {
                return (descriptor, name)
            }
            close(descriptor)
        }
        throw .failed(operation: "create", path: path, reason: "no name for it is free")
    }

    /// Removes the files beside `path` whose writers are dead. O(files of the directory).
    static func clear(beside path: String) {
        for name in PartialName.all(beside: path) {
            let flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
            let descriptor = unsafe open(name, flags)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            guard let file = FileIdentity(descriptor), file.isRegular,
                FileIdentity.lock(descriptor, LOCK_EX) == .held, FileIdentity(path: name) == file
            else { continue }
            unsafe unlink(name)
        }
    }
}

/// A file or directory as the system knows it, whatever its names are.
struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let number: UInt64
    let isRegular: Bool
    let isDirectory: Bool
    /// The names that lead to it, links not counted.
    let nameCount: UInt64

    static func == (one: Self, other: Self) -> Bool {
        one.device == other.device && one.number == other.number
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(device)
        hasher.combine(number)
    }

    /// What flock(2) said.
    enum LockResult {
        /// The lock is the caller's.
        case held
        /// Another one has it.
        case taken
        /// The file system has no locks.
        case unknown
    }

    private init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
        isRegular = status.st_mode & S_IFMT == S_IFREG
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        nameCount = UInt64(truncatingIfNeeded: status.st_nlink)
    }

    /// The open file; nil if it cannot be examined.
    init?(_ descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// What is at `path`, a link itself unless `followsLinks`; nil if nothing is.
    init?(path: String, followsLinks: Bool = false) {
        var status = stat()
        let result =
            followsLinks ? unsafe stat(path, &status) : unsafe lstat(path, &status)
        guard result == 0 else { return nil }
        self.init(status)
    }

    /// Takes a lock of an open file, without waiting.
    static func lock(_ descriptor: Int32, _ operation: Int32) -> LockResult {
        while flock(descriptor, operation | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return .taken
            default: return .unknown
            }
        }
        return .held
    }
}
