import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct BadInputTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
    }

    @Test(arguments: BadInput.all)
    func `bad input gets one sentence, and leaves nothing half-made`(bad: BadInput) async throws {
        let arguments = try bad.prepare(folder, world)
        let result = try await Program.run(arguments, in: folder)
        #expect(result.status == 1)
        #expect(result.output.isEmpty)
        try expectSentence(result.messages, containing: bad.sentence)
        for output in bad.outputs {
            #expect(try folder.files(below: output).isEmpty)
        }
    }

    /// One line, "Error: …", after the progress of what went well.
    private func expectSentence(_ messages: String, containing part: String) throws {
        let lines = messages.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count { $0.hasPrefix("Error: ") } == 1, "\(messages)")
        #expect(lines.last == "", "\(messages)")
        let sentence = try #require(lines.dropLast().last)
        #expect(sentence.hasPrefix("Error: "), "\(messages)")
        #expect(sentence.contains(part), "\(messages)")
        for trace in ["NSError", "Domain", "DecodingError", "CodingKeys", "Optional("] {
            #expect(!sentence.contains(trace), "\(messages)")
        }
    }

    @Test func `a data set stays as it is when the next corpus cannot be found`() async throws {
        try folder.copy(world.shards, to: "out")
        let before = try folder.files(below: "out")
        let result = try await Program.run(
            ["encode", "--vocab", world.vocabulary, "--output", "out", "none.txt"], in: folder)
        #expect(result.status == 1)
        try folder.expectFiles(below: "out", toBe: before)
    }

    @Test func `an encoding that fails leaves no data set under the name`() async throws {
        // The bad line stands behind more than one chunk, so that shards have been written by then.
        let good = String(
            repeating: "{\"text\": \"\(String(repeating: "the mill turns ", count: 60))\"}\n",
            count: 6_000)
        try folder.write("web.jsonl", good + "{\n")
        let result = try await Program.run(
            [
                "encode", "--vocab", world.vocabulary, "--output", "out", "--quiet",
                // However slow the machine is, there is nothing to go on with.
                "--tokens-per-shard", "20000", "--journal-every", "3600", "web.jsonl",
            ], in: folder)
        #expect(result.status == 1)
        try expectSentence(result.messages, containing: "line 6001")
        #expect(!folder.exists("out/manifest.json"))
        #expect(try folder.files(below: "out").keys.allSatisfy { !$0.hasSuffix(".partial") })
        let shown = try await Program.run(["shards", "show", "out"], in: folder)
        try expectSentence(shown.messages, containing: "there is no directory out")
    }

    @Test(.enabled(if: geteuid() != 0, "nothing is forbidden to root"))
    func `a folder that may not be written to gets one sentence`() async throws {
        try folder.write("a.txt", "text")
        try folder.write("locked/x", "")
        let locked = folder.path + "/locked"
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: locked)
        defer {
            try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: locked)
        }
        for output in ["locked", "locked/in"] {
            let result = try await Program.run(
                ["encode", "--vocab", world.vocabulary, "--output", output, "--quiet", "a.txt"],
                in: folder)
            #expect(result.status == 1)
            try expectSentence(result.messages, containing: "Permission denied")
        }
    }
}
