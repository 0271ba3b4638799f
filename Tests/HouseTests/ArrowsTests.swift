import Foundation
import Testing

/// The modules and their arrows, as `CONTRIBUTING.md` draws them: an arrow is an import, points
/// down, and there are no others.
@Suite struct ArrowsTests {
    /// Imports of this package that each module may have.
    static let arrows: [String: Set<String>] = {
        let ground: Set = ["Bytes", "CKernels", "Compression", "Files", "Work"]
        let tokens = ground.union(["ChatTemplates", "Tokenization", "Tokens"])
        let models = ground.union(["Models"])
        let stages = tokens.union(models).union([
            "Corpora", "Parquet", "Refinement", "TokenShards", "Training", "VocabularyFiles",
            "VocabularyLearning",
        ])
        return [
            "CCommit": [],
            "CKernels": [],
            "CMPI": [],
            "Bytes": ["CKernels"],
            "Work": ["CKernels"],
            "Files": ["Bytes"],
            "Processes": ["Bytes", "CMPI", "Work"],
            "Compression": ["CKernels", "CZlib", "CZstd"],
            "Parquet": ground,
            "Corpora": ground.union(["Parquet"]),
            "Tokens": [],
            "ChatTemplates": [],
            "Tokenization": ground.union(["ChatTemplates", "Tokens"]),
            "VocabularyFiles": tokens,
            "VocabularyLearning": tokens,
            "Models": ground.union(["Tokens"]),
            "Refinement": ground.union(["Corpora", "Parquet"]),
            "TokenShards": tokens,
            "Training": tokens.union(models).union(["Processes", "TokenShards"]),
            "Pipeline": stages.union(["Processes"]),
            "Reports": stages.union(["Pipeline"]),
            "Server": tokens.union(models).union(["Pipeline", "Training"]),
            "quern": stages.union(["CCommit", "Pipeline", "Processes", "Reports", "Server"]),
        ]
    }()

    /// The folder of the sources.
    static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources").path

    /// The Swift files of a module and their texts.
    static func files(of module: String) throws -> [(name: String, text: String)] {
        let folder = sources + "/" + module
        let names = try #require(FileManager.default.enumerator(atPath: folder))
        return try names.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map {
            ("\(module)/\($0)", try String(contentsOfFile: folder + "/" + $0, encoding: .utf8))
        }
    }

    @Test func `every module of the sources has its arrows`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources)
            .filter { !["CZlib", "CZstd"].contains($0) && !$0.hasPrefix(".") }
        #expect(Set(folders) == Set(Self.arrows.keys))
    }

    @Test(arguments: ArrowsTests.arrows.keys.sorted())
    func `a module imports only what stands below it`(module: String) throws {
        let known = Set(Self.arrows.keys).union(["CZlib", "CZstd"])
        let allowed = try #require(Self.arrows[module])
        for file in try Self.files(of: module) {
            for match in file.text.matches(of: /(?m)^\s*(?:\w+ )?import (\w+)/) {
                let imported = String(match.1)
                guard known.contains(imported) else { continue }
                #expect(allowed.contains(imported), "\(file.name) imports \(imported)")
            }
        }
    }

    @Test func `no arrow leads back to where it began`() {
        // Modules whose arrows all lead to modules that were taken away before.
        var left = Self.arrows
        while let free = left.first(where: { $0.value.isDisjoint(with: left.keys) }) {
            left[free.key] = nil
        }
        #expect(left.isEmpty, "a cycle through \(left.keys.sorted())")
    }

    @Test func `only the program prints`() throws {
        for module in Self.arrows.keys where module != "quern" {
            for file in try Self.files(of: module) {
                for line in file.text.split(separator: "\n") {
                    #expect(
                        line.prefixMatch(of: /\s*(?:print|fputs|puts)\(/) == nil,
                        "\(file.name): \(line)")
                }
            }
        }
    }
}
