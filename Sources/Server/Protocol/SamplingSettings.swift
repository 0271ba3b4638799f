import Bytes
import Models
import Tokenization

/// How a request wants its texts drawn: the fields that completions and conversations share.
///
/// What is absent is as in OpenAI's API, whatever the model's `generation_config.json` says:
/// temperature 1, and every token may come.
struct SamplingSettings: Equatable, Sendable {
    /// All but the most tokens, which has another default for each kind of request, and the seed.
    var generation: GenerationConfiguration
    var adjustments = LogitAdjustments()
    /// The most tokens of each text; nil where the request does not say.
    var maximumTokenCount: Int?
    /// Seed; nil for one that nobody knows.
    var seed: UInt64?
    var sampleCount = 1
    var ignoresEnd = false
    /// More tokens that end a text.
    var endTokens: Set<TokenID> = []
    /// Whether special tokens are left out of texts; nil where the request does not say.
    var skipsSpecialTokens: Bool?
    var usesCache = true
    /// Whether the answer tells the ids of its tokens.
    var returnsTokens = false
    /// Whether the answer comes piece by piece.
    var isStreamed = false
    /// Whether a stream tells at its end how many tokens there were.
    var includesUsage = false

    /// The most texts behind one prompt.
    static let sampleCounts = 1...16
    /// The most strings that end a text, and the most bytes of each.
    static let stopLimits = (count: 16, byteCount: 256)
    /// The number of other likely tokens beside each.
    static let alternativeCounts = 0...20

    /// The fields.
    static let fields: [RequestField] = [
        RequestField("model", .text, "Name of the model; the only or first one without it."),
        RequestField(
            "max_tokens", .whole(0...1 << 31), "The most tokens of each text."),
        RequestField(
            "max_completion_tokens", .whole(0...1 << 31), "The same as max_tokens."),
        RequestField(
            "temperature", .real(0...1e6),
            "Divides the logits: below 1 the likely becomes likelier; 0 takes the likeliest."),
        RequestField(
            "top_p", .real(0...1),
            "Only the likeliest tokens may come whose probabilities together reach this."),
        RequestField(
            "top_k", .whole(-1...1 << 31),
            "Only so many of the likeliest tokens may come; 0 and -1 allow all."),
        RequestField(
            "min_p", .real(0...1),
            "Only tokens with this share of the likeliest one's probability may come."),
        RequestField(
            "repetition_penalty", .real(1e-6...1e6),
            "Above 1, tokens that the text already has become less probable."),
        RequestField("repeat_penalty", .real(1e-6...1e6), "The same as repetition_penalty."),
        RequestField(
            "presence_penalty", .real(-2...2),
            "Taken from the logits of tokens that were drawn before."),
        RequestField(
            "frequency_penalty", .real(-2...2),
            "Taken from the logits of tokens for each time they were drawn."),
        RequestField("logit_bias", .special(Schema.logitBias), "Added to the logits, by id."),
        RequestField("n", .whole(sampleCounts), "Texts for each prompt."),
        RequestField(
            "seed", .whole(.min ... .max),
            "Seed of the choices: the same request with the same seed has the same answer."),
        RequestField("stop", .special(Schema.stop), "Strings that end a text; no part of it."),
        RequestField("stream", .flag, "Whether the answer comes piece by piece, as events."),
        RequestField(
            "stream_options", .special(Schema.streamOptions),
            "With include_usage, a last event tells the numbers of tokens."),
        RequestField("ignore_eos", .flag, "Whether a text goes on behind the token that ends it."),
        RequestField(
            "stop_token_ids", .special(Schema.ids), "More tokens that end a text; no part of it."),
        RequestField(
            "skip_special_tokens", .flag,
            "Whether special tokens are left out of a text (true in conversations)."),
        RequestField("return_tokens", .flag, "Whether choices have their tokens' ids in tokens."),
        RequestField("cache_prompt", .flag, "Whether parts of prompts read before are used."),
        RequestField("user", .ignored, "Changes nothing."),
        RequestField("metadata", .ignored, "Changes nothing."),
        RequestField("safety_identifier", .ignored, "Changes nothing."),
        RequestField("prompt_cache_key", .ignored, "Changes nothing."),
        RequestField(
            "store", .unsupported(neutral: [.bool(false)]), "answers are not kept"),
        RequestField(
            "service_tier", .unsupported(neutral: [.string("auto"), .string("default")]),
            "there is one tier"),
    ]

