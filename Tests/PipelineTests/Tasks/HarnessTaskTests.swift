import Bytes
import Testing
import Work

@testable import Pipeline

@Suite struct HarnessTaskTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let usual = """
        task: mine
        dataset_path: json
        dataset_kwargs:
          data_files: {test: mine.jsonl}
        test_split: test
        output_type: multiple_choice
        doc_to_text: "Q: {{ question }}\\nA:"
        doc_to_choice: "{{choices.text}}"
        doc_to_target: "{{choices.label.index(answerKey)}}"
        """
    private static let record = #"""
        {"question":"why","choices":{"text":["x","y"],"label":["A","B"]},"answerKey":"B","n":1}
        """#

    private func task(
        _ yaml: String, _ lines: String = record, _ options: TaskOptions = TaskOptions()
    ) throws -> EvaluationTask {
        _ = try folder.write("mine.jsonl", lines)
        let path = try folder.write("mine.yaml", yaml)
        return try #require(
            try TaskFile.tasks(in: [path], options, stop: StopSignal()).first)
    }

    @Test func `a task of choices is read with the files beside it`() throws {
        let task = try task(Self.usual)
        #expect(task.name == "mine" && task.kind == .choice && task.chance == 0.5)
        let item = try #require(task.items.first)
        #expect(item.answer == 1)
        #expect(
            item.texts == [
                .init(context: "Q: why\nA:", continuation: " x"),
                .init(context: "Q: why\nA:", continuation: " y"),
            ])
    }

    @Test func `a name in which something commands a terminal is refused`() throws {
        #expect(throws: PipelineError.self) {
            try task(Self.usual.replacing("task: mine", with: "task: \"mine\\x1b[31m\""))
        }
    }

    @Test func `continuations begin as they are written, and metrics are chosen`() throws {
        let task = try task(
            """
            task: mine
            dataset_path: json
            dataset_kwargs: {data_files: {validation: mine.jsonl}}
            validation_split: validation
            output_type: loglikelihood
            doc_to_text: question
            doc_to_target: " {{n}}"
            description: "Read:\\n"
            metric_list:
              - metric: acc
                aggregation: mean
            """)
        #expect(task.metrics == ["acc"])
        #expect(
            task.items[0].texts == [.init(context: "Read:\nwhy", continuation: " 1")])
    }

    @Test func `answers are numbers, or the choices themselves`() throws {
        let base = """
            task: mine
            dataset_path: json
            dataset_kwargs: {data_files: {test: mine.jsonl}}
            test_split: test
            output_type: multiple_choice
            doc_to_text: ""
            doc_to_choice: ["no", "yes"]
            """
        let record = #"{"l":1,"s":"1","w":"yes"}"#
        for target in ["l", "\"{{s}}\"", "w", "\"{{w}}\"", "1"] {
            let task = try task(base + "\ndoc_to_target: \(target)", record)
            #expect(task.items[0].answer == 1, "\(target)")
        }
        // A member that is a text is looked for among the choices, as the harness does.
        #expect(throws: PipelineError.self) { try task(base + "\ndoc_to_target: s", record) }
    }

    @Test(
        "what is a program and not data is refused by name",
        arguments: [
            ("process_docs: !function utils.f", "!"), ("process_docs: x", "process_docs"),
            ("fewshot_config: {sampler: first_n}", "fewshot_config"), ("repeats: 2", "repeats"),
            ("metric_list: [{metric: f1}]", "\"f1\""), ("num_fewshot: -1", "num_fewshot"),
        ])
    func refusals(line: String, name: String) {
        #expect {
            try task(Self.usual + "\n" + line)
        } throws: {
            "\($0)".contains("mine.yaml") && "\($0)".contains(name)
        }
    }

    @Test(
        "templates that are programs are refused",
        arguments: [
            "{{text.split(' ')}}", "{% if a %}", "{{a|trim}}", "{{ }}", "{{a", "{{a.}}", "{{[0]}}",
            "{{a + b}}", "{{a[1:]}}", "{# c #}",
        ])
    func templates(source: String) {
        #expect(throws: HarnessTemplate.Fault.self) { try HarnessTemplate(source) }
    }

    @Test(
        "templates take members, elements and stripped texts",
        arguments: [
            ("{{a.b}} {{ a['c d'] }}", "1 x"), ("{{l[1]}}-{{s.strip()}}", "q-t"), ("s", " t "),
            ("{x} {{n}}", "{x} 7"), ("{{l.index(q)}}", "1"),
        ])
    func rendering(source: String, expected: String) throws {
        let record = try JSONPullReader<JSONError>.with(
            Array(#"{"a":{"b":1,"c d":"x"},"l":["p","q"],"s":" t ","n":7,"q":"q"}"#.utf8).span
        ) { (reader) throws(JSONError) in try reader.readValue() }
        #expect(try HarnessTemplate(source).text(of: record) == expected)
    }

    @Test func `examples come from the split that is named`() throws {
        _ = try folder.write(
            "train.jsonl", (0..<5).map { #"{"q":"t\#($0)","a":" z"}"# }.joined(separator: "\n"))
        let task = try task(
            """
            task: mine
            dataset_path: json
            dataset_kwargs: {data_files: {test: mine.jsonl, train: train.jsonl}}
            test_split: test
            training_split: train
            output_type: loglikelihood
            doc_to_text: "{{q}}"
            doc_to_target: "{{a}}"
            num_fewshot: 2
            """, #"{"q":"m","a":" y"}"#)
        // random.Random(1234).sample(range(5), 2), and the space between a question and its answer.
        #expect(task.items[0].texts[0].context == "t3  z\n\nt0  z\n\nm")
    }
}
