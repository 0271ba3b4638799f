import Bytes
import Work

/// Settings of generating text; the section "generation" of `pipeline.json`.
public struct GenerationConfiguration: Codable, Equatable, Sendable {
    /// Divides the logits: below 1 the likely becomes likelier; 0 always takes the likeliest.
    public var temperature = 0.8
    /// Only the `topK` likeliest tokens may come; 0 allows all.
    public var topK = 50
    /// Only the likeliest tokens whose probabilities together reach `topP` may come; 1 allows all.
    public var topP = 0.95
    /// Only tokens at least this many times as probable as the likeliest may come; 0 allows all.
    public var minP = 0.0
    /// The logits of tokens that the text already has are divided by it, or multiplied if they are
    /// negative: above 1 a text repeats itself less; 1 changes nothing.
    public var repetitionPenalty = 1.0
    /// The first tokens that stay when the context is full and its oldest part leaves.
    public var keptTokenCount = 0
    /// The most tokens that are drafted from what the text has already, and read together; 0 for
    /// none. The text is the same: see `TextDraft`.
    public var draftTokenCount = 0
    /// Texts that end a sample. They are not part of it.
    public var stopStrings: [String] = []
    /// The most tokens to generate.
    public var maximumTokenCount = 120
    /// Seed that the random choices follow from.
    public var seed: UInt64 = 42

    /// The names in JSON.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case temperature
        case topK = "top_k"
        case topP = "top_p"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"
        case keptTokenCount = "keep"
        case draftTokenCount = "draft"
        case stopStrings = "stop_strings"
        case maximumTokenCount = "max_new_tokens"
        case seed
    }

    /// The defaults.
    public init() {}

    /// Always the likeliest token.
    public static func greedy(maximumTokenCount: Int) -> GenerationConfiguration {
        var configuration = GenerationConfiguration()
        configuration.temperature = 0
        configuration.maximumTokenCount = maximumTokenCount
        return configuration
    }

    /// Reads the keys that are there; the others keep their defaults.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.read(.temperature, into: &temperature)
        try values.read(.topK, into: &topK)
        try values.read(.topP, into: &topP)
        try values.read(.minP, into: &minP)
        try values.read(.repetitionPenalty, into: &repetitionPenalty)
        try values.read(.keptTokenCount, into: &keptTokenCount)
        try values.read(.draftTokenCount, into: &draftTokenCount)
        try values.read(.stopStrings, into: &stopStrings)
        try values.read(.maximumTokenCount, into: &maximumTokenCount)
        try values.read(.seed, into: &seed)
    }

    /// Throws unless the values make sense.
    public func validate() throws(ModelError) {
        if let fault = numericFault {
            throw .badConfiguration(reason: "\(fault.key) \(fault.reason)")
        }
        guard !stopStrings.contains("") else {
            throw .badConfiguration(
                reason: "one of stop_strings is empty, and would end every text at once")
        }
    }

    /// Whether the values make sense.
    var isValid: Bool { (try? validate()) != nil }
}
