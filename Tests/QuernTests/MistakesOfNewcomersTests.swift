import Foundation
import Testing

@testable import quern

/// What other programs have taught people to type.
@Suite struct MistakesOfNewcomersTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [
        (
            "train --batch-size 8",
            "Unknown option '--batch-size'; did you mean '--set training.batch_size=…'?"
        ),
        ("train --lr 1", "Unknown option '--lr'; did you mean '--set training.learning_rate=…'?"),
        ("train --epochs 3", "Unknown option '--epochs'; did you mean '--set training.steps=…'?"),
        (
            "train --conversations x.jsonl --epochs 3",
            "Unknown option '--epochs'; did you mean '--set instruction_tuning.epochs=…'?"
        ),
        (
            "train --max-steps 3",
            "Unknown option '--max-steps'; did you mean '--set training.steps=…'?"
        ),
        (
            "run --vocab-size 300",
            "Unknown option '--vocab-size'; did you mean '--set vocabulary.vocab_size=…'?"
        ),
        ("generate --temp 0", "Unknown option '--temp'; did you mean '--temperature'?"),
        ("generate --topk 3", "Unknown option '--topk'; did you mean '--top-k'?"),
        (
            "generate --max_tokens 3",
            "Unknown option '--max_tokens'; did you mean '--max-new-tokens'?"
        ),
        ("generate --num-samples 3", "Unknown option '--num-samples'; did you mean '--samples'?"),
        ("gen --model x", "Unknown command 'gen'; did you mean 'generate'?"),
        ("tok x", "Unknown command 'tok'; did you mean 'tokenize'?"),
        ("eval", "Unknown command 'eval'; did you mean 'evaluate'?"),
        ("detokenize 3", "Unknown command 'detokenize'; did you mean 'decode'?"),
        ("version", "Unknown command 'version'; did you mean '--version'?"),
        ("resume", "Unknown command 'resume'; did you mean 'run'?"),
        ("vocabulary show", "Unknown command 'vocabulary'; did you mean 'vocab'?"),
        ("shards list", "Unknown command 'shards list'; did you mean 'shards show'?"),
        ("run --resume", "Unknown option '--resume'; a run that was stopped goes on without it"),
        ("run --output x", "Unknown option '--output'; did you mean '--set name=…'?"),
        ("run --set training.steps 5", "--set training.steps: a setting reads section.key=value"),
        (
            "run \u{2014}set training.steps=5",
            "'\u{2014}set' begins with a dash of a word processor; write '--set'"
        ),
    ])
    func `what is meant is named`(line: String, message: String) async throws {
        let result = try await Program.run(
            line.split(separator: " ").map(String.init), in: folder)
        #expect(result.status == 64)
        #expect(result.messages.hasPrefix("Error: \(message)\n"), "\(result.messages)")
    }

    @Test func `a text without --prompt is told where it belongs`() async throws {
        let result = try await Program.run(
            ["generate", "--model", "x", "In the beginning"], in: folder)
        #expect(result.status == 64 && result.messages.contains("belongs behind --prompt"))
    }

    @Test func `a vocabulary, a folder or a text in another's place is called what it is`()
        async throws
    {
        try folder.write("vocab/book/tokenizer.json", "{}")
        try folder.write("book.txt", "The mill turns.")
        for (arguments, message) in [
            (["generate", "--model", "vocab/book", "--prompt", "x"], "holds a vocabulary, and no"),
            (["run", "vocab"], "it is a folder (`quern init vocab` writes one"),
            (["run", "book.txt"], "(`quern init book.txt` writes one for a text)"),
        ] {
            let result = try await Program.run(arguments, in: folder)
            #expect(result.status == 1 && result.messages.contains(message), "\(result.messages)")
        }
    }

    @Test func `an error that a command finds itself shows the usage of that command`() async throws
    {
        let result = try await Program.run(["config", "lr0"], in: folder)
        #expect(result.status == 64)
        #expect(result.messages.contains("Usage: quern config "), "\(result.messages)")
    }

    @Test func `a tilde is the home, and somebody else's is refused`() throws {
        #expect(try ChatCommand.path("~/x.jsonl", home: "/home/a") == "/home/a/x.jsonl")
        #expect(try ChatCommand.path("a~/x", home: "/home/a") == "a~/x")
        for text in ["~", "~bob/x"] {
            #expect(throws: UnknownHome.self) { try ChatCommand.path(text, home: "/home/a") }
        }
        #expect(throws: UnknownHome.self) { try ChatCommand.path("~/x", home: nil) }
        #expect(ChatCommand.isOne("/save x") && ChatCommand.isOne("/bye"))
        #expect(!ChatCommand.isOne("/usr/bin is what?"))
    }
}
