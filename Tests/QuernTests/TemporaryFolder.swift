import Compression
import Files
import Foundation
import Testing

/// A folder that goes with the test that made it, and in which the program is run.
final class TemporaryFolder: Sendable {
    let path: String

    static func newPath() -> String {
        NSTemporaryDirectory() + "quern-program-" + UUID().uuidString
    }

    init(path: String = newPath()) throws {
        self.path = path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the folders it needs.
    func write(_ name: String, _ bytes: [UInt8]) throws {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
    }

    func write(_ name: String, _ text: String) throws {
        try write(name, Array(text.utf8))
    }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + name)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path + "/" + name)
    }

    /// A copy of the folder `source`, as `name`.
    func copy(_ source: String, to name: String) throws {
        try FileManager.default.copyItem(atPath: source, toPath: path + "/" + name)
    }

    /// The bytes of every file below the folder `name`, by path; empty when there is no such
    /// folder.
    func files(below name: String) throws -> [String: Data] {
        let root = URL(fileURLWithPath: path + "/" + name).resolvingSymlinksInPath().path
        var files: [String: Data] = [:]
        guard FileManager.default.fileExists(atPath: root) else { return files }
        for file in try FileManager.default.subpathsOfDirectory(atPath: root) {
            let full = root + "/" + file
            let attributes = try FileManager.default.attributesOfItem(atPath: full)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
            files[file] = try Data(contentsOf: URL(fileURLWithPath: full))
        }
        return files
    }

    /// Expects the files below the folder `name` to be `files`, and names those that are not.
    func expectFiles(
        below name: String, toBe files: [String: Data], _ comment: String = "",
        location: SourceLocation = #_sourceLocation
    ) throws {
        let now = try self.files(below: name)
        let differences = Set(now.keys).union(files.keys).sorted().compactMap { file -> String? in
            guard let new = now[file] else { return "\(file) is gone" }
            guard let old = files[file] else { return "\(file) is new" }
            guard new != old else { return nil }
            let start = zip(old, new).prefix { $0 == $1 }.count
            let texts = [old, new].map { bytes in
                String(decoding: bytes.dropFirst(max(0, start - 40)).prefix(120), as: UTF8.self)
            }
            return "\(file) at byte \(start): \(texts[0].debugDescription) was there, "
                + "\(texts[1].debugDescription) is"
        }
        #expect(
            differences.isEmpty, "\(comment) \(differences.joined(separator: "; "))",
            sourceLocation: location)
    }
}

func compress(_ text: String) throws -> [UInt8] {
    var encoder = try ZstandardEncoder()
    var result: [UInt8] = []
    try encoder.append(Array(text.utf8).span, to: &result)
    try encoder.finish(into: &result)
    return result
}
