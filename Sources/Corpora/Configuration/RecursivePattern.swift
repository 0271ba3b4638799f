import Files

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A pattern in which `**`, between slashes, stands for any number of folders, also for none, and
/// at the end for every file below.
///
/// `docs/**/*.md` finds `docs/a.md` and `docs/b/c/d.md`. `*`, `?` and `[…]` in the other parts are
/// those of fnmatch(3); a backslash before one of them makes it itself. As in a shell, none of them
/// finds a name that begins with a dot, and `**` follows no links to folders.
struct RecursivePattern {
    private var found: [String] = []

    /// The paths that fit `pattern`. O(files below its first `**`).
    ///
    /// - Throws: ``CorpusError/recursivePattern(pattern:)`` when `**` does not stand alone.
    static func matches(of pattern: String) throws(CorpusError) -> [String] {
        var parts: [String] = []
        for part in pattern.split(separator: "/").map(String.init) {
            guard part == "**" || !part.contains("**") else {
                throw .recursivePattern(pattern: pattern)
            }
            if part != "**" || parts.last != "**" { parts.append(part) }
        }
        var matcher = RecursivePattern()
        try matcher.expand(pattern.hasPrefix("/") ? "/" : "", parts[...])
        return matcher.found
    }

    /// Looks in the folder at `base` for what the `parts` that are left stand for.
    private mutating func expand(
        _ base: String, _ parts: ArraySlice<String>
    ) throws(CorpusError) {
        guard let part = parts.first else {
            found.append(base)
            return
        }
        let rest = parts.dropFirst()
        guard part == "**" || part.contains(where: { "*?[\\".contains($0) }) else {
            let path = Self.join(base, part)
            if unsafe access(path, F_OK) == 0 { try expand(path, rest) }
            return
        }
        guard Self.isFolder(base.isEmpty ? "." : base, followingLinks: true) else { return }
        if part == "**", !rest.isEmpty { try expand(base, rest) }
        let names = try namingFile { () throws(FileError) in
            try FileSystem.namesInDirectory(base.isEmpty ? "." : base)
        }
        for name in names where part != "**" || !name.hasPrefix(".") {
            let path = Self.join(base, name)
            if part == "**" {
                if Self.isFolder(path, followingLinks: false) {
                    try expand(path, parts)
                } else if rest.isEmpty, !Self.isFolder(path, followingLinks: true) {
                    found.append(path)
                }
            } else if unsafe fnmatch(part, name, FNM_PERIOD) == 0 {
                try expand(path, rest)
            }
        }
    }

    private static func join(_ base: String, _ name: String) -> String {
        base.isEmpty || base.hasSuffix("/") ? base + name : base + "/" + name
    }

    private static func isFolder(_ path: String, followingLinks: Bool) -> Bool {
        var status = stat()
        let result = unsafe followingLinks ? stat(path, &status) : lstat(path, &status)
        return result == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
