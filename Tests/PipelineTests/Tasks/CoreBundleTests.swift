import Foundation
import Testing
import Work

@testable import Pipeline

@Suite struct CoreBundleTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bundle(_ entry: String, _ lines: [String], baselines: String = "25") throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/eval_data/kind", withIntermediateDirectories: true)
        _ = try folder.write("core.yaml", "icl_tasks:\n-\n" + entry)
        _ = try folder.write(
            "eval_meta_data.csv",
            "Eval Task,Task Category,Random baseline\nother,x,50\nmine,\"a, b\",\(baselines)\n")
        _ = try folder.write("eval_data/kind/mine.jsonl", lines.joined(separator: "\n"))
    }

    private func task(_ options: TaskOptions = TaskOptions()) throws -> EvaluationTask {
        try #require(
            try TaskFile.tasks(in: [folder.path], options, stop: StopSignal()).first)
    }

    private static func entry(_ kind: String, shots: Int, more: String = "") -> String {
        """
          label: mine
          dataset_uri: kind/mine.jsonl
          num_fewshot: [\(shots)]
          icl_task_type: \(kind)
        \(more)
        """
    }

    @Test func `questions of choices stand in Python's order behind Python's examples`() throws {
        try bundle(
            Self.entry("multiple_choice", shots: 2),
            (0..<5).map { #"{"query":"q\#($0)","choices":["a","b"],"gold":\#($0 % 2)}"# })
        let task = try task()
        #expect(task.rule == .core && task.chance == 0.25 && task.shotCount == 2)
        // order = list(range(5)); random.Random(1337).shuffle(order); then for number i
        // random.Random(1234 + i).sample([j for j in range(5) if j != i], 2).
        #expect(
            task.items.map { $0.texts[0].continuation } == [
                "q4 a\n\nq0 a\n\nq1 a",
                "q4 a\n\nq2 a\n\nq0 a",
                "q4 a\n\nq2 a\n\nq3 a",
                "q0 a\n\nq4 a\n\nq2 a",
                "q1 b\n\nq0 a\n\nq4 a",
            ])
        #expect(task.items.map(\.answer) == [1, 0, 1, 0, 0])
        #expect(try self.task(TaskOptions(limit: 3)).items.count == 3)
        #expect(throws: PipelineError.self) { try self.task(TaskOptions(limit: 2)) }
        #expect(throws: PipelineError.self) { try self.task(TaskOptions(shotCount: 1)) }
    }

    @Test(arguments: 1...20)
    func `the last line of a label says how often guessing is right`(count: Int) throws {
        let lines = (1...count).map { "mine,x,\($0)" }.joined(separator: "\n")
        try bundle(
            Self.entry("multiple_choice", shots: 0),
            [#"{"query":"q","choices":["a","b"],"gold":0}"#], baselines: "25\n" + lines)
        #expect(try task().chance == Double(count) / 100)
    }

    @Test func `schemas and continuations have their delimiter, and contexts no space around`()
        throws
    {
        try bundle(
            Self.entry(
                "schema", shots: 0, more: "  continuation_delimiter: \"\\n- \""),
            [#"{"context_options":["A ","B"],"continuation":"c","gold":1}"#])
        #expect(try task().items[0].texts.map(\.continuation) == ["A \n- c", "B\n- c"])
        try bundle(
            Self.entry("language_modeling", shots: 1),
            (0..<2).map { #"{"context":" C\#($0) ","continuation":"c\#($0)"}"# })
        // Of two, the other one is the example.
        let items = try task().items
        #expect(
            Set(items.map { $0.texts[0].continuation }) == [
                "C1 c1\n\nC0 c0", "C0 c0\n\nC1 c1",
            ])
        #expect(items.allSatisfy { !$0.texts[0].context.hasSuffix(" ") })
    }

    @Test func `a bundle that lacks something is refused with what it is`() throws {
        let line = #"{"query":"q","choices":["a","b"],"gold":0}"#
        for (entry, lines, reason) in [
            (Self.entry("generation", shots: 0), [line], "icl_task_type"),
            (Self.entry("multiple_choice", shots: 0), ["{}"], "line 1"),
            (Self.entry("schema", shots: 0), [line], "kind of its task"),
            ("  label: mine", [line], "dataset_uri"),
        ] {
            try bundle(entry, lines)
            #expect {
                try task()
            } throws: {
                "\($0)".contains(reason)
            }
        }
        try bundle(Self.entry("multiple_choice", shots: 0), [line], baselines: "")
        #expect {
            try task()
        } throws: {
            "\($0)".contains("Random baseline")
        }
    }
}
