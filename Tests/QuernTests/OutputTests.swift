import Foundation
import Testing

/// A command that reads `input` and writes `output`.
private struct WritingCommand: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// An input, in the folder `w`.
    let input: String
    let arguments: @Sendable (_ output: String) -> [String]
    /// End that the name of an output has to have.
    var ending = ""

    init(
        _ testDescription: String, _ input: String, ending: String = "",
        _ arguments: @escaping @Sendable (String) -> [String]
    ) {
        self.testDescription = testDescription
        self.input = input
        self.arguments = arguments
        self.ending = ending
    }

    private static func train(_ output: String, _ more: String...) -> [String] {
        [
            "train", "--shards", "w/s", "--vocab", "w/v", "--output", output, "--quiet", "--set",
            "training.steps=1",
        ] + more
    }

    static let all = [
        WritingCommand("vocab count", "w/c") { ["vocab", "count", "--output", $0, "w/c"] },
        WritingCommand("vocab train", "w/c") { ["vocab", "train", "--output", $0, "w/c"] },
        WritingCommand("vocab train's counts", "w/c") {
            ["vocab", "train", "--output", "x", "--counts", $0, "w/c"]
        },
        WritingCommand("vocab train of a file", "w/c/a.txt") {
            ["vocab", "train", "--output", $0, "w/c/a.txt"]
        },
        WritingCommand("vocab learn", "w/n.counts") {
            ["vocab", "learn", "--output", $0, "w/n.counts"]
        },
        WritingCommand("vocab merge-counts", "w/n.counts") {
            ["vocab", "merge-counts", "--output", $0, "w/n.counts"]
        },
        WritingCommand("vocab import", "w/v") { ["vocab", "import", "--output", $0, "w/v"] },
        WritingCommand("vocab import of a file", "w/v/tokenizer.json") {
            ["vocab", "import", "--output", $0, "w/v/tokenizer.json"]
        },
        WritingCommand("vocab export", "w/v") {
            ["vocab", "export", "--format", "huggingface", "--output", $0, "w/v"]
        },
        WritingCommand("vocab export to a file", "w/v") {
            ["vocab", "export", "--format", "tiktoken", "--output", $0, "w/v"]
        },
        WritingCommand("corpus pack", "w/c") { ["corpus", "pack", "--output", $0, "w/c"] },
        WritingCommand("corpus pack's quarantine", "w/c") {
            [
                "corpus", "pack", "--output", "x", "--on-error", "quarantine", "--quarantine", $0,
                "w/c",
            ]
        },
        WritingCommand("corpus refine", "w/c") { ["corpus", "refine", "--output", $0, "w/c"] },
        WritingCommand("encode", "w/c") { ["encode", "--vocab", "w/v", "--output", $0, "w/c"] },
        WritingCommand("encode of a file", "w/c/a.txt") {
            ["encode", "--vocab", "w/v", "--output", $0, "w/c/a.txt"]
        },
        WritingCommand("encode beside its vocabulary", "w/v") {
            ["encode", "--vocab", "w/v", "--output", $0, "w/c"]
        },
        WritingCommand("shards export", "w/s") {
            ["shards", "export", "--format", "megatron", "--output", $0, "w/s"]
        },
        WritingCommand("train", "w/s") { train($0) },
        WritingCommand("train beside its vocabulary", "w/v") { train($0) },
        WritingCommand("train from a model", "w/m") { train($0, "--init-from", "w/m") },
        WritingCommand("tuning", "w/q.jsonl") {
            [
                "train", "--conversations", "w/q.jsonl", "--init-from", "w/m", "--output", $0,
                "--quiet",
            ]
        },
        WritingCommand("tuning of a model", "w/m") {
            [
                "train", "--conversations", "w/q.jsonl", "--init-from", "w/m", "--output", $0,
                "--quiet",
            ]
        },
        WritingCommand("model import", "w/m") { ["model", "import", "--output", $0, "w/m"] },
        WritingCommand("model export", "w/m") {
            ["model", "export", "--format", "huggingface", "--output", $0, "w/m"]
        },
        WritingCommand("model export to a file", "w/m") {
            ["model", "export", "--format", "gguf", "--output", $0, "w/m"]
        },
        WritingCommand("model export over the model", "w/m/model.safetensors") {
            ["model", "export", "--format", "gguf", "--output", $0, "w/m"]
        },
        WritingCommand("evaluate", "w/s") {
            ["evaluate", "--model", "w/m", "--shards", "w/s", "--by-position", "--svg", $0]
        },
        WritingCommand("explain", "w/m") { ["explain", "mill", "--model", "w/m", "--svg", $0] },
        WritingCommand("generate", "w/m", ending: ".svg") {
            ["generate", "--model", "w/m", "--prompt", "mill", "--attention", $0]
        },
    ]
}

@Suite struct OutputTests {
    private let folder: TemporaryFolder

