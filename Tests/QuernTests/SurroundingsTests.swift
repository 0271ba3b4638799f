import Foundation
import Testing

/// Surroundings that lack something: descriptors, readers, permissions.
@Suite struct SurroundingsTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
        try folder.copy(world.folder.path + "/corpus.txt.zst", to: "corpus.txt.zst")
    }

    /// Runs a line of the shell, in which `$Q` is the program.
    private func shell(_ line: String) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = [
            "PATH": "/usr/bin:/bin", "Q": Program.path, "V": world.vocabulary, "M": world.model,
        ]
        try folder.write("shell.out", [])
        process.standardOutput = FileHandle(forWritingAtPath: folder.path + "/shell.out")
        process.standardError = process.standardOutput
        let (ends, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            end.yield(process.terminationStatus)
            end.finish()
        }
        try process.run()
        var status: Int32 = -1
        for await value in ends { status = value }
        return (status, String(decoding: try folder.bytes("shell.out"), as: UTF8.self))
    }

    @Test func `no file takes the place of a descriptor that is closed`() async throws {
        let command = #"$Q encode --vocab $V --output D --text-separator '\n\n' corpus.txt.zst"#
        _ = try await shell(command.replacing("D", with: "whole"))
        let whole = try folder.files(below: "whole")
        #expect(whole.count == 5)
        for number in 0..<8 {
            let closed = (0..<3).filter { number >> $0 & 1 == 1 }
            let redirections = closed.map { $0 == 0 ? " 0<&-" : " \($0)>&-" }.joined()
            let name = "set-\(number)"
            let result = try await shell(
                "(" + command.replacing("D", with: name) + ")" + redirections)
            // The table of what was made is a result, and cannot be written.
            #expect(result.status == (closed.contains(1) ? 1 : 0), "\(result)")
            #expect(
                result.output.contains("could not write standard output")
                    == (closed.contains(1) && !closed.contains(2)))
            try folder.expectFiles(below: name, toBe: whole)
        }
    }

    @Test func `a result that cannot be written is an error, and a reader that goes is none`()
        async throws
    {
        let full = try await shell("$Q tokenize --vocab word 'a b' > /dev/full")
        #expect(full.status == 1)
        #expect(full.output.contains("could not write standard output: No space left on device"))
        // Help is a result as well.
        for (line, reason) in [
            ("$Q --help > /dev/full", "No space left on device"),
            ("$Q train --help > /dev/full", "No space left on device"),
            ("$Q help encode > /dev/full", "No space left on device"),
            ("$Q --version >&-", "Bad file descriptor"), ("$Q --help >&-", "Bad file descriptor"),
        ] {
            let help = try await shell(line)
            #expect(help.status == 1, "\(line): \(help)")
            #expect(help.output.contains("could not write standard output: " + reason))
        }
        let gone = try await shell(
            "(sleep 0.3; $Q tokenize --vocab word 'a b'; echo $? > code) | true; cat code")
        #expect(gone.output == "141\n")
    }

    @Test func `the error of a log of JSON lines is one of them`() async throws {
        for (line, status) in [
            ("encode --vocab none --output out x", 1), ("tokenize --vocab none x", 1),
            ("decode --vocab none 1", 1), ("chat --model none", 1), ("generate --model none", 1),
            ("encode --bogus", 64),
        ] {
            let result = try await shell("$Q \(line) --log-format json")
            #expect(result.status == status, "\(line): \(result)")
            let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
            let event = try #require(object as? [String: Any])
            #expect(event["event"] as? String == "error")
            #expect((event["message"] as? String)?.isEmpty == false)
        }
    }
}
