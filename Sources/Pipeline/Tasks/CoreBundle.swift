import Bytes
import Corpora
import Work

/// The bundle of tasks of the CORE metric: a directory with `core.yaml`, `eval_meta_data.csv` and
/// the records in `eval_data`.
///
/// Prompts, examples and the order of questions are those of nanochat, which draws them with
/// Python's `random`.
struct CoreBundle {
    private let directory: String
    private let stop: StopSignal
    private let entries: [Entry]
    private let baselines: [String: Double]

    private struct Entry {
        let label: String
        let file: String
        let kind: EvaluationTask.Kind
        let shotCount: Int
        let delimiter: String
    }

    private static let seed: UInt64 = 1_337
    private static let firstShotSeed = 1_234

    /// Reads what `directory` says of its tasks.
    init(directory: String, stop: StopSignal) throws {
        let path = directory + "/core.yaml"
        func fault(_ reason: String) -> PipelineError { .badTask(place: path, reason: reason) }
        guard let settings = try SmallYAML.value(inFile: path) else {
            throw PipelineError.badTask(
                place: directory,
                reason: "it has no core.yaml, and so is no bundle of the CORE tasks; name files of "
                    + "questions one by one")
        }
        guard let list = settings["icl_tasks"]?.array, !list.isEmpty else {
            throw fault("it has no list \"icl_tasks\"")
        }
        let kinds: [String: EvaluationTask.Kind] = [
            "multiple_choice": .choice, "schema": .schema, "language_modeling": .continuation,
        ]
        self.directory = directory
        self.stop = stop
        entries = try list.map { entry in
            guard let label = entry["label"]?.string, let file = entry["dataset_uri"]?.string,
                let kind = kinds[entry["icl_task_type"]?.string ?? ""]
            else {
                throw fault(
                    "a task lacks its label, dataset_uri, or an icl_task_type of multiple_choice, "
                        + "schema and language_modeling")
            }
            guard case .number(let text)? = entry["num_fewshot"]?.array?.first,
                let shotCount = Int(text), (0...1_000).contains(shotCount)
            else { throw fault("num_fewshot of \"\(label)\" is no list with a count") }
            return Entry(
                label: label, file: file, kind: kind, shotCount: shotCount,
                delimiter: entry["continuation_delimiter"]?.string ?? " ")
        }
        baselines = try Self.baselines(directory + "/eval_meta_data.csv", stop)
    }

    /// The accuracies of guessing, between 0 and 1, by the tasks' labels. The last line of a label
    /// counts.
    private static func baselines(_ path: String, _ stop: StopSignal) throws -> [String: Double] {
        func column(_ name: String) throws -> [(place: DocumentOrigin.Position, text: String)] {
            var configuration = CorpusConfiguration(inputs: [path], textField: name)
            configuration.maximumDocumentByteCount = TaskLimits.lineByteCount
            var reader = try CorpusReader(configuration, threadCount: 1, stop: stop)
            var cells: [(place: DocumentOrigin.Position, text: String)] = []
            while let cell = try reader.next() {
                cells.append((cell.origin.position, String(decoding: cell.text, as: UTF8.self)))
            }
            return cells
        }
        let percentages = Dictionary(
            try column("Random baseline").map { ($0.place, $0.text) }, uniquingKeysWith: { $1 })
        return try column("Eval Task").reduce(into: [:]) { baselines, label in
            guard let text = percentages[label.place], let value = Double(text), value < 100 else {
                return
            }
            baselines[label.text] = value / 100
        }
    }

    /// The tasks, with their prompts.
    func tasks(_ options: TaskOptions) throws -> [EvaluationTask] {
        guard options.shotCount == nil else {
            throw PipelineError.badTask(
                place: directory,
                reason: "how many examples stand before a question, its core.yaml says; ask for "
                    + "none")
        }
        return try entries.map { entry in
            guard let baseline = baselines[entry.label] else {
                throw PipelineError.badTask(
                    place: directory + "/eval_meta_data.csv",
                    reason: "it gives no \"Random baseline\" for \"\(entry.label)\"")
            }
            let path = directory + "/eval_data/" + entry.file
            var records = try TaskRecords.read(path, stop: stop)
            let count = records.count
            var order = MersenneTwister(seed: Self.seed)
            order.shuffle(&records)
            if let limit = options.limit { records = Array(records.prefix(limit)) }
            guard records.count > entry.shotCount else {
                throw PipelineError.badTask(
                    place: path,
                    reason: "\(entry.shotCount) examples are wanted before each of its "
                        + "\(records.count) questions; take more of them")
            }
            let questions = try records.map { try CorePrompt($0, entry.kind, entry.delimiter) }
            let items = questions.indices.map { index in
                var random = MersenneTwister(seed: UInt64(Self.firstShotSeed + index))
                // Numbers of the others, of which those behind the question are one more.
                let shots = random.sample(entry.shotCount, of: questions.count - 1)
                    .map { questions[$0 < index ? $0 : $0 + 1].shot }
                return questions[index].item(after: shots.joined())
            }
            return EvaluationTask(
                name: entry.label, rule: .core, kind: entry.kind, items: items,
                fileItemCount: count, shotCount: entry.shotCount, chance: baseline, path: path)
        }
    }
}

/// A question of a CORE task, and the prompts that it becomes.
private struct CorePrompt {
    private let kind: EvaluationTask.Kind
    private let delimiter: String
    private let contexts: [String]
    private let continuations: [String]
    private let answer: Int
    private let place: String

    init(
        _ record: TaskRecords.Record, _ kind: EvaluationTask.Kind, _ delimiter: String
    ) throws {
        let line: TaskLine
        do throws(TaskLine.Fault) {
            line = try TaskLine(record.value)
            guard line.kind == kind else {
                throw TaskLine.Fault(reason: "it is no question of the kind of its task")
            }
        } catch {
            throw PipelineError.badTask(place: record.place, reason: error.reason)
        }
        self.kind = kind
        self.delimiter = delimiter
        contexts = kind == .continuation ? line.contexts.map(PythonText.stripped) : line.contexts
        continuations = line.continuations
        answer = line.answer
        place = record.place
    }

    /// The question with its answer, as an example before another one.
    var shot: String {
        contexts[kind == .schema ? answer : 0] + delimiter
            + continuations[kind == .choice ? answer : 0] + "\n\n"
    }

    func item(after shots: String) -> TaskItem {
        let texts: [TaskItem.Text]
        switch kind {
        case .choice:
            texts = continuations.map {
                .init(context: "", continuation: shots + contexts[0] + delimiter + $0)
            }
        case .schema:
            texts = contexts.map {
                .init(context: "", continuation: shots + $0 + delimiter + continuations[0])
            }
        case .continuation:
            let before = shots + contexts[0] + delimiter
            texts = [
                .init(
                    context: PythonText.stripped(before), continuation: before + continuations[0])
            ]
        }
        return TaskItem(texts: texts, answer: answer, place: place)
    }
}
