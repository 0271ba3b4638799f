import Bytes
import Files
import Training

/// The last figures of a run in tasks: those that were scored in training, and of others those in
/// `tasks.json` in its directory, where `quern evaluate --tasks --output` has written them. That is
/// the shape of the results of lm-evaluation-harness, whose own do as well.
struct TaskResults: Sendable, Equatable {
    /// Figures by their names in `metrics.jsonl`, without what those begin with.
    private(set) var figures: [String: Double] = [:]

    /// Name of the file.
    static let fileName = "tasks.json"
    private static let (byteLimit, figureLimit) = (1 << 24, 1_024)

    /// No figures.
    init() {}

    /// The figures of the run in `directory`, whose training has scored `metrics`.
    init(runDirectory directory: String, _ metrics: RunMetrics) {
        readFile(directory + "/" + Self.fileName)
        figures.merge(metrics.tasks.compactMapValues { $0.last?.value }) { $1 }
    }

    // MARK: Figures

    /// Names of the figures, without errors and what guessing reaches.
    var names: [String] {
        figures.keys.filter {
            !$0.hasSuffix(TaskScore.errorEnding) && !$0.hasSuffix("/" + TaskScore.chanceName)
        }
    }

    /// What guessing reaches; nil where it is not known, and of what is no accuracy.
    func chance(of name: String) -> Double? {
        guard Self.isAccuracy(name), let slash = name.lastIndex(of: "/") else { return nil }
        return figures[String(name[...slash]) + TaskScore.chanceName]
    }

    /// A figure with its standard error, for people; nil where there is none of the name.
    func score(of name: String) -> String? {
        guard let value = figures[name] else { return nil }
        let shown = Self.isAccuracy(name) ? Figure.percent : Figure.short
        let error = figures[name + TaskScore.errorEnding]
        return shown(value) + (error.map { " ± " + shown($0) } ?? "")
    }

    /// Whether the figure is a share of the questions: `acc` and `acc_norm`.
    private static func isAccuracy(_ name: String) -> Bool {
        name.split(separator: "/").last?.hasPrefix("acc") == true
    }

    // MARK: The file

    private mutating func readFile(_ path: String) {
        guard let data = try? FileSystem.contents(path), data.count <= Self.byteLimit,
            let value = Self.value(of: Array(data))
        else { return }
        for task in value["results"]?.members ?? [] {
            if let chance = Self.number(value["configs"]?[task.key]?["chance"]) {
                figures[task.key + "/" + TaskScore.chanceName] = chance
            }
            for member in task.value.members {
                // A name with a filter behind it, "acc,none"; others are no figures.
                let parts = member.key.split(separator: ",", maxSplits: 1)
                guard parts.count == 2, figures.count < Self.figureLimit,
                    let number = Self.number(member.value)
                else { continue }
                figures[task.key + "/" + String(parts[0])] = number
            }
        }
    }

    private static func number(_ value: JSONValue?) -> Double? {
        guard case .number(let text)? = value else { return nil }
        return Double(text).flatMap { abs($0) <= BoundedSeries.largest ? $0 : nil }
    }

    /// The value that a text of JSON is; nil where it is none.
    private static func value(of text: [UInt8]) -> JSONValue? {
        do throws(JSONError) {
            return try JSONPullReader<JSONError>.with(text.span) { (reader) throws(JSONError) in
                let value = try reader.readValue()
                try reader.finish()
                return value
            }
        } catch {
            return nil
        }
    }
}
