import ArgumentParser
import Foundation
import Testing

@testable import quern

/// Completion of words on a command line.
@Suite struct CompletionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `bash completes commands, options, values, files and folders`() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/vocab/kjv", withIntermediateDirectories: true)
        try folder.write("corpus.txt", "")
        try folder.write("quern.bash", Quern.completionScript(for: .bash))
        let lines = [
            ("gen", "generate"), ("voc", "vocab"), ("vocab tr", "train"),
            ("encode --voc", "--vocab"), ("encode --end-of-text a", "after"),
            ("encode --log-format j", "json"), ("encode --vocab v", "vocab"),
            ("encode --vocab vocab/", "vocab/kjv"), ("encode --vocab c", ""),
            ("encode --vocab x --output y co", "corpus.txt"), ("shards verify v", "vocab"),
        ]
        // What `complete` would hand to the function on the key.
        var script = """
            source ./quern.bash
            try() {
                COMP_WORDS=(quern "$@") COMP_CWORD=$# COMP_LINE="quern $*" COMPREPLY=()
                COMP_POINT=${#COMP_LINE}
                _quern quern "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
                echo "${COMPREPLY[*]}"
            }

            """
        for (line, _) in lines { script += "try \(line)\n" }
        try folder.write("script", script)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["--norc", "script"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let answers = try #require(try output.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        #expect(
            String(decoding: answers, as: UTF8.self)
                == lines.map { $0.1 + "\n" }.joined())
    }
}
