import Foundation
import Testing
import Work

@testable import Pipeline

@Suite struct TaskFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func tasks(
        _ name: String, _ text: String, _ options: TaskOptions = TaskOptions()
    ) throws -> [EvaluationTask] {
        try TaskFile.tasks(
            in: [folder.write(name, text)], options, stop: StopSignal())
    }

    /// The texts of the first question of the only task.
    private func texts(_ line: String) throws -> [TaskItem.Text] {
        try #require(try tasks("one.jsonl", line + "\n").first?.items.first).texts
    }

    @Test(
        "the forms of lines become the texts that the harness makes of them",
        arguments: [
            (#"{"context":"A b","choices":["c","d"],"answer":1}"#, ["A b| c", "A b| d"]),
            (#"{"query":"A","choices":["c","d"],"gold":"1","delimiter":""}"#, ["A|c", "A|d"]),
            (#"{"context":"A","continuation":"b"}"#, ["A| b"]),
            (#"{"contexts":["A","B"],"continuation":"c","answer":0}"#, ["A| c", "B| c"]),
            (#"{"context_options":["A","B"],"continuation":"c","gold":0}"#, ["A| c", "B| c"]),
            (
                #"""
                {"activity_label":"Work","ctx_a":"He [x] says [title] go","ctx_b":"MORE Work",\#
                "endings":["a  b","[y]"],"label":"0"}
                """#, ["Work: He says. go More work| a b", "Work: He says. go More work| "]
            ),
            (#"{"ctx":" So [open","endings":["a"],"label":0}"#, ["So [open| a"]),
            (
                #"""
                {"question":"Why","choices":{"text":["a","b"],"label":["A","B"]},"answerKey":"B"}
                """#, ["Question: Why\nAnswer:| a", "Question: Why\nAnswer:| b"]
            ),
            (
                #"""
                {"question":{"stem":"Why","choices":[{"text":"a","label":"1"}]},"answerKey":"1"}
                """#, ["Question: Why\nAnswer:| a"]
            ),
            (#"{"text":"one two three"}"#, ["one two| three"]), (#"{"text":"one"}"#, ["| one"]),
        ])
    func forms(line: String, expected: [String]) throws {
        #expect(try texts(line).map { $0.context + "|" + $0.continuation } == expected)
    }

    @Test func `a file may hold several tasks, and a name is that of the file without one`() throws
    {
        let tasks = try tasks(
            "some.things.jsonl",
            """
            {"task":"b","context":"x","choices":["1","2"],"answer":0}
            {"context":"x","continuation":"y"}

            {"task":"b","context":"x","choices":["1","2","3","4"],"answer":3}
            """)
        #expect(tasks.map(\.name) == ["b", "some"])
        #expect(tasks.map(\.items.count) == [2, 1])
        #expect(tasks[0].chance == 0.375)
        #expect(tasks[1].chance == nil)
        #expect(tasks[0].items[1].place.hasSuffix("some.things.jsonl, line 4"))
        #expect(tasks[0].items[1].lengths == [1, 1, 1, 1])
    }

    @Test(
        "what is no question is refused with its line",
        arguments: [
            ("[1]", "no object"), ("{\"a\":1,\"a\":2}", "twice"), ("{", "ends inside"),
            ("{}", "none of the forms"), (#"{"context":"a","choices":[],"answer":0}"#, "choices"),
            (#"{"context":"a","choices":["b"],"answer":1}"#, "choices 0 to 0"),
            (#"{"context":"a","choices":["b"],"answer":-1}"#, "choices 0 to 0"),
            (#"{"context":"a","choices":["b"],"answer":1e0}"#, "choices 0 to 0"),
            (#"{"context":"a","choices":["b"]}"#, "which choice"),
            (#"{"context":1,"choices":["b"],"answer":0}"#, "no text"),
            (#"{"context":"a","choices":["b",2],"answer":0}"#, "no text"),
            (#"{"question":"a","choices":{"text":["b"],"label":["A"]},"answerKey":"B"}"#, "labels"),
            (#"{"task":"one","context":"a","choices":["b"],"answer":0}"#, "another kind"),
            (#"{"task":"","context":"a","continuation":"b"}"#, "no name"),
            (#"{"task":"a\nb","context":"a","continuation":"b"}"#, "no name"),
            (#"{"text":"a good film","label":1}"#, "no question"),
        ])
    func faults(line: String, reason: String) throws {
        let good = #"{"context":"a","continuation":"b"}"#
        let path = try folder.write("one.jsonl", good + "\n" + line + "\n")
        #expect {
            try TaskFile.tasks(in: [path], TaskOptions(), stop: StopSignal())
        } throws: { error in
            let text = "\(error)"
            return text.hasPrefix("\(path), line 2") && text.contains(reason)
        }
    }

    @Test func `the mark that some editors put before UTF-8 is no part of the first question`()
        throws
    {
        let line = #"{"context":"a","continuation":"b"}"# + "\r\n"
        #expect(try tasks("marked.jsonl", "\u{FEFF}" + line + line).first?.items.count == 2)
        #expect(throws: PipelineError.self) { try tasks("late.jsonl", line + "\u{FEFF}" + line) }
    }

    @Test func `a line that is too long is refused in words about tasks`() throws {
        let text = String(repeating: "a", count: TaskLimits.lineByteCount + 1)
        #expect {
            try tasks("long.jsonl", text)
        } throws: {
            "\($0)".contains("the most of a question") && !"\($0)".contains("corpus.")
        }
    }

    @Test func `two files of one task, a packed bundle and a folder without one are refused`()
        throws
    {
        let line = #"{"context":"a","continuation":"b"}"# + "\n"
        let (a, b) = (try folder.write("t.jsonl", line), try folder.write("t.x.jsonl", line))
        let zip = try folder.write("bundle.zip", "")
        for (paths, reason) in [
            ([a, b], "another name"), ([zip], "unzip"), ([folder.path], "core.yaml"),
            ([try folder.write("empty.jsonl", "\n")], "no question"),
        ] {
            #expect {
                try TaskFile.tasks(in: paths, TaskOptions(), stop: StopSignal())
            } throws: {
                "\($0)".contains(reason)
            }
        }
    }

    @Test func `examples are other questions, drawn with Python's generator`() throws {
        let lines = (0..<8).map {
            #"{"context":"q\#($0)","choices":["a","b"],"answer":\#($0 % 2)}"#
        }
        let task = try #require(
            try tasks(
                "shots.jsonl", lines.joined(separator: "\n"),
                TaskOptions(limit: 3, shotCount: 2)
            ).first)
        #expect(task.fileItemCount == 8)
        // random.Random(1234), and for each question sample(range(8), 3) without the question.
        #expect(
            task.items.map { $0.texts[0].context } == [
                "q7 b\n\nq6 a\n\nq0", "q6 a\n\nq4 a\n\nq1", "q0 a\n\nq5 b\n\nq2",
            ])
        #expect {
            try tasks("few.jsonl", lines[0], TaskOptions(shotCount: 1))
        } throws: {
            "\($0)".contains("1 examples are wanted")
        }
    }

    @Test func `no bytes bring the reader of lines down`() throws {
        var random = MersenneTwister(seed: 5)
        let parts = [
            "{", "}", "[", "]", ":", ",", "\"context\"", "\"choices\"", "\"a\"", "\"answer\"", "0",
            "1",
            "\"endings\"", "\"ctx\"", "\"label\"", "\"text\"", "\"question\"", "\"answerKey\"",
            "null",
            "\"[x] [title]\"", "\"task\"", "\\u00e9", "\"contexts\"", "\"continuation\"",
        ]
        for _ in 0..<300 {
            let line = (0..<random.below(16)).map { _ in parts[random.below(parts.count)] }
            _ = try? tasks("f.jsonl", "{" + line.joined() + "}")
        }
    }
}
