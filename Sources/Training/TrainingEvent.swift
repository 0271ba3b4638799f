import Foundation
import Storage

/// What a run is about to do.
public struct TrainingPlan: Sendable, Equatable {
    /// Trainable numbers.
    public var parameterCount: Int
    /// Steps in all.
    public var stepCount: Int
    /// Steps done by an earlier run that this one continues.
    public var completedSteps: Int
    /// Tokens that a step learns from.
    public var tokensPerStep: Int
    /// Windows in an epoch.
    public var windowCount: Int
    /// Memory for parameters, gradients, optimizer and activations, in bytes.
    public var memoryByteCount: Int
    /// What the processor's matrix units were measured to reach, in floating-point operations a
    /// second over all threads.
    public var matrixPeak: Double
}

/// One optimizer step.
public struct StepReport: Sendable, Equatable {
    /// The step's number, counted from 1.
    public var step: Int
    /// The mean loss of its predictions, in nats.
    public var loss: Double
    /// The learning rate it used.
    public var learningRate: Double
    /// The gradient's global norm before clipping.
    public var gradientNorm: Double
    /// Tokens learned from since the run's very first step.
    public var tokenCount: Int
    /// How long it took.
    public var seconds: Double
    /// Tokens a second.
    public var tokensPerSecond: Double
    /// The arithmetic of the model's matrix products a second, as a share of the matrix peak.
    public var matrixPeakShare: Double
}

/// What happens while a model is trained.
public enum TrainingEvent: Sendable, Equatable {
    /// The run begins, or goes on.
    case began(TrainingPlan)
    /// A step is done.
    case step(StepReport)
    /// The validation split is being scored.
    case evaluating(completedWindows: Int, windowCount: Int)
    /// The validation split was scored.
    case evaluated(step: Int, EvaluationResult)
    /// A checkpoint was written.
    case checkpoint(step: Int, path: String)
}

/// What a run came to: `summary.json` in its directory.
public struct TrainingSummary: Codable, Sendable, Equatable {
    /// Optimizer steps done.
    public var steps: Int
    /// Whether those were all of them.
    public var isComplete: Bool
    /// Trainable numbers.
    public var parameterCount: Int
    /// Tokens learned from.
    public var tokenCount: Int
    /// Time spent in steps, evaluation and checkpoints not counted.
    public var trainingSeconds: Double
    /// The last evaluation's result.
    public var validation: EvaluationResult?

    /// Tokens learned from in a second of training.
    public var tokensPerSecond: Double { Double(tokenCount) / max(trainingSeconds, 1e-9) }

    /// The names in the file.
    public enum CodingKeys: String, CodingKey {
        case steps, validation
        case isComplete = "is_complete"
        case parameterCount = "parameters"
        case tokenCount = "tokens"
        case trainingSeconds = "training_seconds"
    }

    /// The name of the file.
    public static let fileName = "summary.json"

    /// Reads the summary of the run in `runDirectory`.
    public init(runDirectory: String) throws {
        let path = runDirectory + "/" + Self.fileName
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TrainingError.badCheckpoint(path: path, reason: "the file is missing")
        }
        do {
            self = try JSONDecoder().decode(TrainingSummary.self, from: data)
        } catch {
            throw TrainingError.badCheckpoint(path: path, reason: decodingReason(error))
        }
    }

    init(
        steps: Int, isComplete: Bool, parameterCount: Int, tokenCount: Int,
        trainingSeconds: Double, validation: EvaluationResult?
    ) {
        self.steps = steps
        self.isComplete = isComplete
        self.parameterCount = parameterCount
        self.tokenCount = tokenCount
        self.trainingSeconds = trainingSeconds
        self.validation = validation
    }
}
