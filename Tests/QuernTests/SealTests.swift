import Foundation
import Testing

/// Damage between the making of a file and its use, and links that a copy has lost.
@Suite struct SealTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    /// A copy of the tiny world, which the tests may damage.
    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
        for name in ["corpus.txt.zst", "pipeline.json", "vocab", "shards", "runs"] {
            try folder.copy(world.folder.path + "/" + name, to: name)
        }
    }

    private func flip(_ name: String, bit: Int) throws {
        var bytes = try folder.bytes(name)
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        try folder.write(name, bytes)
    }

    private let checkpoints = "runs/tiny/checkpoints"

    private func refusal(_ arguments: String...) async throws -> String {
        let result = try await Program.run(arguments, in: folder)
        #expect(result.status == 1, "\(arguments): \(result.messages)")
        #expect(result.output.isEmpty || arguments[1] == "verify")
        return result.messages
    }

    // MARK: Shards

    @Test(arguments: ["bin", "idx"])
    func `shards that are not as they were written are read by no command`(ending: String)
        async throws
    {
        let name = "shards/tiny/train_000000.\(ending)"
        let size = try folder.bytes(name).count * 8
        // The header is compared with the manifest when a shard is opened.
        for bit in stride(from: size - 5, to: 8 * 32, by: -size / 7) {
            try flip(name, bit: bit)
            let train = try await refusal(
                "train", "--shards", "shards/tiny", "--vocab", "vocab/tiny", "--output", "out",
                "--quiet")
            #expect(train.contains("\(name) is damaged"), "bit \(bit): \(train)")
            if bit == size - 5 {
                for messages in [
                    try await refusal(
                        "evaluate", "--model", checkpoints + "/best", "--shards", "shards/tiny",
                        "--split", "train", "--quiet"),
                    try await refusal("decode", "--shards", "shards/tiny", "--vocab", "vocab/tiny"),
                    try await refusal(
                        "shards", "export", "shards/tiny", "--format", "nanogpt", "--output",
                        "out", "--quiet"),
                ] { #expect(messages.contains("\(name) is damaged"), "\(messages)") }
            }
            try flip(name, bit: bit)
        }
        #expect(!folder.exists("out"))
        let trained = try await Program.succeed(
            [
                "train", "--shards", "shards/tiny", "--vocab", "vocab/tiny", "--output", "out",
                "--config", "pipeline.json",
            ], in: folder)
        #expect(trained.messages.contains(/2 shards, [0-9.]+ kB: as written\n/))
    }

    // MARK: Models

    @Test func `a damaged model is refused by every command, with the newest sound one`()
        async throws
    {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: folder.path + "/\(checkpoints)/step-00000006")
        #expect(names.contains("manifest.json"))
        for name in names.sorted() {
            let file = "\(checkpoints)/step-00000006/\(name)"
            try flip(file, bit: try folder.bytes(file).count * 4 + 1)
            let messages = try await refusal(
                "generate", "--model", checkpoints + "/latest", "--prompt", "the mill")
            #expect(messages.contains("step-00000006 is damaged (\(name) is not as it was"))
            #expect(messages.contains("is \(checkpoints)/step-00000004"), "\(messages)")
            let verified = try await Program.run(["model", "verify", "runs/tiny"], in: folder)
            #expect(verified.status == 1)
            #expect(verified.text.contains("step-00000006: damaged: \(name) is not as"))
            #expect(
                verified.text.contains(/step-00000004: [0-9]+ files, [0-9.]+ kB, all as written/))
            try flip(file, bit: try folder.bytes(file).count * 4 + 1)
        }
        try flip("\(checkpoints)/step-00000006/model.safetensors", bit: 9_003)
        for arguments in [
            ["evaluate", "--shards", "shards/tiny", "--model"], ["explain", "the", "--model"],
            ["chat", "--model"], ["model", "import", "--output", "out"],
            ["model", "export", "--format", "huggingface", "--output", "out"],
            ["train", "--config", "pipeline.json", "--output", "out", "--init-from"],
        ] {
            let result = try await Program.run(
                arguments + [checkpoints + "/step-00000006"], in: folder, input: Array("a\n".utf8))
            #expect(result.messages.contains("step-00000006 is damaged"), "\(arguments) \(result)")
            #expect(result.status == 1 && !folder.exists("out"))
        }
    }

    @Test func `a model of another program is verified as far as it can be`() async throws {
        try folder.copy(folder.path + "/\(checkpoints)/step-00000006", to: "model")
        try folder.remove("model/manifest.json")
        try folder.remove("model/training_state.json")
        let text = try await Program.succeed(["model", "verify", "model"], in: folder).text
        #expect(text.contains("model: no manifest.json"))
        // A file of this name that is another's says nothing.
        try folder.write("model/manifest.json", "[]")
        #expect(try await Program.succeed(["model", "verify", "model"], in: folder).text == text)
        try await Program.succeed(
            ["generate", "--model", "model", "--max-new-tokens", "2"], in: folder)
        let path = "model/model.safetensors"
        var bytes = try folder.bytes(path)
        // 70,000, which half precision cannot hold, at the end of the embedding.
        let start = 8 + (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        bytes.replaceSubrange(start..<start + 4, with: [0x00, 0xB8, 0x88, 0x47])
        try folder.write(path, bytes)
        for more in [[], ["--top", "2"], ["--beams", "2"]] {
            let half = ["generate", "--model", "model", "--max-new-tokens", "2", "--weights"]
            let refused = try await Program.run(half + ["float16"] + more, in: folder)
            #expect(refused.status == 1)
            #expect(refused.messages.contains("holds 70000.0, which F16 cannot"), "\(refused)")
            try await Program.succeed(half + ["int8"] + more, in: folder)
        }
    }

    // MARK: Runs

    @Test func `a run with a damaged checkpoint goes on from a sound one and says so`()
        async throws
    {
        let whole = try folder.files(below: checkpoints + "/step-00000006")
        try flip(checkpoints + "/step-00000006/optimizer.safetensors", bit: 10_001)
        let again = try await Program.succeed(["run"], in: folder)
        #expect(again.messages.contains("step-00000006 is damaged (optimizer.safetensors is not"))
        #expect(
            again.messages.contains("goes on from \(checkpoints)/step-00000004, which is sound"))
        try folder.expectFiles(below: checkpoints + "/step-00000006", toBe: whole)
        #expect(!(try await Program.succeed(["run"], in: folder).messages.contains("Training …")))

        // And where none is sound, nothing of it is lost.
        for step in [3, 4, 6] where folder.exists("\(checkpoints)/step-0000000\(step)") {
            try flip("\(checkpoints)/step-0000000\(step)/config.json", bit: 100)
        }
        let anew = try await Program.succeed(["run"], in: folder)
        #expect(anew.messages.contains("no checkpoint in \(checkpoints) is sound"))
        try folder.expectFiles(below: checkpoints + "/step-00000006", toBe: whole)
        #expect(folder.exists(checkpoints + "/set-aside-after-step-00000000/step-00000006"))
    }

    @Test func `a run whose links were lost is neither trained anew nor called missing`()
        async throws
    {
        let before = try folder.files(below: checkpoints)
        func removeLinks() throws {
            for name in ["latest", "best"] { try? folder.remove("\(checkpoints)/\(name)") }
        }
        try removeLinks()
        let arguments = [
            "train", "--config", "pipeline.json", "--shards", "shards/tiny", "--vocab",
            "vocab/tiny", "--output", "runs/tiny",
        ]
        let refused = try await Program.run(arguments, in: folder)
        #expect(refused.status == 1)
        #expect(refused.messages.contains("has checkpoints already"))
        #expect(refused.messages.contains("--resume") && !refused.messages.contains("--overwrite"))

        try await Program.succeed(arguments + ["--resume"], in: folder)
        for name in ["latest", "best"] {
            #expect(folder.exists("\(checkpoints)/\(name)/config.json"))
        }

        try removeLinks()
        let run = try await Program.succeed(["run"], in: folder)
        #expect(run.messages.contains("latest was missing and is step-00000006"))

        try removeLinks()
        try await Program.succeed(
            [
                "generate", "--model", checkpoints + "/best", "--prompt", "the mill",
                "--max-new-tokens", "2",
            ], in: folder)
        let scored = try await Program.succeed(
            ["evaluate", "--model", checkpoints + "/best", "--shards", "shards/tiny"], in: folder)
        #expect(scored.messages.contains("best was missing and is step-0000000"))
        #expect(folder.exists(checkpoints + "/best/config.json"))
        let files = try folder.files(below: checkpoints)
        #expect(files.filter { !$0.key.hasPrefix("step-") }.isEmpty)
        #expect(files == before)
    }

    @Test func `going on from a step is asked for with the step, and says what stays behind`()
        async throws
    {
        let arguments = [
            "train", "--config", "pipeline.json", "--shards", "shards/tiny", "--vocab",
            "vocab/tiny", "--output", "runs/tiny", "--resume", "--from-step",
        ]
        let unknown = try await Program.run(arguments + ["5"], in: folder)
        #expect(unknown.status == 1)
        #expect(unknown.messages.contains("has no checkpoint of step 5: it has those of"))
        let result = try await Program.succeed(arguments + ["4"], in: folder)
        #expect(result.messages.contains("the checkpoint of step 6 and the metrics are set aside"))
        #expect(folder.exists(checkpoints + "/set-aside-after-step-00000004/step-00000006"))
        #expect(folder.exists(checkpoints + "/step-00000006"))
        for wrong in [["--from-step", "4"], ["--resume", "--from-step", "0"]] {
            #expect(try await Program.run(["train"] + wrong, in: folder).status == 64)
        }
    }

    @Test func `a key that stands twice is refused, in the description and in a setting`()
        async throws
    {
        let text = String(decoding: try folder.bytes("pipeline.json"), as: UTF8.self)
        try folder.write(
            "pipeline.json", text.replacing("\"steps\": 6", with: "\"steps\": 6, \"steps\": 7"))
        #expect(try await refusal("run", "--quiet").contains("the key \"steps\" appears twice"))
        try folder.write("pipeline.json", text)
        let messages = try await refusal(
            "run", "--quiet", "--set", #"generation={"seed": 1, "seed": 2}"#)
        #expect(messages.contains("the key \"seed\" appears twice"))
    }
}
