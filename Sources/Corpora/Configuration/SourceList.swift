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
    /// Files of these folders, and of patterns, that are not read.
    private(set) var leftOut = LeftOutFiles()
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
        leftOut.tidy()
        sources.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        // The first of several names for one file stays, whichever input gave it.
        sources = sources.filter { source in
            identities.insert(Self.identity(of: source.path)).inserted
        }
    }

    private mutating func add(_ input: String) throws(CorpusError) {
        // The system would take what stands before a zero byte for the name.
        guard !input.utf8.contains(0) else { throw .missingInput(path: input) }
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
        try addMatches(of: input)
    }

    /// Adds what a pattern stands for. Of several files that fit, those that cannot be read as the
    /// format asks are left out, as they are of a folder.
    private mutating func addMatches(of pattern: String) throws(CorpusError) {
        let matches =
            pattern.contains("**")
            ? try RecursivePattern.matches(of: pattern) : Self.matches(of: pattern)
        guard let first = matches.min() else { throw .nothingMatched(pattern: pattern) }
        let countBefore = sources.count
        // What `**` leads to is not asked for by itself.
        var results: [String: Bool] = [:]
        for path in matches {
            let folder = FileSystem.parentDirectory(of: path)
            if pattern.contains("**"), results[folder] == nil {
                let names = (try? FileSystem.namesInDirectory(folder)) ?? []
                results[folder] = OwnFiles.isResult(Set(names))
                if results[folder] == true { leftOut.own.append(folder) }
            }
            guard results[folder] != true else { continue }
            guard let status = try Self.status(of: path) else {
                try leaveOutBroken(path)
                continue
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                try addAll(ofFolder: path)
            } else if isWanted(path, status) {
                try addExisting(path, status)
            }
        }
        guard sources.count == countBefore else { return }
        if leftOut.broken.contains(first) {
            throw .file(
                .failed(operation: "read", path: first, reason: "it is a link to nothing"))
        }
        if folders.contains(first) { throw nothing(inFolder: first) }
        throw format == .auto
            ? .unknownFormat(path: first)
            : .malformedFile(path: first, reason: "it is binary, and so is all that fits")
    }

    /// Adds the files below a folder that are read.
    private mutating func addAll(ofFolder path: String) throws(CorpusError) {
        let start = sources.count
        folders.append(path)
        try addTree(path)
        leaveOutMarkup(from: start)
    }

    private func nothing(inFolder path: String) -> CorpusError {
        var leftOut = leftOut
        leftOut.tidy()
        return .nothingInFolder(path: path, format: format, leftOut: leftOut)
    }

    /// Whether a file is read that was not named by itself; one that is not is noted.
    private mutating func isWanted(_ path: String, _ status: stat) -> Bool {
        let named = CorpusFormat(nameOf: path)
        if named == .json, OwnFiles.isDescription(path) {
            leftOut.own.append(path)
            return false
        }
        guard let read = format == .auto ? named : format else {
            leftOut.names.append(path)
            return false
        }
        // A name tells no text from what only bears it.
        guard read == .text, Self.isBinary(path, status) else { return true }
        leftOut.binaries.append(path)
        return false
    }

    /// Whether a file is no text. Only a file can be looked at without taking something away, and
    /// what cannot be read is for its reader to tell.
    private static func isBinary(_ path: String, _ status: stat) -> Bool {
        guard status.st_mode & S_IFMT == S_IFREG,
            let sample = try? InputSample(path: path, byteCount: InputSample.binaryByteCount)
        else { return false }
        return sample.isBinary
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

    /// Leaves out a name that the system itself gave and under which nothing lies: a link to
    /// nothing, unless the name is not UTF-8.
    private mutating func leaveOutBroken(_ path: String) throws(CorpusError) {
        guard !path.unicodeScalars.contains("\u{FFFD}") else { throw .nameNotUTF8(path: path) }
        leftOut.broken.append(path)
    }

    private mutating func addExisting(_ path: String, _ status: stat) throws(CorpusError) {
        if status.st_mode & S_IFMT == S_IFDIR {
            let countBefore = sources.count
            try addAll(ofFolder: path)
            guard sources.count > countBefore else { throw nothing(inFolder: path) }
            return
        }
        guard let named = format == .auto ? CorpusFormat(nameOf: path) : format else {
            throw .unknownFormat(path: path)
        }
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        sources.append(
            Source(path: path, format: named, byteCount: isRegular ? Int(status.st_size) : nil))
    }

    /// Leaves out the texts with markup of a folder in which there are JSON or tables: a README
    /// that explains the records is none of them.
    ///
    /// - Parameter start: the number of the folder's first source.
    private mutating func leaveOutMarkup(from start: Int) {
        guard format == .auto, sources[start...].contains(where: { $0.format != .text }) else {
            return
        }
        let isMarkup = sources[start...].map { CorpusFormat.isMarkup(nameOf: $0.path) }
        leftOut.names += zip(sources[start...], isMarkup).filter(\.1).map(\.0.path)
        sources[start...] = zip(sources[start...], isMarkup).filter { !$0.1 }.map(\.0)[...]
    }

    /// The report in the folder of a refined corpus, which is no text.
    private static let reportName = "report.json"
    /// The first of these texts, in either form.
    private static let refinedNames = ["part_000000.jsonl.zst", "part_000000.parquet"]

    /// Adds the files below a folder, one folder after the other: a tree may be deeper than calls.
    private mutating func addTree(_ root: String) throws(CorpusError) {
        var pending = [root]
        while let folder = pending.popLast() { pending += try addFolder(folder) }
    }

    /// Adds the files in a folder, and returns the folders in it.
    private mutating func addFolder(_ folder: String) throws(CorpusError) -> [String] {
        var inner: [String] = []
        let names = try namingFile { () throws(FileError) in try FileSystem.namesInDirectory(folder)
        }
        let isRefined = Self.refinedNames.contains(where: names.contains)
        // A folder that is named itself is asked for.
        guard folder == folders.last || !OwnFiles.isResult(Set(names)) else {
            leftOut.own.append(folder)
            return []
        }
        for name in names {
            if isRefined, name == Self.reportName { continue }
            let path =
                folder == "." && name != "-"
                ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
            guard !name.hasPrefix(".") else {
                leftOut.hidden.append(path)
                continue
            }
            let named = CorpusFormat(nameOf: path)
            let isWanted = format == .text || named != nil && (format == .auto || named == format)
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else {
                guard errno == ENOENT else { throw .file(.current("examine", path)) }
                // Gone since it was listed, or its name is not what was listed.
                if path.unicodeScalars.contains("\u{FFFD}") {
                    guard !isWanted else { throw .nameNotUTF8(path: path) }
                    leftOut.names.append(path)
                }
                continue
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                inner.append(path)
                continue
            }
            guard isWanted else {
                leftOut.names.append(path)
                continue
            }
            guard let target = try Self.status(of: path) else {
                try leaveOutBroken(path)
                continue
            }
            if target.st_mode & S_IFMT != S_IFREG {
                leftOut.names.append(path)
            } else if self.isWanted(path, target) {
                try addExisting(path, target)
            }
        }
        return inner
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
