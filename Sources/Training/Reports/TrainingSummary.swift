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
    /// Time spent in steps, evaluation and checkpoints not counted; 0 where it is not known.
    public var trainingSeconds: Double
    /// The last evaluation's result.
    public var validation: EvaluationResult?
    /// The same for each of several data sets, in their order; nil of one alone.
    public var sources: [SourceResult]?
    /// Whether it ended before its steps were done, because the validation loss no longer fell.
    public var stoppedEarly: Bool

    /// Tokens learned from in a second of training; of no meaning where the time is not known.
    public var tokensPerSecond: Double { Double(tokenCount) / max(trainingSeconds, 1e-9) }

    /// The names in the file.
    enum CodingKeys: String, CodingKey {
        case steps, validation, sources, loss, perplexity
        case isComplete = "is_complete"
        case parameterCount = "parameters"
        case tokenCount = "tokens"
        case trainingSeconds = "seconds"
        case stoppedEarly = "stopped_early"
        case tokensPerSecond = "tokens_per_second"
        case bitsPerByte = "bits_per_byte"
        /// The older name of "seconds".
        case olderSeconds = "training_seconds"
    }

    /// Reads the sums; the figures that follow from them are for other readers.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        steps = try values.decode(Int.self, forKey: .steps)
        isComplete = try values.decode(Bool.self, forKey: .isComplete)
        parameterCount = try values.decode(Int.self, forKey: .parameterCount)
        tokenCount = try values.decode(Int.self, forKey: .tokenCount)
        let isOlder = values.contains(.olderSeconds)
        trainingSeconds = try values.decode(
            Double.self, forKey: isOlder ? .olderSeconds : .trainingSeconds)
        validation = try values.decodeIfPresent(EvaluationResult.self, forKey: .validation)
        sources = try values.decodeIfPresent([SourceResult].self, forKey: .sources)
        stoppedEarly = try values.decode(Bool.self, forKey: .stoppedEarly)
    }

    /// Writes the sums, and the figures that follow from them.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(steps, forKey: .steps)
        try values.encode(isComplete, forKey: .isComplete)
        try values.encode(parameterCount, forKey: .parameterCount)
        try values.encode(tokenCount, forKey: .tokenCount)
        try values.encode(trainingSeconds, forKey: .trainingSeconds)
        try values.encodeIfPresent(validation, forKey: .validation)
        try values.encodeIfPresent(sources, forKey: .sources)
        try values.encode(stoppedEarly, forKey: .stoppedEarly)
        var figures: [(CodingKeys, Double)] = []
        if trainingSeconds > 0 { figures.append((.tokensPerSecond, tokensPerSecond)) }
        if let validation, validation.tokenCount > 0 {
            figures += [(.loss, validation.loss), (.perplexity, validation.perplexity)]
            if validation.byteCount > 0 { figures.append((.bitsPerByte, validation.bitsPerByte)) }
        }
        // Of a loss beyond all bounds there are figures that no reader of the file takes.
        for (key, value) in figures where value <= Double(StrictJSON.largestCount) {
            try values.encode(value, forKey: key)
        }
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
