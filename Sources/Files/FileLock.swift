#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Keeps other processes off a piece of work, for as long as the value lives: the lock goes with
/// its process, however that ends.
///
/// Every process asks at the same path. The file stays behind, empty. On a file system that knows
/// no locks there is no protection, as if the process were alone.
///
/// A class, because a lock is held as long as there is a reference to the object.
public final class FileLock: Sendable {
    /// Mode of a lock: shared or exclusive.
    public enum Mode: Sendable {
        /// Any number of processes at once.
        case shared
        /// One process, and none with a shared lock.
        case exclusive
    }

    private let descriptor: Int32

    /// Takes the lock at `path`; nil when another process has one that excludes it. Does not wait.
    public init?(path: String, _ mode: Mode) throws(FileError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .current("open", path) }
        let operation = mode == .shared ? LOCK_SH : LOCK_EX
        while flock(descriptor, operation | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return nil
            case ENOLCK, ENOSYS, ENOTSUP: return
            default: throw .current("lock", path)
            }
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Closing alone would leave the lock to a child process that is just being started and has
        // not let go of what it inherited.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
