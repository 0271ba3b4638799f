import Bytes
import Files
import Work

/// A task of lm-evaluation-harness that a YAML file describes and whose records lie in files beside
/// it: the part of that which is data, and not a program.
struct HarnessTask {
    private let path: String
    private let settings: JSONValue
    private let name: String
    private let kind: EvaluationTask.Kind
    private let question: HarnessTemplate
    private let target: HarnessTemplate
    private let choices: Choices?
    private let metrics: [String]?

    private enum Choices {
        case listed([String])
        case template(HarnessTemplate)
    }

    /// Keys that decide nothing here.
    private static let idleKeys: Set<String> = [
        "tag", "group", "metadata", "dataset_name", "should_decontaminate",
        "doc_to_decontamination_query",
    ]
    private static let knownKeys: Set<String> = [
        "task", "dataset_path", "dataset_kwargs", "test_split", "validation_split",
        "training_split", "fewshot_split", "output_type", "doc_to_text", "doc_to_choice",
        "doc_to_target", "target_delimiter", "fewshot_delimiter", "description", "metric_list",
        "num_fewshot",
    ]
    private static let knownMetrics: [EvaluationTask.Kind: [String]] = [
        .choice: ["acc", "acc_norm"], .continuation: ["acc", "perplexity"],
    ]

    /// Reads the file at `path`.
    init(path: String) throws {
        func fault(_ reason: String) -> PipelineError { .badTask(place: path, reason: reason) }
        guard let settings = try SmallYAML.value(inFile: path) else {
            throw fault("there is no such file")
        }
        guard !settings.members.isEmpty else { throw fault("it describes no task") }
        for member in settings.members
        where !Self.knownKeys.contains(member.key) && !Self.idleKeys.contains(member.key) {
            throw fault("the key \"\(member.key)\" is not known here; leave it out")
        }
        func required(_ key: String) throws -> String {
            guard let text = settings[key]?.string, !text.isEmpty else {
                throw fault("it needs \"\(key)\", a text")
            }
            return text
        }
        guard settings["dataset_path"]?.string == "json" else {
            throw fault("\"dataset_path\" must be json: only local files are read")
        }
        let kinds: [String: EvaluationTask.Kind] = [
            "multiple_choice": .choice, "loglikelihood": .continuation,
        ]
        guard let kind = kinds[settings["output_type"]?.string ?? ""] else {
            throw fault("\"output_type\" must be multiple_choice or loglikelihood")
        }
        func template(_ key: String) throws -> HarnessTemplate {
            // Where a template is a number alone, it is meant as it is written.
            let source: String
            if case .number(let spelling)? = settings[key] {
                source = spelling
            } else {
                source = key == "doc_to_text" ? settings[key]?.string ?? "" : try required(key)
            }
            do throws(HarnessTemplate.Fault) {
                return try HarnessTemplate(source)
            } catch {
                throw fault("\(key): \(error.reason)")
            }
        }
        self.path = path
        self.settings = settings
        self.kind = kind
        name = try required("task")
        question = try template("doc_to_text")
        target = try template("doc_to_target")
        if let list = settings["doc_to_choice"]?.array {
            choices = .listed(
                try list.map {
                    guard let text = $0.string else {
                        throw fault("\"doc_to_choice\" holds something that is no text")
                    }
                    return text
                })
        } else {
            choices = kind == .choice ? .template(try template("doc_to_choice")) : nil
        }
        metrics = try settings["metric_list"]?.array.map { list in
            try list.map {
                let metric = $0["metric"]?.string ?? $0.string ?? ""
                guard Self.knownMetrics[kind]?.contains(metric) == true else {
                    throw fault(
                        "the metric \"\(metric)\" is not known here; known are "
                            + (Self.knownMetrics[kind] ?? []).joined(separator: ", "))
                }
                return metric
            }
        }
    }

