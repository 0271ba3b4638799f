import ArgumentParser
import Foundation
import Testing

@testable import quern

/// The examples of all help texts, read by a shell as a person would paste them.
@Suite struct ExampleTests {
    /// The help texts: names of commands behind the program's, and the program itself.
    static let names = [[]] + NamedCommand.names()

    static let widths = [60, 80, 120]

    static func examples(of name: [String]) -> [Example] {
        (NamedCommand(name).command as? any CommandWithExamples.Type)?.examples ?? []
    }

    @Test(arguments: names)
    func `a command that does something shows how it is called`(name: [String]) {
        let command = NamedCommand(name).command
        guard command.configuration.subcommands.isEmpty else { return }
        let call = (["quern"] + name).joined(separator: " ")
        #expect(Self.examples(of: name).contains { $0.line.contains(call) }, "\(call)")
    }

    @Test(arguments: names, widths)
    func `an example's line fits, or is one word`(name: [String], columns: Int) {
        for example in Self.examples(of: name) {
            let lines = example.lines(columns: columns)
            for line in lines where line.count > columns {
                let words = Example(line.hasSuffix(" \\") ? String(line.dropLast(2)) : line).words
                #expect(words.count == 1, "\(line)")
            }
            #expect(lines.dropLast().allSatisfy { $0.hasSuffix(" \\") })
            if example.line.count + 2 <= columns { #expect(lines == ["  " + example.line]) }
        }
    }

    @Test func `an example means the same to a shell at every width, and to the parser`()
        async throws
    {
        let examples = Self.names.flatMap(Self.examples)
        let calls = try Self.calls(of: examples.map(\.line))
        #expect(calls.count == examples.count)
        for columns in Self.widths {
            let pasted = examples.map {
                $0.lines(columns: columns).joined(separator: "\n")
            }
            let found = try Self.calls(of: pasted)
            for (index, text) in pasted.enumerated() {
                #expect(found[index] == calls[index], "\(text)")
            }
        }
        for arguments in calls.joined() {
            #expect(throws: Never.self, "quern \(arguments)") {
                _ = try Quern.parseAsRoot(arguments.joiningNegativeNumbers)
            }
        }
    }

    @Test(arguments: [
        (
            "a --bc de f | quern gh", 15,
            ["  a --bc de f \\", "      | quern \\", "      gh"]
        ),
        ("quern \"a b c d\" --e", 14, ["  quern \\", "      \"a b c d\" \\", "      --e"]),
        ("a 'b c' --d 0123456789", 19, ["  a 'b c' \\", "      --d \\", "      0123456789"]),
        ("a b --d 0123456789", 20, ["  a b --d 0123456789"]),
        ("a 'b c' --d 012345", 20, ["  a 'b c' --d 012345"]),
        ("a 'b c' --d 0123456", 20, ["  a 'b c' \\", "      --d 0123456"]),
        ("a && b", 7, ["  a \\", "      && \\", "      b"]),
        ("a b", 5, ["  a b"]),
    ])
    func `a line is broken where a reader expects it`(
        line: String, columns: Int, expected: [String]
    ) {
        #expect(Example(line).lines(columns: columns) == expected)
    }

    /// Arguments of the calls of `quern` in each of `texts`, as `sh` hands them over.
    private static func calls(of texts: [String]) throws -> [[[String]]] {
        let folder = try TemporaryFolder()
        try folder.write("text.txt", "")
        // Other programs only hand on what calls quern.
        var script = """
            unit=$(printf '\\037')
            quern() {
                call=
                for word; do call=$call$word$unit; done
                printf '%s\\036' "$call" >> calls
            }
            curl() { :; }
            find() { :; }
            zstdcat() { :; }
            mpirun() { shift 2; "$@"; }

            """
        for text in texts { script += "\(text)\nprintf '\\035' >> calls\n" }
        try folder.write("script", script)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["script"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        try process.run()
        process.waitUntilExit()
        // A pipe's calls run side by side: their order is of no account.
        return String(decoding: try folder.bytes("calls"), as: UTF8.self)
            .split(separator: "\u{1D}").map { example in
                example.split(separator: "\u{1E}").map { call in
                    call.split(separator: "\u{1F}", omittingEmptySubsequences: false).dropLast()
                        .map(String.init)
                }.sorted { $0.joined() < $1.joined() }
            }
    }
}
