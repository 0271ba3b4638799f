import Files
import Foundation
import Testing

@Suite struct ReportRunsTests {
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        try TinyWorld.prepare(folder)
        try await Program.succeed(["run", "--quiet"], in: folder)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try folder.bytes(path), as: UTF8.self)
    }

    @Test func `a run writes its page by itself, and report writes the same bytes`() async throws {
        let page = try text("runs/tiny/report.html")
        for part in [
            "<section id=\"corpus\">", "<section id=\"vocabulary\">", "<section id=\"training\">",
            "<section id=\"samples\">", "<section id=\"attention\">", "<section id=\"positions\">",
            "<section id=\"calibration\">", "<section id=\"provenance\">", "quern run --quiet",
            "model.n_embd", "Time by activity", "Memory by part",
        ] {
            #expect(page.contains(part), "\(part)")
        }
        #expect(!page.contains("http-equiv=\"refresh\""))
        let measured = try text("runs/tiny/measurements.json")
        let result = try await Program.succeed(["report", "tiny", "--json"], in: folder)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(result.text.utf8)) as? [String: Any])
        #expect(json["page"] as? String == "runs/tiny/report.html")
        #expect(try text("runs/tiny/report.html") == page)
        #expect(try text("runs/tiny/measurements.json") == measured)
        // Measured anew, on another number of threads.
        try folder.remove("runs/tiny/measurements.json")
        try await Program.succeed(["report", "tiny", "--threads", "1"], in: folder)
        #expect(try text("runs/tiny/report.html") == page)
        #expect(try text("runs/tiny/measurements.json") == measured)
    }

    @Test func `runs beside each other name each setting that differs`() async throws {
        let sets = [["training.steps=3", "training.learning_rate=1e-3"], ["model.n_embd=32"]]
        for (number, set) in sets.enumerated() {
            try await Program.succeed(
                ["run", "--quiet", "--set", "name=other\(number)"]
                    + set.flatMap { ["--set", $0] }, in: folder)
        }
        let result = try await Program.succeed(
            ["report", "tiny", "other0", "other1", "--output", "all.html"], in: folder)
        #expect(result.text.contains("all.html"))
        let page = try text("all.html")
        let start = try #require(page.range(of: "Settings that differ")?.upperBound)
        let end = try #require(page[start...].range(of: "</table>")?.lowerBound)
        let table = page[start..<end]
        for key in ["training.steps", "training.learning_rate", "model.n_embd"] {
            #expect(table.contains("<bdi>\(key)</bdi>"), "\(key)")
        }
        #expect(!table.contains("training.seed"))
        #expect(try text("all.md").contains("training.learning\\_rate"))
    }

    @Test func `what is no page stays, and a run that is none is named`() async throws {
        try folder.write("notes.html", "<p>by hand")
        let refused = try await Program.run(
            ["report", "tiny", "--output", "notes.html"], in: folder)
        #expect(refused.status == 1)
        #expect(try text("notes.html") == "<p>by hand")
        let missing = try await Program.run(["report", "nothing"], in: folder)
        #expect(missing.status == 1 && missing.messages.contains("nothing"))
        let ending = try await Program.run(["report", "tiny", "--output", "a.txt"], in: folder)
        #expect(ending.status == 64)
    }

    @Test func `a training goes on where its page cannot be written`() async throws {
        try folder.remove("runs/tiny/report.html")
        try folder.write("runs/tiny/report.html", "by hand")
        let result = try await Program.run(
            ["run", "--set", "training.steps=9"], in: folder)
        #expect(result.status == 0, "\(result.messages)")
        #expect(result.messages.contains("the report is not written"))
        #expect(try text("runs/tiny/report.html") == "by hand")
    }
}
