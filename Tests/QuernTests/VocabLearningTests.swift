import Foundation
import Testing

/// `quern vocab train` and `quern vocab learn` beyond words of one source.
@Suite struct VocabLearningTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "en.txt", (0..<400).map { "the mill by the river, day \($0)" }.joined(separator: "\n"))
        try folder.write(
            "de.txt", (0..<120).map { "die Mühle am Fluss, Tag \($0)" }.joined(separator: "\n"))
    }

    @discardableResult
    private func quern(_ line: String, _ more: String...) async throws -> Program.Result {
        try await Program.succeed(
            line.split(separator: " ").map(String.init) + more, in: folder)
    }

    private func expectSame(_ one: String, _ other: String) throws {
        for name in ["tokenizer.json", "tokens.tsv"] {
            #expect(
                try folder.bytes(one + "/" + name) == folder.bytes(other + "/" + name), "\(name)")
        }
    }

    /// That a line is wrong usage, and that the message names something.
    private func expectRefusal(_ line: String, status: Int32 = 64, naming part: String) async throws
    {
        let result = try await Program.run(
            line.split(separator: " ").map(String.init), in: folder)
        #expect(result.status == status, "\(line)")
        #expect(result.messages.contains(part), "\(line): \(result.messages)")
    }

    @Test func `superwords are those of the counts of both patterns, in either order`()
        async throws
    {
        let sizes = "--superwords-from 300 --vocab-size 330 --quiet --output"
        try await quern("vocab train \(sizes) trained --documents line en.txt")
        for (pattern, name) in [("gpt4", "w"), ("superbpe", "t")] {
            try await quern(
                "vocab count --pattern \(pattern) --documents line --quiet --output \(name) en.txt")
        }
        try await quern("vocab learn \(sizes) learned w t")
        try await quern("vocab learn \(sizes) turned t w")
        try expectSame("trained", "learned")
        try expectSame("trained", "turned")
        let show = try await quern("vocab show trained").text
        #expect(show.contains("superbpe"))
        let (words, superwords) = (
            try await quern("tokenize --vocab word", "the mill by the river"),
            try await quern("tokenize --vocab trained", "the mill by the river")
        )
        func count(_ result: Program.Result) -> Int { result.text.split(separator: "|").count }
        #expect(count(superwords) < count(words))
    }

    @Test func `superwords that cannot be are wrong usage`() async throws {
        try await quern("vocab count --documents line --quiet --output w en.txt")
        for line in [
            "vocab learn w --superwords-from 300 --output v",
            "vocab learn w w --superwords-from 300 --parity --output v",
        ] { try await expectRefusal(line, naming: "--superwords-from") }
        try await expectRefusal(
            "vocab train --superwords-from 5000 --vocab-size 300 --output v en.txt", status: 1,
            naming: "superwords_from is 5000")
    }

    @Test func `a pipeline learns superwords where it says so`() async throws {
        try TinyWorld.prepare(folder)
        let set = [
            "--set", "vocabulary.vocab_size=320", "--set", "vocabulary.superwords_from=290",
            "--log-format", "json",
        ]
        let first = try await Program.succeed(["run"] + set, in: folder)
        #expect(try first.stages("started").contains("vocab"))
        let again = try await Program.succeed(["run"] + set, in: folder)
        #expect(try again.stages("started").isEmpty)
        let show = try await quern("vocab show vocab/tiny").text
        #expect(show.contains("superbpe"))
        // Its text is that which is learned from without a pipeline.
        try await quern(
            """
            vocab train --vocab-size 320 --superwords-from 290 --quiet --output v \
            --validation-fraction 0.2 corpus.txt.zst --text-separator
            """, "\\n\\n")
        try expectSame("v", "vocab/tiny")
    }

    @Test func `parity is that of counts of each source`() async throws {
        let sizes = "--parity --vocab-size 300 --output"
        let trained = try await quern("vocab train \(sizes) trained --documents line en.txt de.txt")
        for name in ["en", "de"] {
            try await quern(
                "vocab count --documents line --quiet --output \(name).counts \(name).txt")
        }
        let learned = try await quern("vocab learn \(sizes) learned en.counts de.counts")
        try expectSame("trained", "learned")
        for result in [trained, learned] {
            #expect(result.text.matches(of: /bytes a token of (en|de)\.\w+ +\d/).count == 2)
        }
        let compared = "--parallel de.txt --parallel en.txt en.txt de.txt"
        try await quern("vocab train \(sizes) compared --documents line \(compared)")
        let counts = "--parallel de.counts --parallel en.counts en.counts de.counts"
        try await quern("vocab learn \(sizes) counted \(counts)")
        try expectSame("compared", "counted")
    }

    @Test func `parity that cannot be is refused`() async throws {
        for (line, part) in [
            ("--parity --counts c en.txt de.txt", "--counts"),
            ("--parallel de.txt en.txt", "--parity"),
            ("--parity --on-error quarantine en.txt de.txt", "--on-error"),
        ] {
            try await expectRefusal("vocab train --output v " + line, naming: part)
        }
        for (line, part) in [
            ("--parity en.txt", "parity is between sources"),
            ("--parity --parallel de.txt en.txt de.txt", "1 parallel texts"),
            ("--parity --superwords-from 280 en.txt de.txt", "superwords_from"),
        ] {
            try await expectRefusal("vocab train --output v " + line, status: 1, naming: part)
        }
    }

    @Test func `a pipeline learns alike for its sources where it says so`() async throws {
        try TinyWorld.prepare(folder)
        let alone = try await Program.run(
            ["run", "--quiet", "--set", "vocabulary.parity=true"], in: folder)
        #expect(alone.status != 0 && alone.messages.contains("vocabulary.parity"))
        try folder.write(
            "pipeline.json",
            """
            {
              "name": "both",
              "corpus": {
                "documents": "line", "validation_fraction": 0.2,
                "sources": [
                  {"name": "en", "inputs": ["en.txt"]}, {"name": "de", "inputs": ["de.txt"]}
                ]
              },
              "vocabulary": {"vocab_size": 300, "parity": true},
              "model": {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 16},
              "training": {"steps": 2, "batch_size": 4}
            }
            """)
        try await Program.succeed(["run", "--quiet"], in: folder)
        try await quern(
            """
            vocab train --parity --vocab-size 300 --quiet --output v --documents line \
            --validation-fraction 0.2 en.txt de.txt
            """)
        try expectSame("v", "vocab/both")
    }
}
