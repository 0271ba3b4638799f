import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A file that appears whole or not at all.
///
/// Bytes go to a name of their own, `PATH.a1B2c3.partial`; ``commit()`` syncs them to the disk and
/// renames the file to its name. What is given up before that leaves nothing behind, and what a
/// killed process has left is removed by the next one that writes the same path. Of several that
/// write it at once, the last one to commit stays; an ``OutputClaim`` keeps them apart.
///
/// A symbolic link at `path` is replaced, and what it leads to stays as it is.
///
/// ```swift
/// var file = try FileReplacement(path: "numbers.bin")
/// try file.write(numbers.span.bytes)
/// try file.commit()
/// ```
public struct FileReplacement: ~Copyable, Sendable {
    private let descriptor: Int32
    private var isCommitted = false

    /// The name that the file will have.
    public let path: String

    /// The name under which it is written.
    let partialPath: String

    /// Starts a file beside `path`. O(files of the directory).
    ///
    /// - Parameter path: the name that the file will have.
    /// - Throws: ``FileError``, also when a directory, a device or a pipe has that name, which no
    ///   file can take the place of.
    public init(path: String) throws(FileError) {
        try Self.check(path)
        PartialFile.clear(beside: path)
        (descriptor, partialPath) = try PartialFile.create(beside: path, mode: 0o644)
        self.path = path
    }

    /// Throws unless a file can take the name `path`.
    private static func check(_ path: String) throws(FileError) {
        func refuse(_ reason: String) -> FileError {
            .failed(operation: "write", path: path, reason: reason)
        }
        guard !path.isEmpty else { throw refuse("no file has an empty name") }
        guard !path.hasSuffix("/") else { throw refuse("no file's name ends with a slash") }
        try checkKind(path)
        guard FileIdentity(path: path, followsLinks: true)?.isDirectory != true else {
            throw refuse("it is a directory")
        }
    }

    /// Throws if a device, a pipe or a socket has the name `path`, which nothing can take from it.
    static func checkKind(_ path: String) throws(FileError) {
        // `/dev/stdout` leads to a file where standard output is one, and is a device all the same.
        let isDevice = FilePlace.resolved(FileSystem.parentDirectory(of: path)) == "/dev"
        let file = FileIdentity(path: path, followsLinks: true)
        guard isDevice || file.map({ !$0.isRegular && !$0.isDirectory }) == true else { return }
        throw .failed(
            operation: "write", path: path,
            reason: "it is a device, a pipe or a socket, and only a file can be replaced")
    }

    /// Removes what a killed writer of `path` has left, where nothing new is written there. O(files
    /// of the directory).
    package static func clearRemains(of path: String) { PartialFile.clear(beside: path) }

    deinit {
        close(descriptor)
        if !isCommitted { unsafe unlink(partialPath) }
    }

    /// Appends `bytes`.
    public mutating func write(_ bytes: RawSpan) throws(FileError) {
        try writeAll(bytes, offset: nil)
    }

    /// Writes `bytes` over what stands at `offset`, for a header that is known last.
    public mutating func overwrite(_ bytes: RawSpan, at offset: Int) throws(FileError) {
        try writeAll(bytes, offset: offset)
    }

    private func writeAll(_ bytes: RawSpan, offset: Int?) throws(FileError) {
        precondition(!isCommitted, "the file is written already")
        let descriptor = descriptor
        try unsafe writeWhole(bytes, to: partialPath) { buffer, written in
            if let offset {
                return unsafe pwrite(
                    descriptor, buffer.baseAddress!, buffer.count, off_t(offset + written))
            }
            #if canImport(Darwin)
                return unsafe Darwin.write(descriptor, buffer.baseAddress!, buffer.count)
            #elseif canImport(Glibc)
                return unsafe Glibc.write(descriptor, buffer.baseAddress!, buffer.count)
            #else
                return unsafe Musl.write(descriptor, buffer.baseAddress!, buffer.count)
            #endif
        }
    }

    /// Makes the bytes durable and gives the file its name. Nothing can be written after that.
    ///
    /// Not consuming, since a variable at the top level of a program cannot be consumed.
    public mutating func commit() throws(FileError) {
        precondition(!isCommitted, "the file is written already")
        guard fsync(descriptor) == 0 else { throw .current("sync", partialPath) }
        try FileSystem.renameFile(partialPath, to: path)
        isCommitted = true
    }

    /// Writes a whole file of `bytes`.
    @inline(never)
    public static func write(
        _ bytes: RawSpan, to path: String
    ) throws(FileError) {
        // Not inlined, because LLVM of Swift 6.3 crashes over what that makes of asynchronous
        // callers.
        var file = try FileReplacement(path: path)
        try file.write(bytes)
        try file.commit()
    }

    /// Writes a whole file of the UTF-8 of `text`.
    public static func write(
        _ text: String, to path: String
    ) throws(FileError) {
        let bytes = Array(text.utf8)
        try unsafe write(bytes.span.bytes, to: path)
    }
}

extension FileReplacement {
    /// Writes a whole file of `value` as JSON. The same value gives the same bytes: keys are
    /// sorted.
    public static func writeJSON<Value: Encodable>(_ value: Value, to path: String) throws {
        try write(try json(of: value) + "\n", to: path)
    }

    /// `value` as JSON for people and for comparing: indented, keys sorted.
    public static func json<Value: Encodable>(of value: Value) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
