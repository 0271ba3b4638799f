import Files
import Foundation
import Pipeline
import Testing
import Work

@testable import Reports

@Suite struct ReportPageTests {
    static let hostile = "</title><script>document.title='owned'</script><img src=x onerror=a()>"

    /// Lines of metrics as training writes them.
    private static func metrics(steps: Int, hostile: String = "plain") -> String {
        let word = JSONWord.quoted(hostile)
        var text = ""
        for step in 1...steps {
            let loss = 8 / Double(step).squareRoot() + 3
            let skipped =
                step == 7 ? ",\"skipped\":\(word),\"windows\":[]" : ""
            text += """
                {"gradient_norm":\(2 / loss),"learning_rate":0.01,"loss":\(loss),\
                "matrix_peak_share":0.5,"seconds":0.1\(skipped),"step":\(step),\
                "tokens":\(step * 2_048),"tokens_per_second":20480}

                """
            if step % 10 == 0 {
                text += """
                    {"bits_per_byte":\(loss / 3),"perplexity":9,"step":\(step),\
                    "sources":{\(word):{"validation_loss":\(loss)},"b":{"validation_loss":4}},\
                    "validation_loss":\(loss)}
                    {"samples":[\(word),"second"],"step":\(step)}
                    {"step":\(step),"task/\(hostile.replacing("\"", with: ""))/acc":0.4}

                    """
            }
        }
        return text
    }

    private func run(_ folder: TemporaryFolder, _ name: String, hostile: String) throws -> RunPlace
    {
        try folder.write(name + "/metrics.jsonl", Self.metrics(steps: 40, hostile: hostile))
        try folder.write(name + "/samples.json", "[\(JSONWord.quoted(hostile))]")
        try folder.write(
            name + "/chat/metrics.jsonl", Self.metrics(steps: 20, hostile: "Who?\n" + hostile))
        try folder.write(
            name + "/chat/answers.json", "[\(JSONWord.quoted("Who?\n" + hostile))]")
        var provenance = Provenance()
        provenance.command = ["quern", "run", hostile]
        provenance.description = hostile
        provenance.program = hostile
        var session = Provenance.Session()
        session.processor = hostile
        session.memory = [hostile: 100]
        session.seconds = ["steps": 12]
        session.parts = [.init(part: hostile, seconds: 1)]
        provenance.sessions = [session]
        try provenance.write(to: folder.path + "/" + name)
        try FileReplacement.writeJSON(
            Self.measurements(hostile), to: folder.path + "/" + name + "/measurements.json")
        return RunPlace(name: hostile, directory: folder.path + "/" + name)
    }

    private static func measurements(_ text: String) -> RunMeasurements {
        var result = RunMeasurements()
        var data = DataMeasurement(key: "", documents: 3, documentsInAll: 5)
        let token = DataMeasurement.Token(id: 3, text: text, bytes: 4, count: 2)
        (data.longest, data.unused, data.newest, data.frequent) = ([token], [token], [token], [])
        data.sources = [.init(name: text, documents: 3, bytes: 30, tokens: 9)]
        data.encodings = [.init(name: text, size: 5, tokens: 3, bytes: 9)]
        data.ranks = [.init(rank: 1, count: 50), .init(rank: 10, count: 2)]
        data.text = [text, " ", text]
        data.lengths = [.init(bytes: 16, documents: 3)]
        data.tokenLengths = [3, 2, 1]
        result.data = data
        var model = ModelMeasurement(key: "", step: 40)
        model.facts = [["layers", text]]
        model.parts = [.init(name: text, parameters: 7)]
        model.operationsPerToken = 100
        model.attention = .init(
            tokens: ["a", text], layers: [1], heads: [1], weights: [[[100, 0, 30, 70]]])
        model.calibration = [.init(count: 4, confidence: 0.5, accuracy: 0.25)]
        result.model = model
        return result
    }

    @Test(arguments: 1...30)
    func `the wall time does not depend on the order of a dictionary`(capacity: Int) {
        // Without the order, 1 is lost beside 1e16 or is not.
        let parts = [("checkpoints", 1e16), ("evaluation", -1e16), ("samples", 1), ("steps", 0.5)]
        var session = Provenance.Session()
        session.seconds.reserveCapacity(capacity * capacity)
        for (name, seconds) in parts { session.seconds[name] = seconds }
        #expect(session.wallSeconds == 1.5)
    }

    @Test func `a page runs nothing of what a run holds, and shows all of it`() throws {
        let folder = try TemporaryFolder()
        let place = try run(folder, "one", hostile: Self.hostile)
        let report = try ReportFiles([place], isMeasured: false, work: WorkContext())
        let page = String(decoding: report.page, as: UTF8.self)
        // The script's data and the script.
        #expect(page.components(separatedBy: "<script").count == 3)
        #expect(page.components(separatedBy: "</script>").count == 3)
        #expect(!page.contains("<img"))
        #expect(page.components(separatedBy: "&lt;img src=x onerror=a()&gt;").count > 20)
        for id in [
            "vocabulary", "training", "samples", "tasks", "model", "attention", "calibration",
            "tuning", "provenance",
        ] {
            #expect(page.contains("<section id=\"\(id)\">"), "\(id)")
        }
        #expect(!page.contains("http-equiv=\"refresh\""))
        // A line that is moved in is shown as it is.
        let lines = report.summary.split(separator: "\n").filter { !$0.hasPrefix("    ") }
        #expect(!lines.joined().contains("<script") && lines.count > 5)
        #expect(report.page.count < 300_000)
    }

