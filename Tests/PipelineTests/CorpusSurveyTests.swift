import Corpora
import Files
import Foundation
import Testing
import Training
import Work

@testable import Pipeline

@Suite struct CorpusSurveyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func survey(_ names: String...) throws -> CorpusSurvey {
        try CorpusSurveyor.survey(names.map { folder.path + "/" + $0 }, work: WorkContext())
    }

    private func write(_ name: String, _ text: String) throws {
        try write(name, bytes: Array(text.utf8))
    }

    private func write(_ name: String, bytes: [UInt8]) throws {
        let file = URL(fileURLWithPath: folder.path + "/" + name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    private let chapter = String(repeating: "The mill grinds corn by day. ", count: 200)

    @Test("a folder of Markdown is read as it is, and what is left out is counted")
    func markdown() throws {
        try write("docs/a.md", "# The mill\n\nIt turns by day.\n")
        try write("docs/deep/b.md", "# Stones\n\nЖёрнов turns.\n")
        try write("docs/.git/x", "x")
        try write("docs/logo.png", bytes: [0x89, 0, 0])
        let found = try survey("docs")
        #expect(found.choices.isEmpty)
        #expect(found.documentCount == 2 && found.fileCount == 2 && !found.isSample)
        #expect(found.textByteCount == found.storedByteCount)
        #expect(found.leftOut == "1 binary, 1 hidden")
        #expect(found.scripts.map(\.name) == ["Latin", "Cyrillic"])
        #expect(found.beginnings == ["It turns by day", "Жёрнов turns"])
    }

    @Test("source code needs the format text, and a stray table beside prose is left out")
    func kinds() throws {
        try write("src/a.py", "print('the mill turns by day')\n")
        try write("src/Makefile", "all:\n")
        #expect(try survey("src").corpus.format == .text)
        try write("mixed/a.md", chapter)
        try write("mixed/package.json", "{\"name\": \"x\"}")
        let mixed = try survey("mixed")
        #expect(mixed.corpus.inputs == [folder.path + "/mixed/**/*.md"])
        #expect(mixed.leftOut == "1 .json")
        #expect(try mixed.corpus.inputPaths().count == 1)
    }

    @Test(
        "a large text is cut where something separates its documents",
        arguments: [
            ("\n\n\n", "\n\n\n", 30), ("\r\n\r\n\r\n", "\r\n\r\n\r\n", 30),
            ("\n<|endoftext|>\n", "\n<|endoftext|>\n", 30), ("<|endoftext|>", "<|endoftext|>", 30),
            ("\u{0C}", "\u{0C}", 30), ("\n\n", nil, 1),
        ] as [(String, String?, Int)])
    func separators(_ written: String, _ found: String?, _ count: Int) throws {
        let text = Array(repeating: chapter, count: 30).joined(separator: written)
        try write("book.txt", text)
        let survey = try survey("book.txt")
        #expect(survey.corpus.textSeparator == found)
        #expect(abs(survey.documentCount - count) <= 1)
    }

    @Test("long lines are documents, and a small text is one")
    func lines() throws {
        try write("lines.txt", Array(repeating: chapter, count: 200).joined(separator: "\n"))
        #expect(try survey("lines.txt").corpus.documents == .line)
        try write("small.txt", "one\n\n\ntwo\n\n\nthree\n\n\nfour\n\n\nfive")
        #expect(try survey("small.txt").choices.isEmpty)
    }

    @Test("the longest field of records is the text, unless one is called so")
    func fields() throws {
        let lines = (0..<50).map {
            "{\"id\": \"\($0)\", \"meta\": {\"body\": \"\(chapter)\"}, \"title\": \"Day \($0)\"}"
        }
        try write("a.jsonl", lines.joined(separator: "\n"))
        let nested = try survey("a.jsonl")
        #expect(nested.corpus.textField == "meta.body")
        #expect(nested.documentCount == 50)
        try write("b.json", "[{\"text\": \"the mill turns\", \"url\": \"http://a.b/c\"}]")
        #expect(try survey("b.json").choices.isEmpty)
        try write("c.csv", "id,story\n1,\"the mill, by day\"\n2,by night\n")
        #expect(try survey("c.csv").corpus.textField == "story")
        try write("d.json", "[\"the mill turns\", \"by night\"]")
        #expect(try survey("d.json").documentCount == 2)
        try write("e.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n")
        let refusal = #expect(throws: PipelineError.self) { try survey("e.jsonl") }
        #expect("\(try #require(refusal))".contains("instruction_tuning.inputs"))
    }

    @Test("suspicious encodings are named, with the command that mends them")
    func warnings() throws {
        let utf16: [UInt8] = [0xFF, 0xFE] + chapter.utf8.flatMap { [$0, 0] }
        try write("in/utf16.txt", bytes: utf16)
        try write(
            "in/latin.txt", bytes: Array(chapter.utf8) + Array("caf".utf8) + [0xE9, 0x0A])
        try write("in/windows.txt", bytes: [0x93] + Array(chapter.utf8) + [0x94, 0x0A])
        try write(
            "in/mojibake.txt", String(repeating: "cafÃ© â€œ", count: 20) + "\u{FFFD}\n")
        try write(
            "in/mark.txt", bytes: [0xEF, 0xBB, 0xBF] + Array("the mill\r\nturns\r\n".utf8))
        let warnings = try survey("in").warnings.joined(separator: "\n")
        for part in [
            "utf16.txt is UTF-16", "3 bytes are not UTF-8; if the text is windows-1252",
            "40 pairs of characters", "1 replacement characters", "a byte-order mark begins 1",
            "2 of 5 lines end in CR LF",
        ] {
            #expect(warnings.contains(part), "\(part) in \(warnings)")
        }
        #expect(try survey("in").corpus.onError == .quarantine)
        #expect(throws: PipelineError.self) { try survey("in/utf16.txt") }
    }

    @Test("more text gives a larger vocabulary and model, and the time limits the steps")
    func sizes() throws {
        let machine = PipelineProposal.Machine(threadCount: 2, matrixPeak: 2e11)
        var found = CorpusSurvey(corpus: CorpusConfiguration(inputs: ["a.txt"]))
        found.beginnings = ["the \"mill\""]
        var last: PipelineProposal.Cost?
        for byteCount in [20_000, 1_000_000, 40_000_000, 2_000_000_000] {
            found.textByteCount = byteCount
            let proposal = try PipelineProposal(found, name: "x", minutes: 10, machine: machine)
            let cost = proposal.cost
            if let last { #expect(cost.parameters > last.parameters) }
            #expect(cost.seconds < 700)
            #expect(cost.steps >= 100)
            last = cost
            let half = try PipelineProposal(found, name: "x", minutes: 1, machine: machine)
            #expect(half.cost.seconds < 70 || half.cost.steps == 100)
            // It is what a pipeline reads.
            try write("pipeline.json", proposal.text)
            let read = try PipelineConfiguration(path: folder.path + "/pipeline.json")
            #expect(read.training.steps == cost.steps)
            #expect(read.samples == found.beginnings)
            try read.validateForRun(threadCount: 2)
        }
    }
}
