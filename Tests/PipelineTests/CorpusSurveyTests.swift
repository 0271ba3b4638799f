import Compression
import Corpora
import Files
import Foundation
import Models
import Parquet
import Testing
import Tokenization
import Training
import VocabularyLearning
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
        try write(
            "docs/deep/b.md",
            "# Stones\n\nЖёрнов turns.\n" + String(repeating: "The mill turns.\n", count: 100))
        try write("docs/.git/x", "x")
        try write("docs/logo.png", bytes: [0x89, 0, 0])
        let found = try survey("docs")
        #expect(found.choices.isEmpty)
        #expect(found.documentCount == 2 && found.fileCount == 2 && !found.isSample)
        #expect(found.textByteCount == found.storedByteCount)
        #expect(found.leftOut == "1 binary, 1 hidden")
        #expect(found.scripts.map(\.name) == ["Latin"])
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

    @Test("of Parquet the column with the text is found, and what lies beside it is left out")
    func columns() throws {
        let table = ParquetTable([.init("id"), .init("body"), .init("n", kind: .integer)])
        var encoder = try ZstandardEncoder()
        let group = try ParquetRowGroup(
            [
                .strings((0..<9).map { Array("\($0)".utf8) }),
                .strings((0..<9).map { Array("\(chapter)\($0)".utf8) }), .integers(Array(0..<9)),
            ], of: table, encoder: &encoder)
        var footer = ParquetFooter(table)
        footer.append(group)
        let bytes = ParquetFooter.magic + group.bytes + footer.encoded
        try write("web/a.parquet", bytes: bytes)
        try write("web/b.parquet", bytes: bytes)
        try write("web/README.md", "What it is.\n")
        try write("web/logo.png", bytes: [0x89, 0, 0])
        let found = try survey("web")
        #expect(found.corpus.textField == "body")
        #expect(try found.corpus.inputPaths().count == 2)
        #expect(found.documentCount == 18)
        #expect(found.leftOut == "1 .md, 1 binary")
        #expect(found.warnings.isEmpty)
    }

    @Test("a folder whose name has a pattern's characters is itself in the pattern for its files")
    func patternCharacters() throws {
        try write("g[ab] *?\\/deep/a.txt", chapter + "of a\n" + chapter)
        try write("g[ab] *?\\/b.csv", "text\nx\n")
        let found = try survey("g[ab] *?\\")
        #expect(found.corpus.inputs.count == 1 && found.corpus.inputs != [folder.path])
        #expect(try found.corpus.findInputs().paths.map { $0.suffix(10) } == ["deep/a.txt"])
    }

    @Test("blank texts are none, and what cannot be used is said")
    func nothing() throws {
        try write("blank.txt", " \n\t\r\n")
        try write("utf16.txt", bytes: [0xFF, 0xFE, 0x61, 0, 0x62, 0])
        for (name, reason) in [("blank.txt", "is the right file"), ("utf16.txt", "iconv -f")] {
            let error = #expect(throws: PipelineError.self) { try survey(name) }
            #expect(error?.description.contains(reason) == true)
        }
    }

    @Test("a pipe is refused before it is opened")
    func pipe() throws {
        let path = folder.path + "/pipe.txt"
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: PipelineError.self) { try survey("pipe.txt") }
        #expect(error?.description.contains("read only once") == true)
    }

    @Test("of a text too small to be cut nothing is held out")
    func little() throws {
        try write("a.txt", "a mill\n")
        let found = try survey("a.txt")
        #expect(found.corpus.validationFraction == 0)
        #expect(found.choices.contains { $0.key == "corpus.validation_fraction" })
    }

    @Test("long lines are documents, and a small text is one")
    func lines() throws {
        try write("lines.txt", Array(repeating: chapter, count: 200).joined(separator: "\n"))
        #expect(try survey("lines.txt").corpus.documents == .line)
        try write("small.txt", "one\n\n\ntwo\n\n\nthree\n\n\nfour\n\n\n" + chapter)
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
        try write("b.json", "[{\"text\": \"\(chapter)\", \"url\": \"http://a.b/c\"}]")
        #expect(try survey("b.json").choices.isEmpty)
        try write("c.csv", "id,story\n1,\"the mill, by day\"\n2,by night\n")
        #expect(try survey("c.csv").corpus.textField == "story")
        try write("d.json", "[\"the mill turns\", \"by night\"]")
        #expect(try survey("d.json").documentCount == 2)
        try write("e.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n")
        let refusal = #expect(throws: PipelineError.self) { try survey("e.jsonl") }
        #expect("\(try #require(refusal))".contains("instruction_tuning.inputs"))
    }

    @Test(
        "two texts of a record that are a pair are one",
        arguments: [
            ("a.jsonl", #"{"source": "the mill %", "target": "le moulin %"}"#, "source", "target"),
            (
                "a.jsonl", #"{"id": "%", "translation": {"fr": "le moulin", "en": "the mill %"}}"#,
                "translation.fr", "translation.en"
            ),
            ("a.jsonl", #"{"zh_CN": "磨坊 %", "eng_Latn": "mill %"}"#, "zh_CN", "eng_Latn"),
            ("a.tsv", "the mill %\tle moulin %", "en", "fr"),
            ("a.json", #"{"input": "the mill %", "output": "turns %"}"#, "input", "output"),
        ])
    func pairs(_ name: String, _ record: String, _ source: String, _ target: String) throws {
        let records = (0..<60).map { record.replacing("%", with: "\($0)") }
        let front = name == "a.tsv" ? "en\tfr\n" : ""
        try write(name, front + records.joined(separator: "\n"))
        let found = try survey(name)
        #expect(found.readsPairs && found.documentCount == 60)
        #expect(found.corpus.pairFields == PairFields(source: source, target: target))
        let machine = PipelineProposal.Machine(threadCount: 1, matrixPeak: 1e11)
        let proposal = try PipelineProposal(found, name: "x", minutes: 0.1, machine: machine)
        try write("pipeline.json", proposal.text)
        let read = try PipelineConfiguration(path: folder.path + "/pipeline.json")
        #expect(read.model.shape is EncoderDecoderConfiguration)
        #expect(read.samples == found.beginnings && !read.samples.isEmpty)
        try read.validateForRun(threadCount: 1)
    }

    @Test("pairs that are longer than the default window get one that holds them")
    func longPairs() throws {
        let lines = (0..<40).map {
            "{\"source\": \"\($0) \(UUID()) \(UUID())\", \"target\": \"\(chapter)\"}"
        }
        try write("a.jsonl", lines.joined(separator: "\n"))
        let machine = PipelineProposal.Machine(threadCount: 1, matrixPeak: 1e11)
        let proposal = try PipelineProposal(
            survey("a.jsonl"), name: "x", minutes: 0.1, machine: machine)
        let wanted = [512, 1_024, 2_048].map { "\"n_positions\": \($0)}" }
        #expect(wanted.contains(where: proposal.text.contains))
        #expect(proposal.choices.contains { $0.key == "model.n_positions" })
    }

    @Test(
        "questions with answers are named as conversations, with both ways to learn them",
        arguments: [
            (#"{"question": "Who?", "answer": "The miller."}"#, "corpus.source_field question"),
            (#"{"prompt": "Who?", "completion": "I."}"#, "corpus.target_field completion"),
            (
                #"{"instruction": "Say.", "input": "", "output": "So."}"#,
                "(instruction, input, output)"
            ),
            (#"{"conversations": [{"from": "human", "value": "x"}]}"#, "(conversations)"),
        ])
    func conversations(_ record: String, _ says: String) throws {
        try write("a.jsonl", record + "\n" + record + "\n")
        let error = #expect(throws: PipelineError.self) { try survey("a.jsonl") }
        let text = try #require(error).description
        #expect(text.contains(says) && text.contains("instruction_tuning.inputs"), "\(text)")
        #expect(!text.contains("the value of"))
        #expect(text.contains("encoder_decoder") == !record.contains("conversations"))
    }

    @Test("averages are those of records from the whole file, and a sample is called one")
    func averages() throws {
        // The later records are longer.
        let lines = (0..<6_000).map {
            "{\"id\": \"\($0)\", \"body\": \"\(String(repeating: "x", count: $0 / 60))\"}"
        }
        try write("a.jsonl", lines.joined(separator: "\n"))
        let reason = try #require(
            try survey("a.jsonl").choices.first { $0.key == "corpus.text_field" }?.reason)
        #expect(reason.contains("the field with the most text, 50 bytes on average in"))
        #expect(reason.contains("records looked at"))
        #expect(reason.contains("others are id"))
    }

    @Test("the size of files that are not compressed is what the file system says")
    func plainSizes() throws {
        for number in 0..<70 {
            try write("t/\(number).txt", String(repeating: "a b\n", count: number))
        }
        try write("t/large.txt", String(repeating: "the mill turns\n", count: 40_000))
        let found = try survey("t")
        #expect(found.isSample)
        #expect(found.textByteCount == 4 * 69 * 70 / 2 + 15 * 40_000)
    }

    @Test("bytes a token are those that the vocabulary makes of the text, in any script")
    func rates() throws {
        let words = [
            "мельница", "мелет", "зерно", "камень", "вода", "ночью", "днём", "река", "хлеб", "мука",
        ]
        let text = (0..<9_000).map { words[$0 * $0 % 97 % words.count] }.joined(separator: " ")
        try write("ru.txt", text)
        let found = try survey("ru.txt")
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 1_024
        let counter = PieceCounter(configuration.pattern)
        counter.count(Array(text.utf8).span)
        let vocabulary = try VocabularyTrainer(configuration).train(counter.takeCounts())
        let tokens = BytePairEncoder(vocabulary).encode(text).count
        // The survey cuts a text into parts, and a word where two of them meet.
        let bytesPerToken = try #require(found.bytesPerToken)
        #expect(abs(bytesPerToken * Double(tokens) / Double(text.utf8.count) - 1) < 1e-3)
        let machine = PipelineProposal.Machine(threadCount: 2, matrixPeak: 2e11)
        let proposal = try PipelineProposal(found, name: "x", minutes: 10, machine: machine)
        #expect(abs(proposal.cost.corpusTokens - tokens) < tokens / 1_000)
        // Eight times what is learned from, and not what a guess had made of it.
        let trained = Double(proposal.cost.trainingTokens) / (Double(tokens) * 0.95)
        #expect(trained < 8.5 || proposal.cost.steps == 100)
    }

    @Test("a text of less than a window is refused, with what is missing")
    func tooLittle() throws {
        let machine = PipelineProposal.Machine(threadCount: 1, matrixPeak: 1e11)
        for (name, text) in [
            ("a.txt", "hello world\n"), ("b.txt", "x"),
            ("c.txt", String(repeating: "a", count: 100_000)),
        ] {
            try write(name, text)
            let found = try survey(name)
            let error = #expect(throws: PipelineError.self) {
                try PipelineProposal(found, name: "x", minutes: 1, machine: machine)
            }
            #expect(try #require(error).description.contains("one window of the model has 257"))
        }
    }

    @Test("the reason of a model is the time where that is the limit")
    func reasons() throws {
        var found = CorpusSurvey(corpus: CorpusConfiguration(inputs: ["a.txt"]))
        func reasons(_ byteCount: Int, _ minutes: Double) throws -> [String: String] {
            found.textByteCount = byteCount
            let proposal = try PipelineProposal(
                found, name: "x", minutes: minutes,
                machine: .init(threadCount: 2, matrixPeak: 2e11))
            return Dictionary(uniqueKeysWithValues: proposal.choices.map { ($0.key, $0.reason) })
        }
        let much = try reasons(54_000_000, 0.01)
        #expect(much["model"]?.contains("the time allows no more") == true)
        #expect(much["training.steps"]?.contains("% of the corpus") == true)
        let little = try reasons(20_000, 60)
        #expect(little["model"]?.contains("little to learn from") == true)
        #expect(try reasons(40_000_000, 60)["model"]?.contains("nearest to 4") == true)
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
            if let last { #expect(cost.parameters >= last.parameters) }
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
