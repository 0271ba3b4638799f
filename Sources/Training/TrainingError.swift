/// What can stop training, apart from the data and the files themselves.
public enum TrainingError: Error, Equatable, Sendable {
    /// A value of the configuration makes no sense.
    case badConfiguration(key: String, rule: String)
    /// The loss or the gradient was not finite in so many steps in a row, up to step `step`.
    case diverged(step: Int, count: Int)
    /// There is nothing to resume.
    case noCheckpoint(directory: String)
    /// The checkpoint cannot be continued from.
    case badCheckpoint(path: String, reason: String)
    /// There is a checkpoint already, and neither resuming nor replacing was asked for.
    case runExists(directory: String)
}

extension TrainingError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .badConfiguration(let key, let rule):
            "training.\(key) \(rule)"
        case .diverged(let step, let count):
            """
            the loss or the gradient was not finite in the \(count) steps up to \(step): lower the \
            learning rates or raise training.warmup_steps, and resume from the last checkpoint
            """
        case .noCheckpoint(let directory):
            "\(directory) has no checkpoint to resume from: train without --resume first"
        case .badCheckpoint(let path, let reason):
            "\(path) cannot be continued from: \(reason)"
        case .runExists(let directory):
            """
            \(directory) has checkpoints already: continue with --resume, or start again with \
            --overwrite
            """
        }
    }
}
