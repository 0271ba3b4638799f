import Foundation
import Testing

/// Libraries speak of values; only the program names its options and commands.
@Suite struct LibraryWordsTests {
    /// Lines of libraries that may name an option or what looks like a command, and why.
    private static let allowed = [
        ("Compression", "--long or --ultra", "the options of zstd, with which the file was made"),
        ("Pipeline", "--ignore-eos", "an option of llama.cpp, for which the file is made"),
        ("Reports", "var(--", "the variables of a style sheet"),
        ("Corpora", "start(named: \"quern decode\")", "a thread's name"),
    ]

    private static let commands = [
        "init", "config", "run", "plan", "corpus", "vocab", "tokenize", "encode", "decode",
        "shards", "train", "evaluate", "compare", "generate", "chat", "explain", "model",
        "report", "serve", "sweep",
    ]

    @Test func `no library names an option or a command of the program`() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
        let word = try Regex(#"--[a-z]|\bquern (\#(Self.commands.joined(separator: "|")))\b"#)
        var used: Set<String> = []
        let files = try #require(FileManager.default.enumerator(atPath: sources.path))
        for case let path as String in files where path.hasSuffix(".swift") {
            guard !path.hasPrefix("quern/") else { continue }
            let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
            for line in text.split(separator: "\n") {
                let code = line.trimmingPrefix(while: \.isWhitespace)
                guard !code.hasPrefix("//"), code.contains(word) else { continue }
                let reason = Self.allowed.first {
                    path.hasPrefix($0.0 + "/") && code.contains($0.1)
                }
                #expect(reason != nil, "\(path): \(code)")
                if let reason { used.insert(reason.1) }
            }
        }
        // An exception that nothing needs any more goes.
        #expect(used == Set(Self.allowed.map(\.1)))
    }
}
