import Foundation
public import Training

/// The scores of tasks, in the shape of the results of lm-evaluation-harness where it is written.
public struct TaskReport: Sendable, Encodable {
    /// The scores.
    public let scores: [TaskScore]
    /// The mean of the CORE tasks' accuracies above chance; nil where there are none.
    public let core: Double?
    private let tasks: [Task]
    private let samples: [Sample]

    /// What is told of a task besides its figures.
    private struct Task: Sendable {
        let name: String
        let configuration: Configuration
        let fileItemCount: Int
    }

    /// What a model says of the texts of a question.
    private struct Sample: Sendable, Encodable {
        let task: String
        let number: Int
        let place: String
        let answer: Int
        let scores: [TextScore]
        let isContinuation: Bool

        enum CodingKeys: String, CodingKey {
            case task, place
            case number = "doc_id"
            case answer = "target"
            case scores = "resps"
        }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(task, forKey: .task)
            try members.encode(number, forKey: .number)
            try members.encode(place, forKey: .place)
            if !isContinuation { try members.encode(answer, forKey: .answer) }
            var list = members.nestedUnkeyedContainer(forKey: .scores)
            for score in scores {
                var pair = list.nestedUnkeyedContainer()
                try pair.encode(score.logLikelihood)
                if isContinuation { try pair.encode(score.isGreedy) }
            }
        }
    }

    /// A line of JSON for each question, with the logarithms of its texts' probabilities in the
    /// order of its choices, and for a continuation whether all its tokens are the likeliest.
    public func sampleLines() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try samples.map {
            String(decoding: try encoder.encode($0), as: UTF8.self) + "\n"
        }.joined()
    }

    init(_ scores: [TaskScore], _ tasks: [EvaluationTask], _ answers: [[[TextScore]]]) {
        samples = zip(tasks, answers).flatMap { task, answers in
            zip(task.items, answers).enumerated().map { number, pair in
                Sample(
                    task: task.name, number: number, place: pair.0.place, answer: pair.0.answer,
                    scores: pair.1, isContinuation: task.kind == .continuation)
            }
        }
        self.scores = scores
        let centered = zip(scores, tasks).filter { $1.rule == .core }.compactMap {
            $0.0["centered"]
        }
        core = centered.isEmpty ? nil : centered.reduce(0, +) / Double(centered.count)
        self.tasks = zip(tasks, scores).map { task, score in
            Task(
                name: task.name,
                configuration: Configuration(
                    task: task.name, rule: task.rule.rawValue, outputType: task.kind.rawValue,
                    shotCount: task.shotCount, chance: score.chance, path: task.path),
                fileItemCount: task.fileItemCount)
        }
    }

    private struct Configuration: Sendable, Encodable {
        let task: String
        let rule: String
        let outputType: String
        let shotCount: Int
        let chance: Double?
        let path: String

        enum CodingKeys: String, CodingKey {
            case task, rule, chance
            case outputType = "output_type"
            case shotCount = "num_fewshot"
            case path = "file"
        }
    }

    private struct Counts: Encodable {
        let original: Int
        let effective: Int
    }

    private enum CodingKeys: String, CodingKey {
        case results, configs, core
        case shots = "n-shot"
        case counts = "n-samples"
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// Writes the members that readers of the harness's files look for. A figure that is not finite
    /// becomes null, and an error that there is none of "N/A".
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        var results = members.nestedContainer(keyedBy: Name.self, forKey: .results)
        for score in scores {
            var figures = results.nestedContainer(keyedBy: Name.self, forKey: Name(score.name))
            try figures.encode(score.name, forKey: Name("alias"))
            for metric in score.metrics {
                let value = metric.value.isFinite ? metric.value : nil
                try figures.encode(value, forKey: Name("\(metric.name),none"))
                let error = Name("\(metric.name)_stderr,none")
                if let value = metric.standardError, value.isFinite {
                    try figures.encode(value, forKey: error)
                } else {
                    try figures.encode("N/A", forKey: error)
                }
            }
        }
        func pairs<Value>(_ value: (Task) -> Value) -> [String: Value] {
            Dictionary(tasks.map { ($0.name, value($0)) }) { $1 }
        }
        try members.encode(pairs(\.configuration), forKey: .configs)
        try members.encode(pairs { $0.configuration.shotCount }, forKey: .shots)
        let counts = Dictionary(scores.map { ($0.name, $0.itemCount) }) { $1 }
        try members.encode(
            pairs { Counts(original: $0.fileItemCount, effective: counts[$0.name] ?? 0) },
            forKey: .counts)
        try members.encodeIfPresent(core, forKey: .core)
    }
}
