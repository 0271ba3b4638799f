import Models
import Tokenization
import Training
public import Work

/// Asks a trained model the questions of tasks.
public enum TaskStage {
    /// Scores the tasks in files with a trained model.
    ///
    /// - Parameters:
    ///   - modelDirectory: a checkpoint, or any model directory of Hugging Face's with a
    ///     vocabulary.
    ///   - files: files of tasks: JSON lines, YAML of lm-evaluation-harness, or the directory of
    ///     the CORE tasks.
    ///   - options: how many questions are asked, and behind how many examples.
    ///   - work: threads, on whose number the result does not depend, the signal to stop, and where
    ///     events go.
    /// - Returns: the scores of each task.
    /// - Throws: ``PipelineError/badTask(place:reason:)`` for what is no question,
    ///   ``PipelineError/badValue(key:reason:)`` for a model of pairs, whose target would have to
    ///   hold all of a continuation, and ``PipelineError/interrupted`` when stopped by request.
    public static func run(
        modelDirectory: String, files: [String], options: TaskOptions = TaskOptions(),
        work: WorkContext<PipelineEvent>
    ) throws -> TaskReport {
        EvaluateStage.mendPointers(to: modelDirectory, work)
        let directory = try CheckpointStore.soundModelDirectory(at: modelDirectory)
        let vocabulary = try Vocabulary(directory: directory)
        let tasks = try TaskFile.tasks(in: files, options, stop: work.stop)
        let model = try ModelDirectory(path: directory).model()
        let prefix = try TokenizerConfigurationFile.read(directory: directory)?
            .beginning(in: vocabulary)
        let exam = try TaskExam(
            tasks, for: model.configuration, vocabulary: vocabulary, prefix: prefix)
        let team = ThreadTeam(threadCount: work.threadCount)
        let answers = try exam.answers(of: model, team: team) { done, count in
            try work.show("scoring tasks", completed: done, of: count, unit: .tokens)
        }
        return TaskReport(exam.scores(of: answers, team: team), tasks, answers)
    }
}

/// Questions in the tokens of a vocabulary, which any model of its shape can be asked.
struct TaskExam: Sendable {
    let tasks: [EvaluationTask]
    /// Of each task and question, how many texts it has.
    private let counts: [[Int]]
    private let texts: [ScoredText]
    private let asksGreedy: [Bool]

    /// Encodes `tasks` for models of a shape.
    ///
    /// - Parameter prefix: the token for a missing context; nil for the one that begins a text of
    ///   the vocabulary.
    init(
        _ tasks: [EvaluationTask], for shape: any ModelShape, vocabulary: Vocabulary,
        prefix: TokenID? = nil
    ) throws {
        guard !type(of: shape).readsPairs else {
            throw PipelineError.badValue(
                key: "tasks",
                reason: "\(shape.architectureName) writes the targets of whole sources, and what a "
                    + "task asks are continuations of a text; give a model that continues one")
        }
        try shape.checkEmbeddings(of: vocabulary)
        let encoder = TaskEncoder(
            vocabulary, prefix: prefix ?? vocabulary.beginningOfText,
            contextLimit: shape.contextLimit)
        var (texts, asksGreedy): ([ScoredText], [Bool]) = ([], [])
        counts = try tasks.map { task in
            try task.items.map { item in
                let own = try encoder.texts(of: item, task)
                texts += own
                asksGreedy += own.map { _ in task.kind == .continuation }
                return own.count
            }
        }
        self.tasks = tasks
        self.texts = texts
        self.asksGreedy = asksGreedy
    }

    /// How likely a model finds the texts of each task's questions. O(tokens · parameters).
    ///
    /// - Parameter progress: called with the tokens that are read and those in all; ends the work
    ///   by an error.
    func answers(
        of model: any LanguageModel, team: ThreadTeam, progress: (Int, Int) throws -> Void
    ) throws -> [[[TextScore]]] {
        let pass = model.makeInferencePass(
            weights: .float32, textCount: 1, team: team, kernels: .best)
        var scorer = TaskScorer(pass, model.configuration, texts, asksGreedy: asksGreedy)
        var rest = try scorer.run(progress: progress)[...]
        return counts.map { counts in
            counts.map { count in
                defer { rest = rest.dropFirst(count) }
                return Array(rest.prefix(count))
            }
        }
    }

    /// The figures of each task.
    func scores(of answers: [[[TextScore]]], team: ThreadTeam) -> [TaskScore] {
        zip(tasks, answers).map { TaskFigures(task: $0, team: team).score($1) }
    }
}
