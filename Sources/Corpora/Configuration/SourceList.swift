import Files
internal import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The files that a configuration's inputs stand for, in the order in which they are read.
struct SourceList {
    /// One file, or standard input.
    struct Source: Equatable, Sendable {
        var path: String
        var format: CorpusFormat
        /// Nil for what has no end that is known, such as a pipe.
        var byteCount: Int?
    }

    private(set) var sources: [Source] = []
    /// The folders that inputs name.
    private(set) var folders: [String] = []
    /// Files in these folders that have visible names and are not read, sorted.
    private(set) var leftOut: [String] = []
    private let format: CorpusFormat
    /// The real path of each input, so that none is read twice.
    private(set) var identities: Set<String> = []

    /// Finds all files, sorts them and drops what is there twice. O(files · log files).
    init(_ configuration: CorpusConfiguration) throws(CorpusError) {
        format = configuration.format
        for input in configuration.inputs { try add(input) }
        if let list = configuration.inputsFrom {
            for input in try InputList.read(path: list) { try add(input) }
        }
        leftOut = Set(leftOut).sorted()
        sources.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        // The first of several names for one file stays, whichever input gave it.
        sources = sources.filter { source in
            identities.insert(Self.identity(of: source.path)).inserted
        }
    }

    private mutating func add(_ input: String) throws(CorpusError) {
        let input = Self.tidied(input)
        if input == "-" {
            sources.append(
                Source(path: input, format: format == .auto ? .text : format, byteCount: nil))
            return
        }
        // A name that exists is taken literally, whatever characters are in it.
        if let status = try Self.status(of: input) {
            try addExisting(input, status)
            return
        }
        guard input.contains(where: { "*?[".contains($0) }) else {
            throw .missingInput(path: input)
        }
        guard !input.contains("**") else { throw .recursivePattern(pattern: input) }
        let matches = Self.matches(of: input)
        guard !matches.isEmpty else { throw .nothingMatched(pattern: input) }
        for path in matches {
            guard let status = try Self.status(of: path) else { throw Self.unreachable(path) }
            try addExisting(path, status)
        }
    }

    /// A name without the parts of it that lead nowhere, so that `./folder/` and `folder` give the
    /// same names to the files: `.` and empty ones.
    private static func tidied(_ input: String) -> String {
        let parts = input.split(separator: "/").filter { $0 != "." }
        let tidied = (input.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
        // A file of the name - is not standard input.
        guard tidied != "-" else { return input }
        return tidied.isEmpty && !input.isEmpty ? "." : tidied
    }

    /// The error for a name that the system itself gave and under which nothing lies.
    private static func unreachable(_ path: String) -> CorpusError {
        path.unicodeScalars.contains("\u{FFFD}")
            ? .nameNotUTF8(path: path)
            : .file(.failed(operation: "read", path: path, reason: "it is a link to nothing"))
    }

    private mutating func addExisting(_ path: String, _ status: stat) throws(CorpusError) {
        if status.st_mode & S_IFMT == S_IFDIR {
            let countBefore = sources.count
            folders.append(path)
            try addFolder(path)
            guard sources.count > countBefore else {
                throw .nothingInFolder(path: path, format: format)
            }
            return
        }
        guard let named = format == .auto ? CorpusFormat(nameOf: path) : format else {
            throw .unknownFormat(path: path)
        }
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        sources.append(
            Source(path: path, format: named, byteCount: isRegular ? Int(status.st_size) : nil))
    }

    /// The report in the folder of a refined corpus, which is no text.
    private static let reportName = "report.json"
    /// The first of these texts.
    private static let refinedName = "part_000000.jsonl.zst"

    private mutating func addFolder(_ folder: String) throws(CorpusError) {
        let names = try namingFile { () throws(FileError) in try FileSystem.namesInDirectory(folder)
        }
        let isRefined = names.contains(Self.refinedName)
        for name in names where !name.hasPrefix(".") {
            if isRefined, name == Self.reportName { continue }
            let path =
                folder == "." && name != "-"
                ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
            let named = CorpusFormat(nameOf: path)
            let isWanted = named != nil && (format == .auto || named == format)
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else {
                guard errno == ENOENT else { throw .file(.current("examine", path)) }
                // Gone since it was listed, or its name is not what was listed.
                if path.unicodeScalars.contains("\u{FFFD}") {
                    guard !isWanted else { throw .nameNotUTF8(path: path) }
                    leftOut.append(path)
                }
                continue
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                try addFolder(path)
                continue
            }
            guard isWanted else {
                leftOut.append(path)
                continue
            }
            guard let target = try Self.status(of: path) else { throw Self.unreachable(path) }
            if target.st_mode & S_IFMT == S_IFREG {
                try addExisting(path, target)
            } else {
                leftOut.append(path)
            }
        }
    }

    /// The status of a path, links followed; nil if nothing is there.
    private static func status(of path: String) throws(CorpusError) -> stat? {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return status }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw .file(.current("examine", path))
    }

    /// The paths that fit a pattern of `*`, `?` and `[…]`.
    private static func matches(of pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, GLOB_NOSORT, nil, &found) == 0 else { return [] }
        return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
            unsafe found.gl_pathv[index].map { unsafe String(cString: $0) }
        }
    }

    /// A name that all links to one file share.
    private static func identity(of path: String) -> String {
        guard path != "-", let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