    /// The folder `w`, with every kind of input there is.
    init() async throws {
        let world = try await TinyWorld.shared.value
        folder = try TemporaryFolder()
        try folder.write("w/c/a.txt", TinyWorld.corpus)
        try folder.copy(world.vocabulary, to: "w/v")
        try folder.copy(world.shards, to: "w/s")
        let model = URL(fileURLWithPath: world.model).resolvingSymlinksInPath().path
        try folder.copy(model, to: "w/m")
        try folder.write("w/q.jsonl", #"{"instruction":"a","output":"b"}"#)
    }

    @Test(arguments: WritingCommand.all)
    fileprivate func `an output that is, lies in or holds an input is refused`(
        command: WritingCommand
    ) async throws {
        if command.input.hasSuffix(".counts") {
            try await Program.succeed(
                ["vocab", "count", "--output", command.input, "w/c/a.txt"], in: folder)
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: "w")
        let isFile = command.input.contains(".")
        let inner = command.input.dropFirst(2)
        // Of a model's own file the directory is what is read.
        let word = command.testDescription.contains("over the model") ? "lies in" : "is"
        var cases = isFile ? [] : [("link/\(inner)/n/e", "lies in")]
        if command.ending.isEmpty { cases += [("w", "holds"), ("./link/\(inner)", word)] }
        let before = try folder.files(below: "")
        for (output, relation) in cases {
            let output = output + command.ending
            let result = try await Program.run(command.arguments(output), in: folder)
            #expect(result.status == 1, "\(output): \(result.messages)")
            #expect(
                result.messages.contains("the output \(output) \(relation) the input"),
                "\(output): \(result.messages)")
            try folder.expectFiles(below: "", toBe: before, "\(output)")
        }
    }

    @Test(arguments: [
        (".", "lies in the input ."), ("vocab/tiny/a.txt", "holds the input"),
        ("runs/tiny", "is the input"), ("shards", "lies in the input shards"),
    ])
    func `a pipeline whose outputs meet its inputs does nothing`(
        input: String, sentence: String
    ) async throws {
        let folder = try TemporaryFolder()
        try TinyWorld.prepare(folder)
        try folder.write(input.hasSuffix(".txt") ? input : input + "/a.txt", TinyWorld.corpus)
        let before = try folder.files(below: "")
        let result = try await Program.run(
            ["run", "--quiet", "--set", "corpus.inputs=[\"\(input)\"]"], in: folder)
        #expect(result.status == 1)
        #expect(result.messages.contains(sentence), "\(result.messages)")
        try folder.expectFiles(below: "", toBe: before)
    }

    /// Each reads a pipe, so that the first is at work as long as the test wishes.
    @Test(arguments: [
        ["vocab", "count", "--output", "out"], ["vocab", "train", "--output", "out"],
        ["vocab", "train", "--output", "v", "--counts", "out"],
        ["corpus", "pack", "--output", "out"], ["corpus", "refine", "--output", "out"],
        ["encode", "--vocab", "w/v", "--output", "out"],
    ])
    func `of two writers the second hears of the first at once`(
        command: [String]
    ) async throws {
        #expect(unsafe mkfifo(folder.path + "/pipe.txt", 0o600) == 0)
        let first = try Program.start(command + ["--quiet", "pipe.txt"], in: folder)
        let locks = ["out/.quern-lock", ".out.quern-lock"]
        while !locks.contains(where: folder.exists), first.process.isRunning {
            try await Task.sleep(for: .milliseconds(5))
        }
        for _ in 0..<2 {
            let second = try await Program.run(command + ["w/c/a.txt"], in: folder)
            #expect(second.status == 1)
            #expect(
                second.messages.contains("another quern process is writing out: wait for it"),
                "\(second.messages)")
        }
        // Rid of what they were waiting for, the first goes on, and nothing else is left of it.
        try folder.write("text", TinyWorld.corpus)
        let text = try folder.bytes("text")
        let pipe = try #require(FileHandle(forWritingAtPath: folder.path + "/pipe.txt"))
        try pipe.write(contentsOf: Data(text))
        try pipe.close()
        #expect(try await first.result.value.status == 0)
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        #expect(!names.contains { $0.hasSuffix("-lock") || $0.contains(".partial") })
        #expect(names.contains("out"))
    }

    @Test func `of two runs of a pipeline the second leaves the first alone`() async throws {
        let folder = try TemporaryFolder()
        try TinyWorld.prepare(folder)
        let command = ["run", "--quiet", "--set", "training.steps=1000000"]
        let first = try Program.start(command, in: folder)
        while !folder.exists("runs/tiny/metrics.jsonl"), first.process.isRunning {
            try await Task.sleep(for: .milliseconds(5))
        }
        let others = [
            ["run", "--quiet"], ["train", "--config", "pipeline.json", "--quiet"],
            ["train", "--config", "pipeline.json", "--quiet", "--overwrite"],
        ]
        for other in others {
            let second = try await Program.run(other, in: folder)
            #expect(second.status == 1)
            #expect(
                second.messages.contains("another quern process is writing runs/tiny"),
                "\(second.messages)")
        }
        first.process.terminate()
        #expect(try await first.result.value.status == 130)
        #expect(!folder.exists("runs/tiny/.quern-lock"))
        try await Program.succeed(["run", "--quiet", "--overwrite"], in: folder)
    }

    @Test(arguments: ["/dev/null", "/dev/stdout", "pipe"])
    func `no device and no pipe is replaced`(output: String) async throws {
        #expect(unsafe mkfifo(folder.path + "/pipe", 0o600) == 0)
        let commands = [
            ["corpus", "pack", "--output", output, "w/c/a.txt"],
            ["vocab", "count", "--output", output, "w/c/a.txt"],
            ["model", "export", "--format", "gguf", "--output", output, "w/m"],
        ]
        for command in commands {
            let result = try await Program.run(command, in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains("a device, a pipe or a socket"))
        }
        var status = stat()
        #expect(unsafe stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
        #expect(unsafe lstat("/dev/stdout", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    }
}
