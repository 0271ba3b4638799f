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
    struct Source: Equatable {
        var path: String
        var format: CorpusFormat
        /// Nil for what has no end that is known, such as a pipe.
        var byteCount: Int?
    }

    private(set) var sources: [Source] = []
    private let format: CorpusFormat
    /// What each input stands for in the file system, so that none is read twice.
    private var identities: Set<String> = []

    /// Finds all files, sorts them and drops what is there twice. O(files · log files).
    init(_ configuration: CorpusConfiguration) throws(CorpusError) {
        format = configuration.format
        for input in configuration.inputs { try add(input) }
        if let list = configuration.inputsFrom {
            for input in try InputList.read(path: list) { try add(input) }
        }
        sources.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        // The first of several names for one file stays, whichever input gave it.
        sources = sources.filter { source in
            identities.insert(Self.identity(of: source.path)).inserted
        }
    }

    private mutating func add(_ input: String) throws(CorpusError) {
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
        let matches = Self.matches(of: input)
        guard !matches.isEmpty else { throw .nothingMatched(pattern: input) }
        for path in matches {
            if let status = try Self.status(of: path) { try addExisting(path, status) }
        }
    }

    private mutating func addExisting(_ path: String, _ status: stat) throws(CorpusError) {
        if status.st_mode & S_IFMT == S_IFDIR {
            let countBefore = sources.count
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

    /// What a corpus that was refined has beside its texts, and is none.
    private static let reportName = "report.json"

    private mutating func addFolder(_ folder: String) throws(CorpusError) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw .failed(
                operation: "list", path: folder, reason: (error as NSError).localizedDescription)
        }
        for name in names where !name.hasPrefix(".") && name != Self.reportName {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                try addFolder(path)
            } else if let named = CorpusFormat(nameOf: path), format == .auto || named == format,
                let target = try Self.status(of: path), target.st_mode & S_IFMT == S_IFREG
            {
                try addExisting(path, target)
            }
        }
    }

    /// What the system knows of a path, links followed; nil if nothing is there.
    private static func status(of path: String) throws(CorpusError) -> stat? {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return status }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw systemFailure("examine", path)
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
