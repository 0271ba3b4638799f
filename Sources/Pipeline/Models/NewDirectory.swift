import Files
import Foundation

/// A directory that appears whole or not at all.
enum NewDirectory {
    /// Lets `body` fill a directory beside `path`, and gives it its name when that is done.
    ///
    /// Remains of an earlier, interrupted writer are removed.
    static func make<Result>(_ path: String, _ body: (String) throws -> Result) throws -> Result {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let manager = FileManager.default
        if manager.fileExists(atPath: path) {
            guard try FileSystem.namesInDirectory(path).isEmpty else {
                throw PipelineError.occupied(path: path)
            }
            try FileSystem.removeItem(path)
        }
        let partial = path + ".partial"
        if manager.fileExists(atPath: partial) { try FileSystem.removeItem(partial) }
        try FileSystem.makeDirectory(partial)
        do {
            let result = try body(partial)
            try FileSystem.renameFile(partial, to: path)
            return result
        } catch {
            try FileSystem.removeItem(partial)
            throw error
        }
    }

    /// Copies those of the files that are there, and returns their names. O(bytes).
    static func copy(
        _ names: [String], from source: String, to directory: String
    ) throws -> [String] {
        let present = names.filter { FileManager.default.fileExists(atPath: source + "/" + $0) }
        for name in present {
            let file = try MappedFile(path: source + "/" + name)
            try file.withBytes { try FileReplacement.write($0, to: directory + "/" + name) }
        }
        return present
    }
}
