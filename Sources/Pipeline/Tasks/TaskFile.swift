import Bytes
import Files
import Foundation
import Work

/// Options of reading tasks.
public struct TaskOptions: Equatable, Sendable {
    /// The most questions of each task, the first ones; nil for all.
    public var limit: Int?
    /// Examples with their answers before each question; nil for what the file says, or none.
    public var shotCount: Int?

    /// All questions, as the files have them.
    public init(limit: Int? = nil, shotCount: Int? = nil) {
        self.limit = limit
        self.shotCount = shotCount
    }
}

/// Reads the tasks of a file, whatever its form.
enum TaskFile {
    /// The tasks in the files and directories `paths`.
    ///
    /// - Throws: ``PipelineError/badTask(place:reason:)`` with the line of what is no question, and
    ///   the errors of reading.
    static func tasks(
        in paths: [String], _ options: TaskOptions, stop: StopSignal
    ) throws -> [EvaluationTask] {
        var tasks: [EvaluationTask] = []
        for path in paths { tasks += try self.tasks(in: path, options, stop: stop) }
        var names: [String: String] = [:]
        for task in tasks {
            guard EvaluationTask.isName(task.name) else {
                throw PipelineError.badTask(
                    place: task.path, reason: "the name of a task must be a text of one line")
            }
            if let other = names.updateValue(task.path, forKey: task.name) {
                throw PipelineError.badTask(
                    place: task.path,
                    reason: "the task \"\(task.name)\" is also in \(other); give one of them "
                        + "another name")
            }
        }
        return tasks
    }

    private static func tasks(
        in path: String, _ options: TaskOptions, stop: StopSignal
    ) throws -> [EvaluationTask] {
        var isDirectory = false as ObjCBool
        let isThere = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        if isThere, isDirectory.boolValue {
            return try CoreBundle(directory: path, stop: stop).tasks(options)
        }
        switch path.split(separator: ".").last?.lowercased() {
        case "zip":
            throw PipelineError.badTask(
                place: path, reason: "it is packed: unzip it, and name the directory")
        case "yaml", "yml":
            return [try HarnessTask(path: path).task(options, stop: stop)]
        default: return try lines(path, options, stop: stop)
        }
    }

    private static func lines(
        _ path: String, _ options: TaskOptions, stop: StopSignal
    ) throws -> [EvaluationTask] {
        let records = try TaskRecords.read(path, stop: stop)
        var groups: [(name: String, entries: [TaskEntry])] = []
        var numbers: [String: Int] = [:]
        for record in records {
            let line: TaskLine
            do throws(TaskLine.Fault) {
                line = try TaskLine(record.value)
            } catch {
                throw PipelineError.badTask(place: record.place, reason: error.reason)
            }
            let name = line.task ?? stem(of: path)
            if numbers[name] == nil {
                numbers[name] = groups.count
                groups.append((name, []))
            }
            groups[numbers[name] ?? 0].entries.append(
                TaskEntry(line: line, value: record.value, place: record.place))
        }
        guard !groups.isEmpty else {
            throw PipelineError.badTask(place: path, reason: "it holds no question")
        }
        return try groups.map { name, entries in
            let kind = entries[0].line.kind
            if let other = entries.first(where: { $0.line.kind != kind }) {
                throw PipelineError.badTask(
                    place: other.place,
                    reason: "the task \"\(name)\" began with questions of another kind; give these "
                        + "another \"task\"")
            }
            let shotCount = options.shotCount ?? 0
            let items = try TaskEntry.items(
                entries, shotCount: shotCount, from: entries, sharesPool: true,
                limit: options.limit)
            return EvaluationTask(
                name: name, kind: kind, items: items, fileItemCount: entries.count,
                shotCount: shotCount, chance: EvaluationTask.chance(of: items, kind), path: path)
        }
    }

    /// The name of a file without directories and endings.
    private static func stem(of path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        return String(name.split(separator: ".").first ?? name)
    }
}

/// A question that may be an example before others.
struct TaskEntry {
    let line: TaskLine
    /// The record, by which the harness tells a question from its examples.
    let value: JSONValue
    let place: String

    /// The first questions, each behind examples that are drawn as the harness draws them.
    ///
    /// - Parameters:
    ///   - entries: the questions.
    ///   - shotCount: examples before each.
    ///   - pool: what they are drawn from.
    ///   - sharesPool: whether the pool holds the questions themselves.
    ///   - limit: the most questions; nil for all.
    ///   - description: what stands before the examples.
    static func items(
        _ entries: [TaskEntry], shotCount: Int, from pool: [TaskEntry], sharesPool: Bool,
        limit: Int?, description: String = ""
    ) throws -> [TaskItem] {
        // The seed of the harness, and one generator for all questions.
        var random = MersenneTwister(seed: 1_234)
        let drawn = shotCount + (sharesPool ? 1 : 0)
        guard shotCount == 0 || drawn <= pool.count else {
            throw PipelineError.badTask(
                place: entries[0].place,
                reason: "\(shotCount) examples are wanted before each question, and there are "
                    + "\(pool.count) questions to draw \(drawn) from")
        }
        return try entries.prefix(limit ?? .max).map { entry in
            var shots: [TaskEntry] = []
            if shotCount > 0 {
                shots = random.sample(drawn, of: pool.count).map { pool[$0] }
                if sharesPool {
                    shots = Array(shots.filter { $0.value != entry.value }.prefix(shotCount))
                    if shots.count < shotCount {
                        let others = pool.filter { $0.value != entry.value }
                        guard others.count >= shotCount else {
                            throw PipelineError.badTask(
                                place: entry.place,
                                reason: "there are not \(shotCount) other questions to draw "
                                    + "examples from")
                        }
                        shots = random.sample(shotCount, of: others.count).map { others[$0] }
                    }
                }
            }
            let before = description + shots.map(\.line.shot).joined()
            return entry.line.item(after: before, place: entry.place)
        }
    }
}
