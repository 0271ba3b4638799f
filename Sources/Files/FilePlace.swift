#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Place of a file or directory that need not exist, for telling whether an output would meet an
/// input, whatever names and links lead to them.
///
/// ```swift
/// try FilePlace.check(output: "models/b/../a/out.gguf", inputs: ["models/a"])  // throws
/// ```
public struct FilePlace: Sendable {
    /// The path as it was given.
    public let path: String
    /// The path without links, of which as much as exists is looked up.
    public let resolved: String
    /// What is there; nil for nothing.
    private let identity: FileIdentity?

    /// Relation of an output to an input.
    public enum Overlap: Sendable, Equatable {
        /// They are the same.
        case same
        /// The output lies in the input.
        case inside
        /// The input lies in the output.
        case around
    }

    /// The place of `path`. O(names in it).
    public init(_ path: String) {
        self.path = path
        resolved = Self.resolved(path)
        identity = FileIdentity(path: path, followsLinks: true)
    }

    /// Relation of `output` to this input; nil if neither holds anything of the other. O(names).
    public func overlap(with output: FilePlace) -> Overlap? {
        // An empty name is none.
        guard !path.isEmpty, !output.path.isEmpty else { return nil }
        if resolved == output.resolved || identity != nil && identity == output.identity {
            return .same
        }
        if lies(output, in: self) { return .inside }
        return lies(self, in: output) ? .around : nil
    }

    /// Whether an output that lies in this folder has a name on the way that begins with a dot.
    public func hides(_ output: FilePlace) -> Bool {
        output.resolved.dropFirst(resolved.count).split(separator: "/")
            .contains { $0.hasPrefix(".") }
    }

    /// Whether it is a file to which other names lead that are no links.
    public var hasOtherNames: Bool { identity?.isRegular == true && identity?.nameCount != 1 }

    private func lies(_ inner: FilePlace, in outer: FilePlace) -> Bool {
        let front = outer.resolved == "/" ? "/" : outer.resolved + "/"
        if inner.resolved.hasPrefix(front) { return true }
        // Another name may lead to the same directory without a link.
        guard let identity = outer.identity, identity.isDirectory else { return false }
        var above = inner.resolved
        while above != "/", above != "." {
            above = FileSystem.parentDirectory(of: above)
            if FileIdentity(path: above) == identity { return true }
        }
        return false
    }

    /// Throws ``FileError/outputMeetsInput(output:input:overlap:)`` when `output` is one of
    /// `inputs`, lies in one or holds one; "-" stands for no file. O(inputs).
    public static func check(output: String, inputs: [String]) throws(FileError) {
        guard output != "-" else { return }
        let place = FilePlace(output)
        for input in inputs where input != "-" {
            if let overlap = FilePlace(input).overlap(with: place) {
                throw .outputMeetsInput(output: output, input: input, overlap: overlap)
            }
        }
    }

    /// The path of a file without links, of which as much as exists is looked up.
    public static func resolved(_ path: String) -> String {
        if let real = unsafe realpath(path, nil) {
            defer { unsafe free(real) }
            return unsafe String(cString: real)
        }
        let path = trimmed(path)
        guard !path.isEmpty, path != "/", path != "." else { return path }
        // A link to nothing stands for what would be made behind it.
        let parent = resolved(FileSystem.parentDirectory(of: path))
        let name = lastName(of: path)
        guard name != ".." else { return FileSystem.parentDirectory(of: parent) }
        return parent == "/" ? parent + name : parent + "/" + name
    }

    /// `path` without slashes and `/.` at its end.
    static func trimmed(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.hasSuffix("/") || path.hasSuffix("/.") {
            path.removeLast()
        }
        return String(path)
    }

    /// The last name in `path`, which does not end with a slash.
    static func lastName(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }
}
