import Bytes
import Files
import Foundation

/// Results of a run: `summary.json` in its directory.
public struct TrainingSummary: Codable, Sendable, Equatable {
    /// Optimizer steps done.
    public var steps: Int
    /// Whether the run is at its end.
    public var isComplete: Bool
    /// Trainable numbers.
    public var parameterCount: Int
    /// Tokens learned from.
    public var tokenCount: Int
    /// Time spent in steps, evaluation and checkpoints not counted.
    public var trainingSeconds: Double
    /// The last evaluation's result.
    public var validation: EvaluationResult?
    /// The same for each of several data sets, in their order; nil of one alone.
    public var sources: [SourceResult]?
    /// Whether it ended before its steps were done, because the validation loss no longer fell.
    public var stoppedEarly: Bool

    /// Tokens learned from in a second of training.
    public var tokensPerSecond: Double { Double(tokenCount) / max(trainingSeconds, 1e-9) }

    /// The names in the file.
    enum CodingKeys: String, CodingKey {
        case steps, validation, sources
        case isComplete = "is_complete"
        case parameterCount = "parameters"
        case tokenCount = "tokens"
        case trainingSeconds = "training_seconds"
        case stoppedEarly = "stopped_early"
    }

    /// The name of the file.
    public static let fileName = "summary.json"

    /// Reads the summary of the run in `runDirectory`.
    public init(runDirectory: String) throws {
        let path = runDirectory + "/" + Self.fileName
        guard let data = try FileSystem.contents(path) else {
            throw TrainingError.badCheckpoint(path: path, reason: "the file is missing")
        }
        do {
            self = try StrictJSON.decodeCounts(TrainingSummary.self, from: data)
        } catch {
            throw TrainingError.badCheckpoint(path: path, reason: decodingReason(error))
        }
    }

    /// Reads the summary of the run in `runDirectory`, which learned from so many data sets.
    public init(runDirectory: String, dataSetCount: Int) throws {
        try self.init(runDirectory: runDirectory)
        guard let sources, sources.count != dataSetCount else { return }
        throw TrainingError.badCheckpoint(
            path: runDirectory + "/" + Self.fileName,
            reason: "it has results of \(sources.count) data sets, and the run has \(dataSetCount)")
    }

    init(
        steps: Int, isComplete: Bool, parameterCount: Int, tokenCount: Int,
        trainingSeconds: Double, validation: EvaluationResult?, sources: [SourceResult]?,
        stoppedEarly: Bool
    ) {
        self.steps = steps
        self.isComplete = isComplete
        self.parameterCount = parameterCount
        self.tokenCount = tokenCount
        self.trainingSeconds = trainingSeconds
        self.validation = validation
        self.sources = sources
        self.stoppedEarly = stoppedEarly
    }
}