    @Test func `the same run gives the same bytes`() throws {
        let folder = try TemporaryFolder()
        let place = try run(folder, "one", hostile: "plain")
        let reports = try (0..<2).map { _ in
            try ReportFiles([place, place], isMeasured: false, work: WorkContext())
        }
        #expect(reports[0].page == reports[1].page)
        #expect(reports[0].summary == reports[1].summary)
    }

    @Test func `a task has its error, and chance is a line in its chart`() throws {
        let folder = try TemporaryFolder()
        var text = ""
        for step in 1...3 {
            text += """
                {"step":\(step),"task/quiz/acc":0.5,"task/quiz/acc_stderr":0.125,\
                "task/quiz/chance":0.25,"task/tale/perplexity":30,"task/tale/perplexity_stderr":2}

                """
        }
        try folder.write("run/metrics.jsonl", text)
        try folder.write(
            "run/tasks.json",
            """
            {"configs":{"later":{"chance":0.5}},"results":{"later":{"acc,none":0.75,\
            "acc_stderr,none":"N/A","alias":"later"},"quiz":{"acc,none":0.1}}}
            """)
        let place = RunPlace(name: "run", directory: folder.path + "/run")
        let report = try ReportFiles([place], isMeasured: false, work: WorkContext())
        let page = String(decoding: report.page, as: UTF8.self)
        #expect(!page.contains("stderr"))
        #expect(page.contains("50.0\u{202F}% ± 12.5\u{202F}%"))
        #expect(page.contains("30 ± 2"))
        #expect(page.components(separatedBy: "data-name=\"chance\"").count == 2)
        #expect(page.contains("class=\"bar c0\""))
        // What was scored after the training is there as well, and does not replace its figures.
        #expect(
            report.summary.contains(
                "| quiz/acc | 25.0\u{202F}% | 50.0\u{202F}% ± 12.5\u{202F}% |"))
        #expect(report.summary.contains("| later/acc | 50.0\u{202F}% | 75.0\u{202F}% |"))
    }

    @Test func `what is no result of tasks beside a run is passed over`() throws {
        let folder = try TemporaryFolder()
        for text in [
            "", "[", "[1]", "{\"results\":3}", "{\"results\":{\"a\":[1],\"b\":{\"acc\":1}}}",
            "{\"results\":{\"a\":{\"acc,none\":1e999}}}",
        ] {
            try folder.write("run/tasks.json", text)
            let found = TaskResults(runDirectory: folder.path + "/run", RunMetrics())
            #expect(found.figures.isEmpty, "\(text)")
        }
    }

    @Test func `a page of a run that goes on reads itself again`() throws {
        let folder = try TemporaryFolder()
        let place = try run(folder, "one", hostile: "plain")
        var page = ReportPage(runs: [try RunReport(place)])
        page.isRunning = true
        #expect(String(decoding: page.html, as: UTF8.self).contains("http-equiv=\"refresh\""))
    }

    @Test func `metrics of any length take bounded memory, and damaged lines are counted`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "run/metrics.jsonl", Self.metrics(steps: 6_000) + "{\"step\":\n[]\n{\"cut")
        let metrics = try RunMetrics(runDirectory: folder.path + "/run")
        #expect(metrics.step == 6_000)
        #expect(metrics.loss.points().count <= 1_000)
        #expect(metrics.evaluations.count == 600)
        #expect(metrics.samples.count <= 64)
        #expect(metrics.samples.last?.step == 6_000)
        #expect(metrics.skippedCount == 1)
        #expect(metrics.unreadableLines == 2)
        #expect(abs(metrics.trainingSeconds - 600) < 1e-6)
        #expect(metrics.tasks["plain/acc"]?.count == 600)
    }

    @Test func `a run that was given up has a page, with the steps that were not taken`() throws {
        let folder = try TemporaryFolder()
        let lines = (1...10).map {
            #"{"loss":null,"skipped":"it is not finite","step":\#($0),"tokens":\#($0)}"# + "\n"
        }
        try folder.write("run/metrics.jsonl", lines.joined())
        let place = RunPlace(name: "run", directory: folder.path + "/run")
        let report = try ReportFiles([place], isMeasured: false, work: WorkContext())
        let page = String(decoding: report.page, as: UTF8.self)
        #expect(page.contains("Skipped steps (10)") && page.contains("it is not finite"))
    }

    @Test func `only a page gives way to a page`() throws {
        let folder = try TemporaryFolder()
        let place = try run(folder, "one", hostile: "plain")
        let report = try ReportFiles([place], isMeasured: false, work: WorkContext())
        let path = folder.path + "/page.html"
        #expect(try report.write(to: path) == [path, folder.path + "/page.md"])
        try report.write(to: path)
        let mine = try folder.write("mine.html", "<!DOCTYPE html><p>by hand")
        #expect(throws: FileError.self) { try report.write(to: mine) }
        #expect(try String(contentsOfFile: mine, encoding: .utf8) == "<!DOCTYPE html><p>by hand")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/mine.md"))
        try report.write(to: mine, overwrites: true)
    }

    @Test func `event files of another program are a run`() throws {
        let folder = try TemporaryFolder()
        let events = (1...30).flatMap {
            EventScalarsTests.event(
                $0, "train/<b>loss", EventScalarsTests.simple(Float(3 - $0 % 2)))
        }
        try folder.write("logs/events.out.tfevents.1.host", events)
        let places = try RunPlace.places(named: folder.path + "/logs/")
        #expect(places.map(\.isForeign) == [true])
        let report = try ReportFiles(places, work: WorkContext())
        let page = String(decoding: report.page, as: UTF8.self)
        #expect(page.contains("<section id=\"scalars\">"))
        #expect(page.contains("train/&lt;b&gt;loss"))
        #expect(throws: PipelineError.self) { try RunPlace.places(named: folder.path) }
    }
}
