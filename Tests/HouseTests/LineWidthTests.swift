import Foundation
import Testing

/// Lines of sources have 100 columns at most, comments, strings and scripts too: what swift format,
/// which breaks neither comments nor strings, leaves to the writer.
@Suite struct LineWidthTests {
    private static let width = 100
    private static let endings = ["swift", "c", "h", "py", "sh"]
    private static let folders = ["Sources", "Tests", "corpora", "packaging"]

    @Test func `no line is wider than 100 columns`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let paths = try ["Package.swift"] + Self.folders.flatMap { try Self.sources($0, in: root) }
        try #require(paths.count > 100)
        // A link may be wider, on a line of its own: it cannot be broken.
        let link = /(\/\/\/?|#)? *<?https:\/\/\S+/
        for path in paths {
            let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() where line.utf8.count > Self.width {
                guard line.count > Self.width else { continue }
                let code = line.drop(while: \.isWhitespace)
                if try link.wholeMatch(in: code) != nil { continue }
                Issue.record("\(path):\(index + 1) has \(line.count) columns")
            }
        }
    }

    /// Paths of the source files in a folder of the package, without what builds put there.
    private static func sources(_ folder: String, in root: URL) throws -> [String] {
        let start = root.appending(path: folder)
        let files = try #require(FileManager.default.enumerator(atPath: start.path))
        var paths: [String] = []
        for case let path as String in files {
            let name = URL(filePath: path).lastPathComponent
            if name.hasPrefix(".") { files.skipDescendants() }
            if endings.contains(URL(filePath: path).pathExtension), !path.contains("/.") {
                paths.append(folder + "/" + path)
            }
        }
        return paths
    }
}