    /// The settings of `reader`, whose numbers are in their ranges.
    ///
    /// - Parameter vocabularyCount: number of the model's tokens.
    init(_ reader: RequestReader, vocabularyCount: Int) throws(APIError) {
        generation = GenerationConfiguration()
        generation.temperature = reader.real("temperature") ?? 1
        // The likeliest token is always allowed, which a threshold of 0 comes to.
        generation.topP = max(reader.real("top_p") ?? 1, 1e-12)
        generation.topK = max(reader.whole("top_k") ?? 0, 0)
        generation.minP = reader.real("min_p") ?? 0
        generation.repetitionPenalty =
            try reader.either("repetition_penalty", "repeat_penalty", reader.real) ?? 1
        generation.stopStrings = try Self.stopStrings(reader["stop"])
        adjustments.presencePenalty = reader.real("presence_penalty") ?? 0
        adjustments.frequencyPenalty = reader.real("frequency_penalty") ?? 0
        adjustments.logitBias = try Self.logitBias(reader["logit_bias"], vocabularyCount)
        maximumTokenCount = try reader.either(
            "max_tokens", "max_completion_tokens", reader.whole)
        seed = reader.whole("seed").map { UInt64(bitPattern: Int64($0)) }
        sampleCount = reader.whole("n") ?? 1
        ignoresEnd = reader.flag("ignore_eos") ?? false
        skipsSpecialTokens = reader.flag("skip_special_tokens")
        if let list = reader["stop_token_ids"] {
            guard let elements = list.array, elements.count <= 256 else {
                throw .badField("stop_token_ids", "give a list of at most 256 ids")
            }
            endTokens = Set(
                try RequestReader.ids(
                    elements, "stop_token_ids", vocabularyCount: vocabularyCount))
        }
        usesCache = reader.flag("cache_prompt") ?? true
        returnsTokens = reader.flag("return_tokens") ?? false
        isStreamed = reader.flag("stream") ?? false
        if let options = reader["stream_options"] {
            guard isStreamed else {
                throw .badField("stream_options", "this belongs to \"stream\": true")
            }
            includesUsage = try Self.includesUsage(options)
        }
    }

    private static func stopStrings(_ value: JSONValue?) throws(APIError) -> [String] {
        let list: [JSONValue]
        switch value {
        case nil: return []
        case .string?: list = [value!]
        case .array(let elements)?: list = elements
        default: throw .badField("stop", "give a string or a list of strings")
        }
        guard list.count <= stopLimits.count else {
            throw .badField("stop", "give at most \(stopLimits.count) strings")
        }
        var strings: [String] = []
        for (index, element) in list.enumerated() {
            let name = list.count == 1 && value?.array == nil ? "stop" : "stop[\(index)]"
            guard let string = element.string else { throw .badField(name, "give a string") }
            guard 1...stopLimits.byteCount ~= string.utf8.count else {
                throw .badField(name, "give a string of 1 to \(stopLimits.byteCount) bytes")
            }
            strings.append(string)
        }
        return strings
    }

    private static func logitBias(
        _ value: JSONValue?, _ vocabularyCount: Int
    ) throws(APIError) -> [TokenID: Float] {
        guard let value else { return [:] }
        guard case .object(let members) = value else {
            throw .badField("logit_bias", "give an object of ids and numbers, as in {\"50\": -100}")
        }
        var bias: [TokenID: Float] = [:]
        for member in members {
            // "007" and "+7" would be keys of the same token.
            guard let number = Int(member.key), String(number) == member.key,
                0..<vocabularyCount ~= number
            else {
                throw .badField(
                    "logit_bias", "each key is the number of a token, 0 to \(vocabularyCount - 1)")
            }
            guard let addend = member.value.realNumber, -100...100 ~= addend else {
                throw .badField(
                    "logit_bias.\(member.key)", "give a number from -100 to 100")
            }
            bias[TokenID(number)] = Float(addend)
        }
        return bias
    }

    private static func includesUsage(_ options: JSONValue) throws(APIError) -> Bool {
        guard case .object(let members) = options else {
            throw .badField("stream_options", "give an object")
        }
        var includesUsage = false
        for member in members where !member.value.isNull {
            let name = "stream_options.\(member.key.prefix(64))"
            // Noise that hides the lengths of pieces from who listens: there is none here.
            guard ["include_usage", "include_obfuscation"].contains(member.key) else {
                throw .badRequest(
                    "there is no field \(name)", parameter: name, code: "unknown_parameter")
            }
            guard let flag = member.value.flag else { throw .badField(name, "give true or false") }
            if member.key == "include_usage" { includesUsage = flag }
        }
        return includesUsage
    }
}
