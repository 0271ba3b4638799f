import Foundation
import Testing

/// Words that are mistyped: what the program says was meant.
@Suite struct WrongUsageTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [
        ("genrate --model x", "Unknown command 'genrate'; did you mean 'generate'?", "quern"),
        ("genrate --help", "Unknown command 'genrate'; did you mean 'generate'?", "quern"),
        ("help genrate", "Unknown command 'genrate'; did you mean 'generate'?", "quern"),
        ("shard show", "Unknown command 'shard'; did you mean 'shards'?", "quern"),
        (
            "vocab trian", "Unknown command 'vocab trian'; did you mean 'vocab train'?",
            "quern vocab"
        ),
        ("vocab encode x", "Unknown command 'vocab encode'; did you mean 'encode'?", "quern vocab"),
        (
            "merge-count", "Unknown command 'merge-count'; did you mean 'vocab merge-counts'?",
            "quern"
        ),
        ("model frobnicate", "Unknown command 'model frobnicate'", "quern model"),
        (
            "export",
            "Unknown command 'export'; did you mean 'vocab export', 'shards export' or "
                + "'model export'?", "quern"
        ),
        ("--verison", "Unknown option '--verison'; did you mean '--version'?", "quern"),
        ("train --resum=yes", "Unknown option '--resum'; did you mean '--resume'?", "quern train"),
        (
            "generate --modle x", "Unknown option '--modle'; did you mean '--model'?",
            "quern generate"
        ),
        ("encode --hlep", "Unknown option '--hlep'; did you mean '--help'?", "quern encode"),
        (
            "vocab train --input a.txt --output v",
            "Unknown option '--input'; what is read is named without an option before it",
            "quern vocab train"
        ),
        (
            "encode --files=a.txt",
            "Unknown option '--files'; what is read is named without an option before it",
            "quern encode"
        ),
        // Another name of three letters is no guess at one.
        ("decode --lr", "Unknown option '--lr'", "quern decode"),
    ])
    func `a mistyped name is told from a wrong option`(
        line: String, message: String, command: String
    ) async throws {
        let words = line.split(separator: " ").map(String.init)
        let result = try await Program.run(words, in: folder)
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
        let lines = result.messages.split(separator: "\n")
        #expect(lines.first == "Error: \(message)")
        #expect(lines.dropFirst().first?.hasPrefix("Usage: \(command) ") == true)
        #expect(lines.last == "  See '\(command) --help' for more information.")
    }

    @Test func `a mistyped name is an event where messages are`() async throws {
        let result = try await Program.run(["genrate", "--log-format", "json"], in: folder)
        #expect(result.status == 64)
        let event = try #require(try result.events.first)
        #expect(
            event["message"] as? String == "Unknown command 'genrate'; did you mean 'generate'?")
    }
}
