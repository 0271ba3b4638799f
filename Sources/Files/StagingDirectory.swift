internal import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A directory that appears whole or not at all.
///
/// Files are written into ``path``, a directory with a name of its own beside the output;
/// ``commit(replacing:)`` gives it the output's name. What is given up before that is removed, and
/// what killed processes have left is removed by the next one with the same output.
///
/// ```swift
/// var staging = try StagingDirectory(OutputClaim("models/mine", .replaced))
/// try FileReplacement.write("{}", to: staging.path + "/config.json")
/// try staging.commit()
/// ```
public struct StagingDirectory: ~Copyable {
    /// The path of the directory while it is made.
    public let path: String

    private let claim: OutputClaim
    private var isCommitted = false

    /// Makes an empty directory beside the output of `claim`, which it holds as long as it lives.
    /// O(files beside it).
    public init(_ claim: OutputClaim) throws(FileError) {
        try Self.clearRemains(beside: claim)
        let made = try Self.make(beside: claim.path)
        self.claim = claim
        path = made
    }

    /// Removes the directories that killed processes have left beside the output of `claim`.
    /// O(files beside it).
    package static func clearRemains(beside claim: OutputClaim) throws(FileError) {
        // Without the claim another process could be at work on any of them.
        guard claim.isProtected else { return }
        for name in PartialName.all(beside: claim.path)
        where FileIdentity(path: name)?.isDirectory == true {
            try FileSystem.removeItem(name)
        }
    }

    /// Removes the directory `path`, which the output of `claim` has made needless. O(files).
    ///
    /// It gets a name of its own beside the output first, so that a process that is killed leaves
    /// nothing but what ``clearRemains(beside:)`` knows, whatever is still in it.
    package static func discard(_ path: String, beside claim: OutputClaim) throws(FileError) {
        guard FileIdentity(path: path)?.isDirectory == true else {
            return try FileSystem.removeItem(path)
        }
        let aside = try make(beside: claim.path)
        try FileSystem.renameFile(path, to: aside)
        try FileSystem.removeItem(aside)
    }

    private static func make(beside output: String) throws(FileError) -> String {
        for _ in 0..<PartialName.attemptCount {
            let name = PartialName.draw(beside: output)
            if unsafe mkdir(name, 0o777) == 0 { return name }
            guard errno == EEXIST else { break }
        }
        throw .current("create", output)
    }

    deinit {
        if !isCommitted { try? FileSystem.removeItem(path) }
    }

    /// Gives the directory the output's name, which may be that of an empty directory. Durable.
    ///
    /// - Parameter replaces: whether a directory of that name that is not empty goes. For a moment
    ///   there is none of the name, and the old one lies beside it under a hidden one.
    public mutating func commit(replacing replaces: Bool = false) throws(FileError) {
        precondition(!isCommitted, "the directory has its name already")
        guard replaces, FileIdentity(path: claim.path)?.isDirectory == true else {
            try FileSystem.renameFile(path, to: claim.path)
            isCommitted = true
            return
        }
        let old = try Self.make(beside: claim.path)
        try FileSystem.renameFile(claim.path, to: old)
        do throws(FileError) { try FileSystem.renameFile(path, to: claim.path) } catch {
            try? FileSystem.renameFile(old, to: claim.path)
            throw error
        }
        isCommitted = true
        try FileSystem.removeItem(old)
    }
}
