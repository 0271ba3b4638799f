import Bytes
import Files
import Foundation

/// The settings of a run that is to take so many minutes, and what is expected of it.
public struct RunPlan: Codable, Equatable, Sendable {
    /// A setting that is chosen, and why.
    public struct Choice: Codable, Equatable, Sendable {
        /// The key, such as "model"; several of a section may go together.
        public var key: String
        /// The value, for a person.
        public var value: String
        /// The reason, for a person.
        public var reason: String
    }

    /// What was measured.
    public struct Measurement: Codable, Equatable, Sendable {
        /// Bytes of text that one token holds.
        public var bytesPerToken: Double
        /// Tokens of training in a second.
        public var tokensPerSecond: Double
        /// Tokens that the longer of two short trainings learned from.
        public var tokens: Int
        /// Bits per byte that it ended with.
        public var bitsPerByte: Double

        enum CodingKeys: String, CodingKey {
            case tokens
            case bytesPerToken = "bytes_per_token"
            case tokensPerSecond = "tokens_per_second"
            case bitsPerByte = "bits_per_byte"
        }
    }

    /// Bits per byte of the validation split that are expected.
    public struct Expectation: Codable, Equatable, Sendable {
        /// The value in the middle.
        public var bitsPerByte: Double
        /// The lower end of the range in which it is expected.
        public var low: Double
        /// The upper end.
        public var high: Double

        enum CodingKeys: String, CodingKey {
            case low, high
            case bitsPerByte = "bits_per_byte"
        }
    }

    /// Minutes of training.
    public internal(set) var minutes: Double
    /// The settings that are chosen, such as "model.n_layer=4".
    public internal(set) var settings: [String]
    /// The same with reasons.
    public internal(set) var choices: [Choice]
    /// Tokens of the corpus, estimated.
    public internal(set) var corpusTokens: Int
    /// Optimizer steps.
    public internal(set) var steps: Int
    /// Tokens learned from in all steps.
    public internal(set) var trainingTokens: Int
    /// Trainable numbers.
    public internal(set) var parameterCount: Int
    /// Tokens learned from for each parameter.
    public internal(set) var tokensPerParameter: Double
    /// How often the text that is learned from is read.
    public internal(set) var epochs: Double
    /// Seconds of training, its evaluations included.
    public internal(set) var seconds: Double
    /// Bytes of memory, the most that a part of the run takes.
    public internal(set) var memoryByteCount: Int
    /// What was measured.
    public internal(set) var measured: Measurement
    /// Bits per byte that are expected.
    public internal(set) var expected: Expectation
    /// Sentences of what may be wrong with it.
    public internal(set) var warnings: [String]

    enum CodingKeys: String, CodingKey {
        case minutes, settings, choices, steps, epochs, seconds, measured, expected, warnings
        case tokensPerParameter = "tokens_per_parameter"
        case corpusTokens = "corpus_tokens"
        case trainingTokens = "training_tokens"
        case parameterCount = "parameters"
        case memoryByteCount = "memory_bytes"
    }

    /// The beginning of the names of plans in a run's directory.
    static let filePrefix = "plan-"

    private static func path(inRun directory: String, inputs: String) -> String {
        "\(directory)/\(filePrefix)\(inputs).json"
    }

    /// The plan that a run was begun with and that was made for the same inputs, by their
    /// fingerprint; nil where there is none.
    static func recorded(inRun directory: String, inputs: String) -> RunPlan? {
        guard
            let data = FileSystem.contentsIfReadable(path(inRun: directory, inputs: inputs))
        else { return nil }
        return try? StrictJSON.decode(RunPlan.self, from: data)
    }

    /// Writes it into the directory of a run that is begun with it.
    func write(toRun directory: String, inputs: String) throws {
        try FileSystem.makeDirectory(directory)
        try FileReplacement.writeJSON(self, to: Self.path(inRun: directory, inputs: inputs))
    }
}
