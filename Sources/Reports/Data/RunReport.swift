import Bytes
import Files
import Foundation
import Models
import Pipeline
import Training
import Work

/// All that a report shows of a run, read from the files beside it.
struct RunReport: Sendable {
    /// A setting of the run.
    struct Setting: Sendable, Equatable {
        /// Its key in `pipeline.json`.
        var key: String
        /// Its value, as JSON.
        var value: String
        /// The default, as JSON; nil where there is none, or the value is it.
        var standard: String?
    }

    /// A tuning of the run, before and after.
    struct Tuning: Sendable {
        /// Its metrics.
        var metrics: RunMetrics
        /// A question with the answer at the first sample and the last.
        var answers: [(question: String, before: String?, after: String)]
        /// Final figures.
        var summary: TrainingSummary?
    }

    /// Its place.
    var place: RunPlace
    /// Figures along its steps.
    var metrics = RunMetrics()
    /// Its last figures in tasks.
    var taskResults = TaskResults()
    /// The same as its settings are compared; nil of a run without a checkpoint, or of others.
    var recorded: RecordedRun?
    /// Scalars of a run of another program; nil otherwise.
    var events: EventScalars?
    /// The text it has learned from.
    var corpus: CorpusFigures?
    /// What was measured.
    var measurements: RunMeasurements?
    /// What it was made with.
    var provenance: Provenance?
    /// Texts that the model has drawn at the end, each with its prompt.
    var samples: [String] = []
    /// Tuning, if there was any.
    var tuning: Tuning?
    /// Hash of the model's weights; nil where it is not known.
    var weightChecksum: String?
    /// What was passed over, a sentence each.
    var notes: [String] = []

    /// The run at `place`. O(bytes of its metrics).
    ///
    /// - Throws: `PipelineError.noRun` where there is neither a checkpoint nor a figure.
    init(_ place: RunPlace) throws {
        self.place = place
        guard !place.isForeign else {
            try readEvents()
            return
        }
        let directory = place.directory
        metrics = try RunMetrics(runDirectory: directory)
        do {
            recorded = try RecordedRun(
                directory: directory, name: place.name, curves: RecordedCurves())
        } catch {
            // A run that has just begun has steps and no checkpoint yet.
            guard !metrics.isEmpty else { throw error }
        }
        if metrics.unreadableLines > 0 {
            notes.append(
                "\(metrics.unreadableLines) lines of metrics.jsonl are none of a run, and were "
                    + "passed over")
        }
        taskResults = TaskResults(runDirectory: directory, metrics)
        corpus = CorpusFigures(place)
        measurements = RunMeasurements(runDirectory: directory)
        provenance = Provenance(runDirectory: directory)
        samples = Self.texts(directory + "/samples.json")
        readTuning(directory + "/chat")
        weightChecksum = Self.weightChecksum(of: directory)
    }

    private mutating func readEvents() throws {
        var events = EventScalars()
        for path in RunPlace.eventFiles(at: place.directory) { try events.read(path) }
        if let fault = events.fault { notes.append(fault) }
        self.events = events
    }

    private static func texts(_ path: String) -> [String] {
        (try? FileSystem.contents(path)).flatMap {
            try? JSONDecoder().decode([String].self, from: $0)
        } ?? []
    }

    /// Questions and answers: the first line of a text is the question.
    private mutating func readTuning(_ directory: String) {
        guard let metrics = try? RunMetrics(runDirectory: directory), !metrics.isEmpty else {
            return
        }
        func halves(_ text: String) -> (question: String, answer: String) {
            let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        let final = Self.texts(directory + "/answers.json")
        let first = (metrics.samples.first?.texts ?? []).map(halves)
        let last = final.isEmpty ? metrics.samples.last?.texts ?? [] : final
        tuning = Tuning(
            metrics: metrics,
            answers: last.map(halves).map { question, answer in
                let before = first.first { $0.question == question }?.answer
                return (question, final.isEmpty && metrics.samples.count < 2 ? nil : before, answer)
            },
            summary: try? TrainingSummary(runDirectory: directory))
    }

    /// Hash of the weights of the best checkpoint, as its manifest has it.
    private static func weightChecksum(of directory: String) -> String? {
        let store = CheckpointStore(runDirectory: directory)
        guard let checkpoint = store.best ?? store.latest,
            let data = try? FileSystem.contents(checkpoint + "/manifest.json"),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let files = object["files"] as? [String: Any],
            let model = files["model.safetensors"] as? [String: Any]
        else { return nil }
        return model["checksum"] as? String
    }
}

extension RunReport {
    /// Its settings, by key; those that are not the default come first.
    var settings: [Setting] {
        guard let recorded else { return [] }
        let architecture = recorded.settings["model.architecture"]
        let settings = recorded.settings.filter { !["data", "vocabulary"].contains($0.key) }
            .map { key, value -> Setting in
                let standard = Self.standard(of: key, architecture: architecture)
                // The size of a part that was not set follows from the others.
                let follows = key.hasPrefix("model.") && standard == "null"
                let isStandard =
                    standard == nil || standard == value || follows
                    || Self.isEqual(standard, value)
                return Setting(key: key, value: value, standard: isStandard ? nil : standard)
            }
        return settings.sorted {
            (($0.standard == nil ? 1 : 0), $0.key) < (($1.standard == nil ? 1 : 0), $1.key)
        }
    }

    private static func isEqual(_ a: String?, _ b: String) -> Bool {
        guard let a = a.flatMap(Double.init), let b = Double(b) else { return false }
        return a == b
    }

    /// The default of a key, as JSON; nil where it has none.
    private static func standard(of key: String, architecture: String?) -> String? {
        guard let found = ConfigurationKeys.pipeline.all.first(where: { $0.path == key }) else {
            return nil
        }
        let name = architecture.map { $0.filter { $0 != "\"" } }
        let variant = found.variants.first { $0.architectures.contains(name ?? "") }
        return (variant?.description ?? found.description).standard.json
    }

    /// Operations to train on one token; nil where they are not known.
    var operationsPerToken: Double? {
        measurements?.model.map(\.operationsPerToken).flatMap { $0 > 0 ? $0 : nil }
    }

    /// The last evaluation: that of the log, or of the newest checkpoint.
    var lastLoss: (loss: Double, bitsPerByte: Double?)? {
        if let last = metrics.evaluations.last { return (last.loss, last.bitsPerByte) }
        guard let result = recorded?.figures.validation, result.tokenCount > 0 else { return nil }
        return (result.loss, result.byteCount > 0 ? result.bitsPerByte : nil)
    }
}

extension SettingLiteral {
    /// The value as JSON.
    var json: String {
        switch self {
        case .null: "null"
        case .flag(let isOn): "\(isOn)"
        case .number(let spelling): spelling
        case .text(let text): JSONWord.quoted(text)
        case .list(let elements): "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .emptyObject: "{}"
        }
    }
}

/// Words of JSON.
enum JSONWord {
    /// A string of JSON.
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONString.append(Array(text.utf8).span, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
