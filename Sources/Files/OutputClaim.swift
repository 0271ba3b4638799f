#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Claim of one process on an output: as long as the value lives, no other process writes there.
///
/// A command takes it before its work, so that a second one hears of the first at once and not when
/// both have written. The lock is a hidden, empty file: `.NAME.quern-lock` beside what is replaced,
/// `.quern-lock` in a directory that is filled. It is removed at the end; one that a killed process
/// has left hinders nobody, and the next writer removes it. On a file system that knows no locks
/// there is no protection, as if the process were alone.
///
/// ```swift
/// let claim = try OutputClaim("vocab/mine", .filled)
/// defer { withExtendedLifetime(claim) {} }
/// ```
///
/// A class, because a claim is held as long as there is a reference to the object.
public final class OutputClaim: Sendable {
    /// Way in which an output comes to be.
    public enum Kind: Sendable {
        /// A file, or a directory that is made beside its name and then renamed.
        case replaced
        /// A directory in which files are written; it is made if it is missing.
        case filled
    }

    /// What an output will be, which decides what it may take the place of.
    public enum Content: Sendable {
        /// A file that gives way only to one of its own kind, unless `overwrites`.
        case file(FileKind, overwrites: Bool = false)
        /// A directory, of a kind that is known again where there is one. It may lie in a result
        /// of the kind `within`.
        case directory(ResultKind?, within: ResultKind? = nil)
        /// Anything else.
        case other
    }

    /// Name of the lock in a directory, and end of that beside a file.
    package static let lockName = ".quern-lock"

    /// The output's path.
    public let path: String

    /// Whether the file system keeps others off.
    let isProtected: Bool

    private let lockPath: String
    private let descriptor: Int32
    private let isShared: Bool
    /// Whether the directory was made for the claim, and goes again if nothing is written there.
    private let isNew: Bool

    /// Claims the output at `path`, whose directory is made if it is missing. Waits for a second at
    /// most, and that only where the claim is shared.
    ///
    /// - Parameters:
    ///   - path: the output.
    ///   - kind: the way in which it comes to be.
    ///   - content: what it will be.
    ///   - mode: whether other processes may write there as well that also share the claim.
    /// - Throws: ``FileError/inUse(path:)`` when another process has claimed it,
    ///   ``FileError/otherKind(path:wanted:)`` and
    ///   ``FileError/outputInResult(output:result:kind:)`` for what must not be replaced, and what
    ///   the file system refuses.
    public init(
        _ path: String, _ kind: Kind, making content: Content = .other,
        mode: FileLock.Mode = .exclusive
    ) throws(FileError) {
        let path = FilePlace.trimmed(path)
        try Self.check(path, kind, content)
        let directory = kind == .filled ? path : FileSystem.parentDirectory(of: path)
        let lockPath =
            directory + (kind == .filled ? "/" : "/." + FilePlace.lastName(of: path))
            + Self.lockName
        let isNew = kind == .filled && FileIdentity(path: path, followsLinks: true) == nil
        if kind == .replaced { try FileReplacement.checkKind(path) }
        try FileSystem.makeDirectory(directory)
        var patience = mode == .shared ? Self.sharedAttemptCount : 1
        while true {
            let descriptor = try Self.open(lockPath, for: path)
            let result = FileIdentity.lock(descriptor, mode == .shared ? LOCK_SH : LOCK_EX)
            guard result != .taken else {
                close(descriptor)
                patience -= 1
                guard patience > 0 else { throw .inUse(path: path) }
                usleep(10_000)
                continue
            }
            // The last holder may have removed the file while it was being opened here.
            guard result == .unknown || FileIdentity(path: lockPath) == FileIdentity(descriptor)
            else {
                close(descriptor)
                continue
            }
            self.path = path
            self.lockPath = lockPath
            self.descriptor = descriptor
            self.isNew = isNew
            isShared = mode == .shared
            isProtected = result == .held
            break
        }
        if isProtected, !isShared { PartialFile.clear(beside: path) }
        // Another process may have made something of that name since.
        try Self.check(path, kind, content)
    }

    /// Throws if something is at `path` that must not be replaced, or around it that must not be
    /// added to.
    private static func check(
        _ path: String, _ kind: Kind, _ content: Content
    ) throws(FileError) {
        switch content {
        case .file(let file, let overwrites):
            try ResultKind.check(output: path, making: nil, isFile: true)
            if !overwrites { try file.check(path) }
        case .directory(let result, let outer):
            try ResultKind.check(output: path, making: result, within: outer, isFile: false)
        case .other:
            try ResultKind.check(output: path, making: nil, isFile: kind == .replaced)
        }
    }

    /// Times that a process with a share looks, a hundredth of a second apart: another one that
    /// ends holds the lock alone for a moment, to see whether it was the last.
    private static let sharedAttemptCount = 100

    /// Opens the file of the lock, which is made if it is missing.
    private static func open(_ lockPath: String, for path: String) throws(FileError) -> Int32 {
        let flags = O_CREAT | O_NOFOLLOW | O_CLOEXEC
        for _ in 0..<PartialName.attemptCount {
            var descriptor = openFile(lockPath, flags | O_RDWR)
            // One that a killed process of another user has left can still be locked.
            if descriptor < 0, errno == EACCES {
                descriptor = openFile(lockPath, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
                if descriptor < 0 { errno = EACCES }
            }
            if descriptor >= 0 { return descriptor }
            // The directory has gone with a process that had made it and wrote nothing there.
            guard errno == ENOENT else { break }
            try FileSystem.makeDirectory(FileSystem.parentDirectory(of: lockPath))
        }
        throw .current("write", path)
    }

    deinit {
        // A shared lock that becomes an exclusive one was the last.
        if !isShared || FileIdentity.lock(descriptor, LOCK_EX) != .taken,
            let file = FileIdentity(descriptor), file == FileIdentity(path: lockPath)
        {
            unsafe unlink(lockPath)
        }
        // Closing alone would leave the lock to a child process that is just being started.
        _ = flock(descriptor, LOCK_UN)
        // Before the directory goes: some file systems keep an open file in it under another name.
        close(descriptor)
        if isNew { unsafe rmdir(path) }
    }
}

private func openFile(_ path: String, _ flags: Int32) -> Int32 { unsafe open(path, flags, 0o644) }
