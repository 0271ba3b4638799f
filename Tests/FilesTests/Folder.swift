import Files
import Foundation

/// A folder that goes with the test that made it.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "quern-files-" + UUID().uuidString
        try FileSystem.makeDirectory(path)
    }

    deinit { try? FileSystem.removeItem(path) }

    /// The path of something in it.
    static func / (folder: Folder, name: String) -> String { folder.path + "/" + name }

    /// What is in it, hidden or not.
    var names: [String] { get throws { try FileSystem.namesInDirectory(path) } }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self / name))
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: self / name, withDestinationPath: target)
    }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: self / name)))
    }

    func text(_ name: String) throws -> String {
        String(decoding: try bytes(name), as: UTF8.self)
    }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: self / name)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }
}
