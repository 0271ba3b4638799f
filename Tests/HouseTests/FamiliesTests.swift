import Foundation
import Testing

/// Training, evaluation and generation know a protocol for a language model, and no family of them.
@Suite struct FamiliesTests {
    /// Folders in which a family's types may not be named.
    private static let folders = [
        "Training", "Pipeline", "Models/Batches", "Models/Files", "Models/Generation",
        "Models/Optimizers", "Models/Parameters", "quern",
    ]

    /// Files that are about one family: other programs' formats, and pictures of its parts.
    private static let exceptions: Set = [
        "Models/Files/GGUF/GGUFSource.swift",
        "Models/Files/GGUF/GPTConfiguration+GGUF.swift",
        "Models/Files/GGUF/ModelDirectory+GGUF.swift",
        "Models/Files/GGUF/ModelDirectory+GGUFReading.swift",
    ]

    @Test func `what works with any model names no family`() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
        let models = sources.appending(path: "Models")
        let family = try Regex(#"\b(GPT[A-Z]\w*|GPT(?!-)|SequencePass|KeyValueCache)\b"#)
            .wordBoundaryKind(.simple)
        let declared = try String(
            contentsOf: models.appending(path: "Family/ModelConfiguration.swift"), encoding: .utf8)
        #expect(declared.contains(family))
        var used: Set<String> = []
        for folder in Self.folders {
            let directory = sources.appending(path: folder)
            let files = try #require(FileManager.default.enumerator(atPath: directory.path))
            for case let path as String in files where path.hasSuffix(".swift") {
                let name = folder + "/" + path
                let text = try String(
                    contentsOf: directory.appending(path: path), encoding: .utf8)
                for line in text.split(separator: "\n") {
                    let code = line.trimmingPrefix(while: \.isWhitespace)
                    guard !code.hasPrefix("//") else { continue }
                    // The name of a vocabulary or of its pattern is not that of a model.
                    let plain = code.replacing(/"[^"]*"/, with: "")
                    guard plain.contains(family) else { continue }
                    if Self.exceptions.contains(name) {
                        used.insert(name)
                    } else {
                        Issue.record("\(name): \(code)")
                    }
                }
            }
        }
        #expect(used == Self.exceptions)
    }
}
