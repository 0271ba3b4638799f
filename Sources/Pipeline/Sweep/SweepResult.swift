import Bytes
import Files
import Foundation

/// Results of a sweep: its trials, the best first.
public struct SweepResult: Codable, Equatable, Sendable {
    /// What came of a trial.
    public struct Trial: Codable, Equatable, Sendable {
        /// Its name, and that of its directory in the sweep's.
        public var name: String
        /// The settings in which it differs from others.
        public var settings: [SweepTrial.Setting]
        /// Optimizer steps that it was to have.
        public var steps: Int
        /// Trainable numbers; nil of a trial that failed, as are its scores.
        public var parameterCount: Int?
        /// Bits a byte of the validation split's text, after the last step.
        public var bitsPerByte: Double?
        /// Loss of the validation split after the last step, in nats a token.
        public var loss: Double?
        /// Seconds of training, evaluation not counted; of one that failed, all of its time.
        public var seconds: Double?
        /// Tokens learned from in a second.
        public var tokensPerSecond: Double?
        /// The reason why it failed; nil of one that is done.
        public var failure: String?

        enum CodingKeys: String, CodingKey {
            case name, settings, steps, loss, seconds, failure
            case parameterCount = "parameters"
            case bitsPerByte = "bits_per_byte"
            case tokensPerSecond = "tokens_per_second"
        }
    }

    /// The best trial.
    public struct Best: Codable, Equatable, Sendable {
        /// Its name.
        public var name: String
        /// The settings that make a run of the pipeline the same, such as
        /// "training.learning_rate=0.001".
        public var settings: [String]
    }

    /// The trials, the lowest bits per byte first and those that failed last.
    public private(set) var trials: [Trial] = []
    /// The best trial; nil where none is done.
    public private(set) var best: Best?
    /// Names of the trials for which the budget did not suffice.
    public internal(set) var leftOut: [String] = []
    /// Combinations that make no sense.
    public internal(set) var invalid: [InvalidTrial] = []

    enum CodingKeys: String, CodingKey {
        case trials, best, invalid
        case leftOut = "left_out"
    }

    /// Name of the file in the directory of the sweep.
    static let fileName = "sweep.json"

    /// Adds a trial at its place. O(trials).
    ///
    /// - Parameter isTimed: whether its steps are none of its settings, and follow from its time.
    mutating func add(_ trial: Trial, isTimed: Bool) {
        // Not a number is worse than any number.
        func score(_ trial: Trial) -> Double {
            guard let bits = trial.bitsPerByte, trial.failure == nil else { return .infinity }
            return bits.isNaN ? .infinity : bits
        }
        let index = trials.firstIndex { score(trial) < score($0) } ?? trials.endIndex
        trials.insert(trial, at: index)
        guard index == 0, trial.failure == nil else { return }
        best = Best(
            name: trial.name,
            settings: trial.settings.map(\.description)
                + (isTimed ? ["training.steps=\(trial.steps)"] : []))
    }

    /// Writes the results into the directory of the sweep.
    func write(toDirectory directory: String) throws {
        try FileReplacement.writeJSON(self, to: directory + "/" + Self.fileName)
    }

    /// Names of the trials of the sweep in `directory`, the best first; none where there are no
    /// results of a sweep.
    static func names(in directory: String) -> [String] {
        guard let data = FileSystem.contentsIfReadable(directory + "/" + fileName),
            let result = try? StrictJSON.decode(SweepResult.self, from: data)
        else { return [] }
        return result.trials.map(\.name)
    }
}