    /// The task, with its records.
    func task(_ options: TaskOptions, stop: StopSignal) throws -> EvaluationTask {
        guard let split = text("test_split") ?? text("validation_split") else {
            throw PipelineError.badTask(place: path, reason: "it needs \"test_split\"")
        }
        let entries = try read(split, stop)
        guard !entries.isEmpty else {
            throw PipelineError.badTask(place: path, reason: "there is no record in its file")
        }
        let shotCount = try options.shotCount ?? number("num_fewshot") ?? 0
        // The harness takes examples from these splits, in this order.
        let source =
            ["fewshot_split", "training_split", "validation_split", "test_split"].lazy
            .compactMap(text).first ?? split
        let pool = shotCount == 0 || source == split ? entries : try read(source, stop)
        // As the harness does, which leaves a question in the pool unless it is told that the
        // splits are the same.
        let items = try TaskEntry.items(
            entries, shotCount: shotCount, from: pool,
            sharesPool: text("fewshot_split") == text("test_split"), limit: options.limit,
            description: text("description") ?? "")
        return EvaluationTask(
            name: name, kind: kind, metrics: metrics, items: items, fileItemCount: entries.count,
            shotCount: shotCount, chance: EvaluationTask.chance(of: items, kind), path: path)
    }

    private func text(_ key: String) -> String? { settings[key]?.string }

    private func number(_ key: String) throws -> Int? {
        guard let value = settings[key], !value.isNull else { return nil }
        guard case .number(let text) = value, let number = Int(text), (0...1_000).contains(number)
        else {
            throw PipelineError.badTask(place: path, reason: "\"\(key)\" is no count")
        }
        return number
    }

    /// The records of a split.
    private func read(_ split: String, _ stop: StopSignal) throws -> [TaskEntry] {
        let files = settings["dataset_kwargs"]?["data_files"]
        guard let file = files?[split]?.string ?? (split == "train" ? files?.string : nil) else {
            throw PipelineError.badTask(
                place: path,
                reason: "\"dataset_kwargs\" must name in \"data_files\" the file of the split "
                    + "\"\(split)\"")
        }
        // The harness takes it from where it was started; a file beside is more often meant.
        let beside = FileSystem.parentDirectory(of: path) + "/" + file
        let place = FileSystem.isMissing(file) && !FileSystem.isMissing(beside) ? beside : file
        return try TaskRecords.read(place, stop: stop).map { record in
            do throws(HarnessTemplate.Fault) {
                return TaskEntry(
                    line: try line(of: record.value), value: record.value, place: record.place)
            } catch {
                throw PipelineError.badTask(place: record.place, reason: error.reason)
            }
        }
    }

    private func line(of record: JSONValue) throws(HarnessTemplate.Fault) -> TaskLine {
        guard case .object = record else { throw .init(reason: "it is no object of JSON") }
        let context = try question.text(of: record)
        let delimiter = text("target_delimiter") ?? " "
        let shotEnd = text("fewshot_delimiter") ?? "\n\n"
        guard let choices else {
            return TaskLine(
                continuing: context, by: try target.text(of: record), delimiter: delimiter,
                shotEnd: shotEnd)
        }
        let texts: [String]
        switch choices {
        case .listed(let list): texts = list
        case .template(let template):
            let list = try template.value(of: record).array ?? []
            texts = list.compactMap(\.string)
            guard texts.count == list.count else {
                throw .init(reason: "\"doc_to_choice\" gives something that is no text")
            }
        }
        guard (1...TaskLimits.choiceCount).contains(texts.count) else {
            throw .init(reason: "\"doc_to_choice\" gives \(texts.count) choices")
        }
        guard context.isEmpty || !context.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            throw .init(
                reason: "\"doc_to_text\" gives a number, for which the choices would be contexts; "
                    + "write them as \"contexts\" in a file of questions")
        }
        return TaskLine(
            asking: context, choices: texts, answer: try answer(of: record, texts),
            delimiter: delimiter, shotEnd: shotEnd)
    }

    /// The number of the right choice: a number, or the text of the choice.
    private func answer(
        of record: JSONValue, _ texts: [String]
    ) throws(HarnessTemplate.Fault) -> Int {
        let value = try target.value(of: record)
        do throws(TaskLine.Fault) {
            switch value {
            case .number: return try TaskLine.index(value, count: texts.count, of: "doc_to_target")
            case .string(let text):
                // What a template makes of a number is one; a member that is a text stays that.
                let isNumber = !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
                if isNumber, !target.isMember(of: record) {
                    return try TaskLine.index(
                        value, count: texts.count, of: "doc_to_target")
                }
                if let index = texts.firstIndex(of: text) { return index }
            default: break
            }
        } catch {
            throw .init(reason: error.reason)
        }
        throw .init(reason: "\"doc_to_target\" gives none of the choices, nor its number")
    }
}
