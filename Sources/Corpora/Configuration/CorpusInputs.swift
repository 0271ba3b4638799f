public import Files

/// The files and folders that the inputs of a configuration stand for.
public struct CorpusInputs: Sendable {
    /// The files in the order in which they are read; "-" for standard input.
    public let paths: [String]
    /// Those of them that have no end that is known, such as pipes, and can be read only once.
    public let endless: [String]
    /// Files of the folders and patterns among the inputs that are not read.
    public let leftOut: LeftOutFiles
    /// The folders that inputs name.
    private let folders: [String]
    /// The files, as the system knows them.
    private let files: Set<String>

    init(_ list: SourceList) {
        paths = list.sources.map(\.path)
        endless = list.sources.filter { $0.byteCount == nil }.map(\.path)
        leftOut = list.leftOut
        folders = list.folders
        files = list.identities
    }

    /// Throws `FileError.outputMeetsInput` if an output at `output` is an input, lies in one or
    /// holds one, under whatever name. O(files).
    ///
    /// An output that lies in a folder under a name that begins with a dot is none of its texts,
    /// and one in the folder of files that a pattern matched is no input as long as the pattern
    /// does not match it.
    public func check(output: String) throws(FileError) {
        let place = FilePlace(output)
        func refuse(_ input: String, _ overlap: FilePlace.Overlap) -> FileError {
            .outputMeetsInput(output: output, input: input, overlap: overlap)
        }
        for folder in folders {
            let input = FilePlace(folder)
            guard let overlap = input.overlap(with: place) else { continue }
            if overlap == .inside, input.hides(place) { continue }
            throw refuse(folder, overlap)
        }
        if files.contains(place.resolved) { throw refuse(output, .same) }
        // Few folders stand for many files.
        for folder in Set(files.map { FileSystem.parentDirectory(of: $0) }).sorted()
        where folder.hasPrefix("/") {
            let overlap = FilePlace(folder).overlap(with: place)
            guard overlap == .same || overlap == .around else { continue }
            let input = files.filter { FileSystem.parentDirectory(of: $0) == folder }.min()
            throw refuse(input ?? folder, .around)
        }
        guard place.hasOtherNames else { return }
        try FilePlace.check(output: output, inputs: paths)
    }
}

/// A file that names inputs, one a line.
public enum InputList {
    /// The names in the file at `path`, or on standard input for `-`. O(bytes).
    ///
    /// Each line is a name as it stands, without its line end; empty lines are left out. The list
    /// may be compressed.
    public static func read(path: String) throws(CorpusError) -> [String] {
        var source = try ByteSource(path: path, bufferByteCount: 1 << 16)
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try source.read(into: &room, from: 0)
            if count == 0 { break }
            bytes += room[..<count]
        }
        var names: [String] = []
        for (number, line) in bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let name = String(validating: line, as: UTF8.self) else {
                throw .malformedFile(
                    path: path, reason: "line \(number + 1) names no file: it is not UTF-8")
            }
            if !name.isEmpty { names.append(name) }
        }
        return names
    }
}
